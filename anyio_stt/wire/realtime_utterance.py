"""An utterance of a realtime session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..events import RecognitionUsage
from ..exceptions import APIError
from .fields import number

__all__ = ("RealtimeUtterance",)


@dataclass
class RealtimeUtterance:
    """Where an utterance lies, and what is known of its text."""

    start: float
    end: float | None = None
    assumed: bool = False
    """Whether the end is no more than where the audio was when nobody had told of one."""
    committed: bool = False
    open: bool = False
    """Whether START was said and END was not."""
    guess: str = ""
    text: str | None = None
    failure: APIError | None = None
    language: str = ""
    usage: RecognitionUsage | None = None

    def end_as_charged(self, body: Mapping[str, Any]) -> None:
        """End where what was charged for does, if nobody told: what came after was not heard."""
        usage = body.get("usage") or {}
        if self.assumed and self.end is not None and "seconds" in usage:
            self.end = min(self.end, self.start + number(usage["seconds"]))
