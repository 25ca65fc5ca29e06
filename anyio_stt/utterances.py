"""One thing to wait for that works with every engine: what somebody said, whole."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import anyio

from ._rules.utterances import UtteranceBuilder
from .events import Utterance

if TYPE_CHECKING:
    from .stream import RecognizeStream

__all__ = ("Utterances",)


class Utterances(AsyncIterator[Utterance]):
    """
    The utterances of a stream, in order on each channel; made by `RecognizeStream.utterances()`.

    One for every END, complete when the audio up to it is answered, whether the engine says END
    before its words or after them; empty when nothing was understood. Iterating raises what the
    stream raises, after the utterances that came before. Cancelled, it loses nothing.
    """

    def __init__(self, stream: RecognizeStream) -> None:
        self._stream = stream
        self._builder = UtteranceBuilder()
        self._ended: Exception | None = None

    def __aiter__(self) -> Utterances:
        return self

    async def __anext__(self) -> Utterance:
        """
        Return the next utterance.

        Raises:
            Exception: what the stream failed with, once.
        """
        while True:
            covered = math.inf if self._ended else self._stream._core_covered()  # noqa: SLF001
            utterance = self._builder.take(covered)
            if utterance is not None:
                return utterance
            if self._ended is not None:
                ended, self._ended = self._ended, StopAsyncIteration()
                raise ended
            await self._more()

    async def _more(self) -> None:
        """Wait for an event, or until audio was answered without one."""
        awaited = self._builder.awaited
        if awaited is None or awaited <= self._stream._core_covered():  # noqa: SLF001
            await self._take_event()
            return
        async with anyio.create_task_group() as tg:
            tg.start_soon(self._take_event, tg.cancel_scope)
            await self._stream._core_wait_answered(awaited)  # noqa: SLF001
            tg.cancel_scope.cancel()

    async def _take_event(self, scope: anyio.CancelScope | None = None) -> None:
        """Take the next event, or what ends the stream; kept here, so cancelling loses neither."""
        try:
            event = await self._stream.__anext__()
        except Exception as exc:  # noqa: BLE001 - raised after the utterances before it
            self._builder.finish()
            self._ended = exc
        else:
            self._builder.add(event, self._stream.statistics().delivered)
        if scope is not None:
            scope.cancel()
