"""An engine in a worker of a Dask cluster, kept from task to task; needs dask.distributed."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, ExitStack
from functools import partial
from typing import Any, TypeVar

from anyio import to_thread
from anyio.from_thread import BlockingPortal, start_blocking_portal
from distributed import Worker, WorkerPlugin, get_worker

from ..stt import STT
from .cluster_errors import EngineUnavailableError

__all__ = ("EngineHost", "with_engine")

R = TypeVar("R")


class EngineHost(WorkerPlugin):
    """
    Holds one engine in each worker, on an event loop in a thread of its own.

    The engine is made with the first task, and closed when the plugin is taken away or the
    worker ends.

    Args:
        engine: makes it; entered before its first use.
    """

    def __init__(self, engine: Callable[[], AbstractAsyncContextManager[STT]]) -> None:
        self.name: str = f"anyio-stt-{uuid.uuid4().hex}"
        self._engine = engine

    def setup(self, worker: Worker) -> None:  # noqa: ARG002
        """Prepare, in the worker; nothing is loaded yet."""
        self._lock = threading.Lock()
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None

    async def teardown(self, worker: Worker) -> None:  # noqa: ARG002
        """Close the engine, and end its event loop."""
        await to_thread.run_sync(self._close)

    def _close(self) -> None:
        with self._lock:
            self._portal = None
            self._stack.close()

    def _open(self) -> tuple[BlockingPortal, STT]:
        with self._lock:
            if self._portal is None:
                with ExitStack() as stack:
                    portal = stack.enter_context(start_blocking_portal())
                    engine = portal.wrap_async_context_manager(self._engine())
                    self._stt = stack.enter_context(engine)
                    self._stack = stack.pop_all()
                self._portal = portal
            return self._portal, self._stt

    def call(self, function: Callable[[STT], Awaitable[R]]) -> R:
        """
        Return what *function* makes of the engine; called in a thread of the worker.

        Raises:
            EngineUnavailableError: when the engine cannot be made here.
        """
        try:
            portal, stt = self._open()
        except Exception as exc:  # noqa: BLE001 - whatever an engine needs and has not
            raise EngineUnavailableError(str(exc) or type(exc).__name__) from None
        return portal.call(partial(function, stt))


def with_engine(name: str, function: Callable[..., Awaitable[R]], *args: Any) -> R:
    """Return what *function* makes of *args* and the engine that the plugin called *name* holds."""
    host = get_worker().plugins[name]
    assert isinstance(host, EngineHost)
    return host.call(lambda stt: function(stt, *args))
