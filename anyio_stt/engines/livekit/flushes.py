"""Answers to flushes, for which LiveKit has no word."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from ...audio.frame import AudioFrame
from ...events import SpeechEvent, SpeechEventType
from ...wire.pauses import is_silent

__all__ = ("AnsweredSource",)

_SLACK = 0.5  # seconds between the end of what is loud and of the words in it


class AnsweredSource:
    """
    Frames and markers on their way to a plugin, each marker answered.

    It is once no words are due of what lies before it: when all that is loud has come to a
    final, or nothing was, and no guess is open. Cancelling a read loses nothing.

    Args:
        source: frames and markers.
        answer: is told until where there are no words to come, in seconds of this attempt.
    """

    def __init__(self, source: AsyncIterator[Any], answer: Callable[[float], None]) -> None:
        self._source = source
        self._answer = answer
        self._heard = 0.0
        self._loud = 0.0
        self._due = False
        self._flushed = 0.0
        self._next: list[Any] = []
        self.start: float = 0.0
        """Where the plugin's present stream began."""

    def __aiter__(self) -> AnsweredSource:
        return self

    async def __anext__(self) -> Any:
        item = self._next.pop() if self._next else await self._source.__anext__()
        if not isinstance(item, AudioFrame):
            self._flushed = self._heard
            self._settle()
            return item
        self._heard += item.duration
        if not is_silent(item):
            self._loud, self._due = self._heard, True
        return item

    async def has_more(self) -> bool:
        """Wait until more comes or nothing does."""
        if not self._next:
            first = await anext(self._source, None)
            self._next = [] if first is None else [first]
        return bool(self._next)

    def said(self, event: SpeechEvent) -> None:
        """Note what the plugin said; a final without times is of all that was heard."""
        if not event.alternatives:
            return
        if event.type is not SpeechEventType.FINAL_TRANSCRIPT:
            # It hears words in what is too quiet for us.
            self._due = self._due or bool(event.alternatives[0].text.strip())
            return
        end = event.alternatives[0].end_time
        self._due = 0 < end < self._loud - _SLACK
        self._settle()

    def _settle(self) -> None:
        if self._flushed and not self._due:
            self._answer(self._flushed)
            self._flushed = 0.0
