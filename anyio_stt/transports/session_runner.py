"""One connection's worth of an attempt: a session that is sent audio, and listened to."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, Protocol

import anyio

from .._core.attempt import Attempt
from ..audio.frame import AudioFrame
from ..exceptions import APIConnectionError, APIError, APITimeoutError
from ..wire.pauses import PAUSE, is_silent
from ..wire.session import ClientSession, Message

__all__ = ("Connection", "Outlet", "SessionRunner", "reason_awaited")

_REASON = 0.5  # seconds for a close to arrive that says why a send failed
_NOISY = 60.0  # seconds after which a session is rolled over where the line is never so quiet


class Connection(Protocol):
    """What a session needs: messages both ways, each wait with a deadline of its own."""

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
        await anyio.sleep(_REASON)
        raise


class Outlet(NamedTuple):
    """
    Where goes what a provider says.

    Args:
        events: what is heard.
        alive: signs of life that are nothing else.
        silence: until where nobody spoke, and on which channel.
        refused: what it will never transcribe: why, from where, until where.
    """

    events: Attempt
    alive: Callable[[], None]
    silence: Callable[[float, int | None], None]
    refused: Callable[[APIError, float, float], None]


class SessionRunner:
    """
    Runs one session over one connection.

    Args:
        connection: newly opened.
        session: newly begun.
        outlet: where goes what is heard.
        is_last: whether nothing comes behind what was read last.
    """

    def __init__(
        self,
        connection: Connection,
        session: ClientSession,
        outlet: Outlet,
        is_last: Callable[[], bool],
    ) -> None:
        self._connection = connection
        self._session = session
        self._outlet = outlet
        self._is_last = is_last
        self.drain_seconds: float = math.inf
        self.input_ended: bool = False
        self._unsaid: deque[Any] = deque()
        self._ready = anyio.Event()
        self._last_word = anyio.current_time()
        self._silence = 0.0
        connection.on_pong = self._on_pong

    async def run(
        self, first: Sequence[Any], items: AsyncIterable[Any], max_session: float
    ) -> None:
        """Say *first*, and *items* until they end or a new connection is due."""
        self._unsaid.extend(first)
        expiry = anyio.current_time() + max_session
        async with anyio.create_task_group() as task_group:
            task_group.start_soon(self._talk, items, expiry, task_group.cancel_scope)
            if self._session.keep_alive_interval < math.inf:
                task_group.start_soon(self._keep_alive)
            await self._listen()
            task_group.cancel_scope.cancel()

    def left(self) -> list[Any]:
        """What is to be said on the next connection: what this one's peer did not hear."""
        return [*self._session.unheard(), *self._unsaid]

    # ---- listening

    async def _listen(self) -> None:
        session = self._session
        while not session.done:
            if session.ready:
                self._ready.set()
            try:
                message = await self._connection.receive()
            except APIError:
                session.lost()
                raise
            events = session.closed() if message is None else session.receive(message)
            for event in events:
                self._outlet.events.send_nowait(event)
            self._pass_on()
            if message is None:
                return

    def _pass_on(self) -> None:
        session, outlet = self._session, self._outlet
        for refusal in session.refusals:
            outlet.refused(*refusal)
        session.refusals.clear()
        if session.silences:
            for silence in session.silences:
                outlet.silence(*silence)
            session.silences.clear()
        elif session.ready:  # it lives, even if it said nothing for the consumer
            outlet.alive()

    def _on_pong(self) -> None:
        if self._session.ready and self._session.pong():
            self._outlet.alive()

    # ---- talking

    async def _talk(
        self, items: AsyncIterable[Any], expiry: float, whole: anyio.CancelScope
    ) -> None:
        async with reason_awaited():
            await self._say(self._session.opening())
            await self._ready.wait()
            await self._say_input(items, expiry)
            await self._say(self._session.ending())
            if self._session.done:  # there is nothing to wait for
                whole.cancel()
        if not self.input_ended:
            await self._limit_drain()

    async def _say_input(self, items: AsyncIterable[Any], expiry: float) -> None:
        while self._unsaid:
            item = self._unsaid.popleft()
            if await self._say_item(item, expiry):
                return
        async for item in items:
            if await self._say_item(item, expiry):
                return
        self.input_ended = True

    async def _say_item(self, item: Any, expiry: float) -> bool:
        """Say one item, and return whether what follows needs a new connection."""
        session = self._session
        frame = item if isinstance(item, AudioFrame) else None
        if frame is not None:
            await self._say(session.audio(frame))
        elif self._unsaid or not self._is_last():  # else the end asks for all that is left
            await self._say(session.flush())
        age = self._last_word - expiry
        due = age > 0 and self._pauses(frame, age) and session.quiet
        return due or session.over

    def _pauses(self, frame: AudioFrame | None, age: float) -> bool:
        """Whether a new session may begin after *frame*; a flush is no time: the end may follow."""
        if frame is None:
            return False
        self._silence = self._silence + frame.duration if is_silent(frame) else 0.0
        return self._silence >= PAUSE or age > _NOISY

    async def _say(self, messages: Iterable[Message]) -> None:
        for message in messages:
            await self._connection.send(message)
            self._last_word = anyio.current_time()

    async def _keep_alive(self) -> None:
        interval = self._session.keep_alive_interval
        while True:
            await anyio.sleep_until(self._last_word + interval)
            if anyio.current_time() >= self._last_word + interval:
                await self._say(self._session.keep_alive())
                self._last_word = anyio.current_time()  # it may have had nothing to say

    async def _limit_drain(self) -> None:
        """Fail when a session that was rolled over does not end; the input goes on meanwhile."""
        seconds = self.drain_seconds
        await anyio.sleep(min(seconds, 3600.0))
        raise APITimeoutError(
            f"{self._session.name} did not end a session within {seconds:g} s "
            f"(drain_timeout) of being asked to; a new one takes over"
        )
