"""Pure decisions: tables and functions that take time and randomness as arguments."""
