"""For those who write engines: virtual time, fakes, and the checks an engine must pass."""
