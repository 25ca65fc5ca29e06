"""A Dask cluster: functions that run on its workers, so many at a time, whoever is killed."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

import anyio
from anyio import from_thread, to_thread
from anyio.lowlevel import current_token

from ..exceptions import APIError
from ..stt import STT
from .cluster_errors import ClusterError
from .on_worker import Report, Task, perform

__all__ = ("Cluster", "ClusterEngine", "open_cluster")

R = TypeVar("R")

_logger = logging.getLogger("anyio_stt")

_CONNECT_TIMEOUT = 30.0
_CLOSE_TIMEOUT = 20.0
_LOOK = 5.0  # seconds between two looks at whether there are workers
_FEWEST = 8  # in flight; a cluster that grows with its work has no workers yet
_A_THREAD = 2  # in flight: one is worked on, the next is there when that is done


@asynccontextmanager
async def open_cluster(
    address: str, *, jobs: int | None = None, worker_timeout: float = 300.0
) -> AsyncGenerator[Cluster, None]:
    """
    Connect to a Dask cluster for the time of the block.

    Args:
        address: of the scheduler, `tcp://host:8786` for one; "local" starts workers on this
            machine, which end with the block; "dask-config" takes what Dask is configured for
            (`scheduler-address`, or `DASK_SCHEDULER_ADDRESS`).
        jobs: how many workers "local" starts, and how many tasks are in flight elsewhere; twice
            the threads of the workers unless told.
        worker_timeout: how many seconds the cluster may be without any worker.

    Raises:
        ImportError: when Dask is not installed.
        ClusterError: when it cannot be reached.
    """
    distributed = _distributed()
    # Asked for when a worker is lost: one that is slow to start again is not given up.
    patience = {"distributed.deploy.lost-worker-timeout": f"{worker_timeout} s"}
    with import_module("dask").config.set(patience):
        client = await to_thread.run_sync(partial(_connect, distributed, address, jobs))
        try:
            threads = sum((await to_thread.run_sync(client.nthreads)).values())
            places = _A_THREAD * threads if address == "local" or jobs is None else jobs
            fewest = _FEWEST if jobs is None else 1
            yield Cluster(client, places=max(places, fewest), worker_timeout=worker_timeout)
        finally:
            with anyio.move_on_after(_CLOSE_TIMEOUT, shield=True):
                await to_thread.run_sync(partial(_disconnect, client), abandon_on_cancel=True)


class Cluster:
    """
    Runs functions on the workers of a cluster; made by `open_cluster`.

    Args:
        client: a `distributed.Client`.
        places: how many tasks may be in flight.
        worker_timeout: how many seconds the cluster may be without any worker.
    """

    def __init__(self, client: Any, *, places: int, worker_timeout: float) -> None:
        self.places: int = places
        self._client = client
        self._worker_timeout = worker_timeout
        self._free = anyio.Semaphore(places)
        self._quarantine = anyio.Lock()
        self._looked = self._seen = anyio.current_time()
        self._gone = False

    async def run(self, function: Callable[..., R], *args: Any) -> R:
        """
        Return what *function* returns on a worker.

        A worker that dies loses nothing: another does its work. A task whose workers died again
        and again is tried once more while no other suspect runs, for it may only have been
        beside the one that kills them.

        Raises:
            APIError: when its workers died then too.
            ClusterError: when the cluster is gone.
            Exception: what *function* raised.
        """
        async with self._free:
            try:
                return await self._once(function, *args)
            except _killed():
                _logger.info("its workers died: %s is tried alone", function.__name__)
            async with self._quarantine:
                try:
                    return await self._once(function, *args)
                except _killed():
                    raise APIError(
                        "every worker that took it died: it needs more memory than there is, or "
                        "crashes the engine",
                        retryable=False,
                    ) from None

    @asynccontextmanager
    async def engine(
        self, make: Callable[[], AbstractAsyncContextManager[STT]]
    ) -> AsyncGenerator[ClusterEngine, None]:
        """
        Give the workers an engine for the time of the block.

        Each makes it with its first task, and closes it at the end.

        Args:
            make: makes the engine, or a block that gives one; it is pickled, so the workers
                have to have its module.
        """
        host = import_module("anyio_stt.batch._engine_host").EngineHost(make)
        await to_thread.run_sync(self._client.register_plugin, host)
        try:
            yield ClusterEngine(self, host.name)
        finally:
            if not self._gone:  # else nobody would answer
                with anyio.move_on_after(_CLOSE_TIMEOUT, shield=True):
                    await to_thread.run_sync(
                        partial(_take_away, self._client, host.name), abandon_on_cancel=True
                    )

    async def _once(self, function: Callable[..., R], *args: Any) -> R:
        done, token = anyio.Event(), current_token()

        def tell(_: object) -> None:
            try:
                from_thread.run_sync(done.set, token=token)
            except RuntimeError:  # nobody waits any more, and the loop has ended
                return

        submit = partial(self._client.submit, function, *args, pure=False)
        future = await to_thread.run_sync(submit)
        try:
            future.add_done_callback(tell)
            while not done.is_set():
                with anyio.move_on_after(_LOOK):
                    await done.wait()
                    break
                await self._look()
            return await to_thread.run_sync(future.result, abandon_on_cancel=True)
        except _cancelled() as exc:
            self._gone = True
            raise ClusterError("the cluster's scheduler is gone") from exc
        finally:
            with anyio.move_on_after(_CLOSE_TIMEOUT, shield=True):
                await to_thread.run_sync(partial(_forget, future), abandon_on_cancel=True)

    async def _look(self) -> None:
        """Raise when there has been no worker for too long; one of those that wait looks."""
        now = anyio.current_time()
        if now - self._looked >= _LOOK:
            self._looked = now
            if await to_thread.run_sync(partial(_workers, self._client), abandon_on_cancel=True):
                self._seen = now
        if now - self._seen > self._worker_timeout:
            raise ClusterError(f"the cluster has had no worker for {self._worker_timeout:g} s")


class ClusterEngine:
    """
    An engine on the workers of a cluster; made by `Cluster.engine`.

    Args:
        cluster: the cluster.
        name: what its workers call the engine.
    """

    def __init__(self, cluster: Cluster, name: str) -> None:
        self._cluster = cluster
        self._name = name

    @property
    def places(self) -> int:
        """How many tasks may be in flight."""
        return self._cluster.places

    async def run(self, task: Task) -> Report:
        """
        Have a worker do *task*.

        Raises:
            APIError: when every worker that took it died.
            EngineUnavailableError: when the workers cannot make the engine.
            ClusterError: when the cluster is gone.
        """
        with_engine = import_module("anyio_stt.batch._engine_host").with_engine
        return await self._cluster.run(with_engine, self._name, perform, task)


def _distributed() -> Any:
    try:
        return import_module("distributed")
    except ImportError as exc:
        raise ImportError(
            "a cluster needs dask.distributed, which is not installed: "
            "pip install 'anyio-stt[cluster]'",
            name="distributed",
        ) from exc


def _killed() -> type[Exception]:
    return _distributed().KilledWorker  # type: ignore[no-any-return]


def _cancelled() -> tuple[type[Exception], ...]:
    futures = import_module("concurrent.futures")
    return (futures.CancelledError, _distributed().client.FutureCancelledError)


def _connect(distributed: Any, address: str, jobs: int | None) -> Any:
    dask = import_module("dask")
    if address == "dask-config":
        address = dask.config.get("scheduler-address", None) or ""
        if not address:
            raise ClusterError(
                "Dask is configured for no cluster: set DASK_SCHEDULER_ADDRESS, or "
                "scheduler-address in its configuration"
            )
    try:
        # What was sent is kept for debugging; that may be the audio of a thousand recordings.
        with dask.config.set({"distributed.admin.low-level-log-length": 10}):
            if address == "local":
                cluster = distributed.LocalCluster(
                    n_workers=jobs,
                    threads_per_worker=1,
                    dashboard_address=":0",
                    silence_logs=logging.CRITICAL,  # what matters is told by the results
                )
                return distributed.Client(cluster, set_as_default=False)
            return distributed.Client(address, timeout=_CONNECT_TIMEOUT, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as exc:
        raise ClusterError(f"the cluster cannot be reached: {exc}") from exc


def _disconnect(client: Any) -> None:
    cluster = client.cluster
    client.close()
    if cluster is not None:
        cluster.close()


def _take_away(client: Any, name: str) -> None:
    with suppress(Exception):  # a cluster that is gone has no engine either
        client.unregister_worker_plugin(name)


def _workers(client: Any) -> int:
    try:
        return len(client.nthreads())
    except Exception:  # noqa: BLE001 - it is being connected again, or it never will be
        return 0


def _forget(future: Any) -> None:
    """Cancel what nobody waits for any more; what is done is let go of."""
    if not future.done():
        future.cancel()
    future.release()
