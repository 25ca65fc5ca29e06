"""A session in a worker thread, spoken with as if it were a process."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from threading import Lock
from typing import Any

import anyio

from ..exceptions import APIError
from .pool import PoolStatistics, begin_message
from .serving import Server
from .session import Loaded
from .threads import WorkerThreads
from .wire import Message

__all__ = ("ThreadPool", "ThreadWorker")


class ThreadPool:
    """
    Recognises streams in so many threads of this process, with one recogniser for them all.

    What a recogniser computes must let other threads run meanwhile, and its sessions must not
    disturb one another.

    Args:
        name: what errors call the engine.
        load: loads the recogniser, when it is first used.
        max_threads: how many sessions may compute at the same time; the others wait in turn.
    """

    def __init__(self, name: str, load: Callable[[], Loaded], max_threads: int) -> None:
        self._name = name
        self._load = load
        self._loaded: Loaded | None = None
        self._loading = Lock()
        self._max_threads = max_threads
        self._threads = WorkerThreads(max_threads)
        self._sessions = 0
        self._started = 0
        self.keep = False

    @property
    def full(self) -> bool:
        """Whether the next block has to wait for its turn: never, sessions take turns."""
        return False

    def statistics(self) -> PoolStatistics:
        """Return how busy the threads are, as a frozen snapshot; call it on the event loop."""
        limiter = self._threads.limiter.statistics()
        return PoolStatistics(
            self._max_threads,
            limiter.borrowed_tokens,
            self._max_threads - limiter.borrowed_tokens,
            limiter.tasks_waiting,
            self._started,
        )

    @asynccontextmanager
    async def worker(
        self, *, interims: bool, whole: bool = False, told: Mapping[str, Any] | None = None
    ) -> AsyncIterator[ThreadWorker]:
        """
        Lend a session that listens to a new stream.

        Args:
            interims: whether it shall guess at what is being said.
            whole: whether a whole recording follows, for engines to which that matters.
            told: what else the session is told: options that were changed.

        Raises:
            APIError: when the recogniser cannot be loaded.
        """
        worker = ThreadWorker(self._name, self._threads, self._loaded_once)
        try:
            await worker.send(begin_message(interims, whole, told))
            await worker.receive()  # READY
            self._started += 1
            yield worker
        finally:
            worker.let_go()

    def prewarm(self) -> None:
        """Load the recogniser now, in the thread that calls."""
        self._loaded_once()

    async def aclose(self) -> None:
        """Let go of the recogniser; sessions end with their blocks."""
        self._loaded = None

    def _loaded_once(self) -> Loaded:
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded


class ThreadWorker:
    """
    A session whose work is done by worker threads, one at a time.

    Args:
        name: what errors call the engine.
        threads: where it computes.
        loaded: returns the recogniser; called in a thread.
    """

    def __init__(self, name: str, threads: WorkerThreads, loaded: Callable[[], Loaded]) -> None:
        self._name = name
        self._threads = threads
        self._loaded = loaded
        self._server: Server | None = None
        self._said: list[Message] = []
        self._received: deque[Message] = deque()
        self._arrived = anyio.Event()
        self.hurried = False
        """Whether its stream lags behind, so that it should not guess."""

    async def send(self, message: Message) -> None:
        """
        Answer *message*; cancelled, when it is answered.

        Raises:
            APIError: when the recogniser fails.
        """
        limiter = self._threads.limiter

        def busy() -> bool:
            return self.hurried or limiter.statistics().tasks_waiting > 0

        try:
            said = await self._threads.run(self._take, message, busy)
        except APIError:
            raise
        except Exception as exc:
            final = isinstance(exc, (ValueError, ImportError, LookupError))
            raise APIError(f"{self._name} failed: {exc}", retryable=not final) from exc
        self._received += said
        self._arrived.set()

    async def receive(self) -> Message:
        """Return the next message. Cancellation loses none."""
        while not self._received:
            self._arrived = anyio.Event()
            await self._arrived.wait()
        return self._received.popleft()

    def let_go(self) -> None:
        """Forget the recogniser: what refers to it in a circle would keep it for a long while."""
        self._server = None

    def _take(self, message: Message, busy: Callable[[], bool]) -> list[Message]:
        self._busy = busy
        if self._server is None:
            self._server = Server(self._loaded(), self._say, lambda: self._busy())
        self._said = []
        self._server.take(message)
        return self._said

    def _say(self, message: Message) -> None:
        self._said.append(message)
