"""Streams of network engines."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from ..options import APIConnectOptions
from ..stream import RecognizeStream
from ..wire.session import ClientSession
from .session_runner import Connection, Outlet, SessionRunner

if TYPE_CHECKING:
    from ..stt import STT

__all__ = ("SessionStream",)


class SessionStream(RecognizeStream):
    """
    A stream over a connection; the engine gives the endpoint and the protocol.

    An attempt has one connection, or several in turn: where a provider limits the length of a
    session, the stream moves to a new one while nobody speaks. Nothing is lost: audio waits until
    the old session has sent everything.

    Args:
        stt: the engine.
        connect: opens a connection for a block; raises `APIError`. It gets the current options, if
            the stream has any.
        begin: makes a session that begins at the given seconds of the attempt; it gets the options
            likewise.
        conn_options: retries, deadlines and bounds.
        sample_rate: what the provider wants.
        frame_duration: seconds of audio a message should have.
        max_session: seconds after which a connection is replaced at the next silence.
        options: what `update_options` can change.
    """

    def __init__(
        self,
        *,
        stt: STT,
        connect: Callable[..., AbstractAsyncContextManager[Connection]],
        begin: Callable[..., ClientSession],
        conn_options: APIConnectOptions,
        sample_rate: int,
        frame_duration: float = 0.1,
        max_session: float = math.inf,
        options: object = None,
    ) -> None:
        super().__init__(
            stt=stt,
            conn_options=conn_options,
            sample_rate=sample_rate,
            frame_duration=frame_duration,
            options=options,
        )
        self._connect = connect
        self._begin = begin
        self._max_session = max_session
        self._has_options = options is not None
        self._sessions = 0

    async def _run(self) -> None:
        start, pending = 0.0, list[Any]()
        asked = (self._options,) if self._has_options else ()
        while True:
            async with self._connect(*asked) as connection:
                self._sessions += 1
                session = self._begin(start, *asked)
                session.number = self._sessions
                runner = SessionRunner(connection, session, self._outlet(), self._is_last)
                runner.drain_seconds = self._conn_options.drain_seconds
                await runner.run(pending, self._input_ch, self._max_session)
            pending, start = runner.left(), session.sent
            if pending:
                continue
            if runner.input_ended:
                return
            # A new connection is worth its while only if there is something to say on it.
            first = await anext(self._input_ch, None)
            if first is None:
                return
            pending = [first]

    def _outlet(self) -> Outlet:
        return Outlet(
            self._event_ch, self._report_alive, self._report_silence, self._report_refused
        )

    def _is_last(self) -> bool:
        """Whether nothing comes behind what was read last."""
        # What this attempt has yet to read, which one before it may have read already.
        waiting = self._input_ch.statistics().current_buffer_used
        return self.statistics().state == "draining" and not waiting
