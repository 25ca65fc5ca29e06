"""What `stream.turns()` needs beside its rules: how far audio was heard, and whom to ask."""
