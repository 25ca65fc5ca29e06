"""A stream whose engine is at the other end of a connection."""

from __future__ import annotations

import math
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import anyio
import numpy as np

from .._core.attempt import EventSink
from ..audio.frame import AudioFrame
from ..exceptions import APIConnectionError, APITimeoutError
from ..options import APIConnectOptions
from ..stream import RecognizeStream
from ..wire.session import ClientSession, Message

if TYPE_CHECKING:
    from ..stt import STT

__all__ = ("Connection", "SessionStream", "reason_awaited")

_EXPLANATION = 0.5  # seconds for a close to arrive that says why a send failed
_LOUD = 400  # of 32768: what is quieter, below -38 dB, is no speech
_PAUSE = 0.3  # seconds of silence that are no gap within a word
_NOISY = 60.0  # seconds after which a session is rolled over where the line is never so quiet


class Connection(Protocol):
    """What a runner needs: messages both ways, each wait with a deadline of its own."""

    on_pong: Callable[[], None] | None

    async def send(self, message: Message) -> None:
        """Send one message, or raise an `APIConnectionError`."""

    async def receive(self) -> Message | None:
        """Return the next message, `None` after a clean end, or raise an `APIError`."""


@asynccontextmanager
async def reason_awaited() -> AsyncIterator[None]:
    """When the connection fails in the block, give whoever listens time to learn and raise why."""
    try:
        yield
    except APITimeoutError:
        raise
    except APIConnectionError:
        await anyio.sleep(_EXPLANATION)
        raise


class _Outlet(NamedTuple):
    """Where a runner takes what the provider says."""

    events: EventSink
    alive: Callable[[], None]
    silence: Callable[[float, int | None], None]


class SessionStream(RecognizeStream):
    """
    Recognises by talking to a provider: an engine says where, and in which words.

    An attempt has one connection, or several one after the other: a provider's cap on the
    length of a session is met by moving on to a new one while nobody speaks. Nothing is lost by
    that: audio waits, and what the old session still has to say is waited for.

    Args:
        stt: the engine.
        connect: opens a connection for a block; raises `APIError`.
        begin: begins a session, at so many seconds on the attempt's clock.
        conn_options: retries, deadlines and bounds.
        sample_rate: what the provider wants.
        frame_duration: seconds of audio a message should have.
        max_session: seconds after which a connection is replaced at the next silence.
    """

    def __init__(
        self,
        *,
        stt: STT,
        connect: Callable[[], AbstractAsyncContextManager[Connection]],
        begin: Callable[[float], ClientSession],
        conn_options: APIConnectOptions,
        sample_rate: int,
        frame_duration: float = 0.1,
        max_session: float = math.inf,
    ) -> None:
        super().__init__(
            stt=stt,
            conn_options=conn_options,
            sample_rate=sample_rate,
            frame_duration=frame_duration,
        )
        self._connect = connect
        self._begin = begin
        self._max_session = max_session

    async def _run(self) -> None:
        start, first = 0.0, None
        while True:
            async with self._connect() as connection:
                runner = _SessionRunner(
                    connection,
                    self._begin(start),
                    _Outlet(self._event_ch, self._report_alive, self._report_silence),
                    self._conn_options.drain_seconds,
                )
                await runner.run(first, self._input_ch, self._max_session)
            if runner.input_ended:
                return
            # A new connection is worth its while only if there is something to say on it.
            first = await anext(self._input_ch, None)
            if first is None:
                return
            start = runner.session.sent


class _SessionRunner:
    """One connection's worth of an attempt."""

    def __init__(
        self, connection: Connection, session: ClientSession, outlet: _Outlet, drain_seconds: float
    ) -> None:
        self._connection = connection
        self.session = session
        self._outlet = outlet
        self._drain_seconds = drain_seconds
        self.input_ended = False
        self._ready = anyio.Event()
        self._last_word = anyio.current_time()
        self._silence = 0.0
        connection.on_pong = self._hear_pong

    async def run(self, first: Any, items: AsyncIterable[Any], max_session: float) -> None:
        """Say *first*, if there is one, and *items* until they end or a new connection is due."""
        expiry = anyio.current_time() + max_session
        async with anyio.create_task_group() as task_group:
            task_group.start_soon(self._talk, first, items, expiry, task_group.cancel_scope)
            if self.session.keep_alive_interval < math.inf:
                task_group.start_soon(self._keep_alive)
            await self._listen()
            task_group.cancel_scope.cancel()

    async def _listen(self) -> None:
        session, outlet = self.session, self._outlet
        while not session.done:
            if session.ready:
                self._ready.set()
            message = await self._connection.receive()
            if message is None:
                session.closed()
                return
            for event in session.receive(message):
                outlet.events.send_nowait(event)
            if session.silences:
                for silence in session.silences:
                    outlet.silence(*silence)
                session.silences.clear()
            elif session.ready:  # it lives, even if it said nothing for the consumer
                outlet.alive()

    def _hear_pong(self) -> None:
        if self.session.pongs_count:
            self._outlet.alive()

    # ---- talking

    async def _talk(
        self, first: Any, items: AsyncIterable[Any], expiry: float, whole: anyio.CancelScope
    ) -> None:
        async with reason_awaited():
            await self._say(self.session.opening())
            await self._ready.wait()
            if first is None or not await self._say_item(first, expiry):
                await self._say_input(items, expiry)
            await self._say(self.session.ending())
            if self.session.done:  # there is nothing to wait for
                whole.cancel()
        if not self.input_ended:
            await self._limit_drain()

    async def _say_input(self, items: AsyncIterable[Any], expiry: float) -> None:
        async for item in items:
            if await self._say_item(item, expiry):
                return
        self.input_ended = True

    async def _say_item(self, item: Any, expiry: float) -> bool:
        """Say one item, and return whether what follows needs a new connection."""
        frame = item if isinstance(item, AudioFrame) else None
        await self._say(self.session.flush() if frame is None else self.session.audio(frame))
        age = self._last_word - expiry
        due = age > 0 and self._pauses(frame, age) and self.session.quiet
        return due or self.session.over

    def _pauses(self, frame: AudioFrame | None, age: float) -> bool:
        """Whether a new session may begin after *frame*; a flush is no time: the end may follow."""
        if frame is None:
            return False
        self._silence = self._silence + frame.duration if _is_silent(frame) else 0.0
        return self._silence >= _PAUSE or age > _NOISY

    async def _say(self, messages: Iterable[Message]) -> None:
        for message in messages:
            await self._connection.send(message)
            self._last_word = anyio.current_time()

    async def _keep_alive(self) -> None:
        interval = self.session.keep_alive_interval
        while True:
            await anyio.sleep_until(self._last_word + interval)
            if anyio.current_time() >= self._last_word + interval:
                await self._say(self.session.keep_alive())
                self._last_word = anyio.current_time()  # it may have had nothing to say

    async def _limit_drain(self) -> None:
        """Fail when a session that was rolled over does not end; the input goes on meanwhile."""
        seconds = self._drain_seconds
        await anyio.sleep(min(seconds, 3600.0))
        raise APITimeoutError(
            f"{self.session.name} did not end a session within {seconds:g} s "
            f"(drain_timeout) of being asked to; a new one takes over"
        )


def _is_silent(frame: AudioFrame) -> bool:
    return bool(np.max(np.abs(frame.to_array().astype(np.int32)), initial=0) < _LOUD)
