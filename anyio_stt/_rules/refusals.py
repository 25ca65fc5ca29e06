"""How many utterances an engine may refuse before that is a failure."""

from __future__ import annotations

__all__ = ("Refusals",)

_IN_A_ROW = 3


class Refusals:
    """Counts the utterances that were refused with nothing recognised between."""

    __slots__ = ("_at_end", "_count", "_recognised", "latest")

    def __init__(self) -> None:
        self._count = 0
        self._recognised = False
        self._at_end: Exception | None = None
        self.latest: Exception | None = None
        """What the latest one was refused with; an attempt that ends with it did not fail."""

    def recognised(self) -> None:
        """Note that something was."""
        self._count = 0
        self._recognised = True
        self._at_end = None

    def refused(self, error: Exception, *, at_end: bool) -> bool:
        """Note a refusal; return whether it is one too many."""
        self._count += 1
        self.latest = error
        if at_end and not self._recognised:
            self._at_end = error
        return self._count >= _IN_A_ROW

    @property
    def failure(self) -> Exception | None:
        """What a stream fails with that ends now: the input has, and all it got were refusals."""
        return self._at_end
