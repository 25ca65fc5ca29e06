"""An utterance of a realtime session."""

from __future__ import annotations

from dataclasses import dataclass

from ..events import RecognitionUsage
from ..exceptions import APIError

__all__ = ("RealtimeUtterance",)


@dataclass
class RealtimeUtterance:
    """Where an utterance lies, and what is known of its text."""

    start: float
    end: float | None = None
    committed: bool = False
    open: bool = False
    """Whether START was said and END was not."""
    guess: str = ""
    text: str | None = None
    failure: APIError | None = None
    language: str = ""
    usage: RecognitionUsage | None = None
