"""What an engine, or a detector, did: each second of audio counted once."""
