"""Text that may be anything, as it can be shown and written."""

from __future__ import annotations

import math
import os
import re

__all__ = ("clean", "finite", "one_line", "shown_name")

# What a terminal obeys: all controls but the end of a line and the tabulator.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def shown_name(name: str | os.PathLike[str]) -> str:
    """Return a file's name as text that can be encoded, whatever its bytes are."""
    return clean(os.fsencode(name).decode("utf-8", "replace"))


def clean(text: str) -> str:
    """Return *text* without what a terminal obeys, and without halves of characters."""
    return _CONTROLS.sub("", text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def one_line(text: str) -> str:
    """Return *text* cleaned, in one line with single spaces."""
    return clean(" ".join(text.split()))


def finite(number: float | None, digits: int = 3) -> float | None:
    """Return *number* rounded, or None for what JSON has no number for."""
    return None if number is None or not math.isfinite(number) else round(number, digits)
