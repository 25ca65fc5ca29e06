"""One thing to wait for that works with every engine: what somebody said, whole."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import anyio

from ._rules.utterances import UtteranceBuilder
from .events import SpeechEvent, Utterance
from .following import EventFollower

if TYPE_CHECKING:
    from .stream import RecognizeStream

__all__ = ("Utterances",)


class Utterances(EventFollower[Utterance]):
    """
    The utterances of a stream, in order on each channel; made by `RecognizeStream.utterances()`, or
    by `RecognizeStream.transcribe(source).utterances()` if the stream feeds itself.

    There is one for every END, whether the engine sends it before its words or after. It comes when
    all audio up to the END is answered, and is empty if nothing was understood. Iterating raises
    what the stream raises, after the utterances that came before. Cancelled, it loses nothing.
    """

    def __init__(
        self, stream: RecognizeStream, events: AsyncIterator[SpeechEvent] | None = None
    ) -> None:
        super().__init__(stream, events)
        self._builder = UtteranceBuilder()

    def _take(self) -> Utterance | None:
        return self._builder.take(math.inf if self._ended else self._covered())

    async def _more(self) -> None:
        """Wait for an event, or until audio was answered without one."""
        awaited = self._builder.awaited
        if awaited is None or self._behind or awaited <= self._covered():
            await self._take_event()
            return
        async with anyio.create_task_group() as tg:

            async def take() -> None:
                await self._take_event()
                tg.cancel_scope.cancel()

            tg.start_soon(take)
            await self._stream._core_wait_answered(awaited)  # noqa: SLF001
            tg.cancel_scope.cancel()

    def _add(self, event: SpeechEvent) -> None:
        self._builder.add(event, self._stream.statistics().delivered)

    def _finish(self) -> None:
        self._builder.finish()
