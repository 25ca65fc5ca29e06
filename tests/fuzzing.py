"""What the fuzzers share: how many cases, and how bytes are garbled."""

from __future__ import annotations

import os
import random

from hypothesis import HealthCheck, settings

__all__ = ("CASES", "SOAK", "many", "mutated")

SOAK = bool(os.environ.get("ANYIO_STT_SOAK"))
CASES = 20_000 if SOAK else 300
"""Of each fuzzer."""

many = settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Return *data* with a few bytes changed, dropped, repeated or put in; or as it is."""
    changed = bytearray(data)
    for _ in range(rng.choice([0, 1, 1, 2, 5])):
        at = rng.randrange(len(changed) + 1)
        end = min(len(changed), at + rng.choice([1, 1, 2, 4, 20]))
        match rng.randrange(5):
            case 0:
                changed[at:end] = rng.randbytes(end - at)
            case 1:
                del changed[at:end]
            case 2:
                changed[at:at] = changed[at:end] * rng.choice([1, 2, 50])
            case 3:
                changed[at:at] = rng.randbytes(rng.choice([1, 3, 40]))
            case _:
                del changed[at:]
    return bytes(changed)
