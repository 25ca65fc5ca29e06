"""What other people's clients leave to the garbage collector, collected where it was left."""

from __future__ import annotations

import gc
import warnings

__all__ = ("collect_what_was_left_open",)


def collect_what_was_left_open() -> None:
    """Collect it without a word; otherwise it warns in the middle of another test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
