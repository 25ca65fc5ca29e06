"""How many utterances an engine may refuse before that is a failure."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ("Refusals",)

_IN_A_ROW = 3


@dataclass(slots=True, eq=False)
class Refusals:
    """Counts the utterances that were refused with nothing recognised between."""

    latest: Exception | None = None
    """What the latest one was refused with; an attempt that ends with it did not fail."""
    failure: Exception | None = None
    """What a stream fails with that ends now: the input has, and all it got were refusals."""
    _count: int = 0
    _recognised: bool = False

    def recognised(self) -> None:
        """Note that something was."""
        self._count = 0
        self._recognised = True
        self.failure = None

    def refused(self, error: Exception, *, at_end: bool) -> bool:
        """Note a refusal; return whether it is one too many."""
        self._count += 1
        self.latest = error
        if at_end and not self._recognised:
            self.failure = error
        return self._count >= _IN_A_ROW
