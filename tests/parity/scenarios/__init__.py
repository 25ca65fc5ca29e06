"""What is done to both modules; each scenario is written once."""

from . import adapting, closing, failing, hearing, listening, recognising, speaking, values
from .registry import PROOFS, SCENARIOS, run_all

__all__ = ("PROOFS", "SCENARIOS", "run_all")

assert adapting
assert closing
assert failing
assert hearing
assert listening
assert recognising
assert speaking
assert values
