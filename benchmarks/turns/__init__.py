"""How soon turns end, and how many are cut off: `python -m benchmarks.turns`."""
