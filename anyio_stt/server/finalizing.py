"""Flushes: each is answered once what was pushed before it is said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

import anyio

from ..exceptions import APIError, InputEndedError, StreamClosedError
from ..stream import RecognizeStream
from ..wire.server_session import Flush

__all__ = ("Flushes",)

_MOST = 32  # of one client, that wait for their answers


class Flushes:
    """
    The flushes of one client.

    Args:
        answer: tells the client that one is done.
    """

    def __init__(self, answer: Callable[[Flush], Awaitable[None]]) -> None:
        self._answer = answer
        self._done: list[tuple[Flush, anyio.Event]] = []
        """Those whose audio is recognised, but not all of it told."""
        self._waiting = 0

    @property
    def full(self) -> bool:
        """Whether no more are taken before one is answered."""
        return self._waiting >= _MOST

    async def finalize(self, stream: RecognizeStream, flush: Flush) -> None:
        """Flush, and answer once that is said, or late; `waits` returns when it was answered."""
        self._waiting += 1
        try:
            # Late: it is answered with what there is. Ended: whoever reads the stream tells why.
            with suppress(APIError, StreamClosedError, InputEndedError):
                await stream.finalize()
        finally:
            self._waiting -= 1
        answered = anyio.Event()
        self._done.append((flush, answered))
        await self.settle(stream)
        if flush.waits:  # whoever reads the stream answers, once it has told what was said
            await answered.wait()

    async def settle(self, stream: RecognizeStream | None = None) -> None:
        """Answer those behind which everything is told; all of them where there is no stream."""
        while self._done and (stream is None or not stream.statistics().unread_events):
            flush, answered = self._done.pop(0)
            await self._answer(flush)
            answered.set()
