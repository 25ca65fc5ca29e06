"""What all protocols of a server share: engines, places, what runs now, and its end."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint
from starlette.types import Receive

from ..options import APIConnectOptions
from .limits import BusyError, Limits
from .metrics import ServerMetrics
from .models import Models
from .options import ServerOptions

__all__ = ("Live", "Service", "logger")

logger: logging.Logger = logging.getLogger("anyio_stt.server")

_TICK = 1.0  # seconds between two looks at what clients do
_REST = 1.0  # seconds in which nothing more comes of a connection that has ended


class Live(Protocol):
    """A stream that a client has open."""

    def end(self) -> None:
        """Take no more audio, say what is left, and hang up."""

    def check(self, now: float) -> None:
        """Hang up if the client has been silent for too long."""


class Service:
    """
    One server: its engines, and what clients have open.

    Args:
        models: the engines.
        options: bounds and deadlines.
        worker: which process this is, for metrics.
    """

    def __init__(
        self, models: Models, options: ServerOptions | None = None, *, worker: str = "0"
    ) -> None:
        self.models = models
        self.options: ServerOptions = options or ServerOptions()
        self.limits: Limits = Limits(self.options)
        self.metrics: ServerMetrics = ServerMetrics(models, worker)
        self.ready: bool = False
        """Whether the engines are warm, and new streams are taken."""
        self.draining: bool = False
        """Whether the server ends."""
        self._live: set[Live] = set()
        self._running = 0
        self._idle = anyio.Event()
        self._tasks: TaskGroup | None = None

    @property
    def stream_options(self) -> APIConnectOptions:
        """What holds for each stream."""
        return APIConnectOptions(
            drain_timeout=self.options.drain_timeout,
            max_pending_audio=self.options.max_pending_audio,
        )

    @asynccontextmanager
    async def running(self, *, warm_up: bool = True) -> AsyncGenerator[None, None]:
        """
        Serve for the time of the block; at its end, what runs is finished or cut off.

        Args:
            warm_up: whether each engine hears something first.

        Raises:
            APIError: what an engine failed with while it was warmed up.
        """
        if warm_up:
            await self.models.warm_up(self.stream_options)
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            tasks.start_soon(self._watch)
            self.ready = True
            try:
                yield
            finally:
                self.drain()
                with anyio.move_on_after(self.options.drain_timeout, shield=True):
                    await self.wait_idle()
                tasks.cancel_scope.cancel()

    def check_open(self) -> None:
        """
        Check that new work is taken.

        Raises:
            BusyError: when the server ends.
        """
        if self.draining:
            raise BusyError("this server is shutting down; try again", retry_after=5, status=503)

    @asynccontextmanager
    async def working(self) -> AsyncGenerator[None, None]:
        """Count a piece of work that a drain waits for."""
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    @asynccontextmanager
    async def open(self, live: Live) -> AsyncGenerator[None, None]:
        """Keep a stream, so that a drain ends it and a silent client is noticed."""
        self._live.add(live)
        try:
            async with self.working():
                yield
        finally:
            self._live.discard(live)

    def discard(self, receive: Receive) -> None:
        """
        Take what a client still says, for a while, though nobody listens any more.

        hypercorn waits for whoever reads, and sees neither the end of a connection nor its own
        hanging up before.
        """
        if self._tasks is not None:
            self._tasks.start_soon(self._discard, receive)

    async def _discard(self, receive: Receive) -> None:
        # What a server raises when its connection has gone is its own affair.
        with anyio.move_on_after(self.options.client_timeout), suppress(Exception):
            while not (await receive())["type"].endswith(".disconnect"):
                pass
            # A piece off the wire may hold more messages than hypercorn's queue has room for: the
            # rest comes behind the disconnect, and the connection stays until it is taken.
            while True:
                with anyio.fail_after(_REST):
                    await receive()

    def drain(self) -> None:
        """Take no more, and end what clients have open once it is said."""
        if self.draining:
            return
        self.draining, self.ready = True, False
        logger.info("draining: %d streams and recordings run", self._running)
        for live in list(self._live):
            live.end()

    async def wait_idle(self) -> None:
        """Wait until nothing runs."""
        await checkpoint()
        while self._running:
            self._idle = anyio.Event()
            await self._idle.wait()

    async def _watch(self) -> None:
        while True:
            await anyio.sleep(_TICK)
            now = anyio.current_time()
            for live in list(self._live):
                live.check(now)
