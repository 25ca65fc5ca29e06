"""One stream's talk with a worker."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import anyio

from ..options import APIConnectOptions
from ..stream import RecognizeStream
from .feed import WorkerFeed, mono_bytes
from .in_thread import ThreadPool, ThreadWorker
from .pool import WorkerPool
from .process import WorkerProcess
from .segmenter import SAMPLE_RATE
from .speech import to_event
from .wire import Kind

if TYPE_CHECKING:
    from .stt import LocalSTT

__all__ = ("LocalStream",)

logger: logging.Logger = logging.getLogger("anyio_stt")

_LAG = 0.5  # seconds of audio that wait


class LocalStream(RecognizeStream):
    """
    A stream that a worker recognises, in a thread or in a process.

    While all worker processes are busy it waits for its turn: `statistics().attempt` is 1 then,
    nothing is delivered, the log says so, and what is pushed waits up to `max_pending_audio`.

    Args:
        stt: the engine that makes it.
        pool: where the workers come from.
        language: what its transcripts say they are in, where the engine does not tell.
        interims: whether to guess at what is being said.
        frame_duration: seconds of audio that a worker is given at once.
        conn_options: retries, deadlines and bounds.
        options: what the engine goes by.
    """

    def __init__(
        self,
        *,
        stt: LocalSTT,
        pool: WorkerPool | ThreadPool,
        language: str,
        interims: bool,
        frame_duration: float,
        conn_options: APIConnectOptions,
        options: object = None,
    ) -> None:
        super().__init__(
            stt=stt,
            conn_options=conn_options,
            sample_rate=SAMPLE_RATE,
            frame_duration=frame_duration,
            options=options,
        )
        self._engine = stt
        self._has_options = options is not None
        self._pool = pool
        self._language = language
        self._interims = interims

    async def _run(self) -> None:
        if self._pool.full:
            logger.info("%s waits for a worker: %s", self.label, self._pool.statistics())
            # Waiting has a deadline of its own, `turn_timeout`; that of an engine which does
            # not answer must not end it.
            self._report_alive()
        told = self._engine._told(self._options) if self._has_options else None  # noqa: SLF001 - its engine
        async with self._pool.worker(interims=self._interims, told=told) as worker:
            feed = WorkerFeed(worker)
            async with anyio.create_task_group() as task_group:
                task_group.start_soon(self._send, feed)
                await self._listen(worker, feed)

    async def _send(self, feed: WorkerFeed) -> None:
        async for item in self._input_ch:
            if isinstance(item, self._FlushSentinel):
                await feed.flush()
            else:
                await feed.send(mono_bytes(item), lagging=self._lags())
        await feed.end()

    def _lags(self) -> bool:
        return self.statistics().pending > _LAG

    async def _listen(self, worker: WorkerProcess | ThreadWorker, feed: WorkerFeed) -> None:
        while True:
            message = await worker.receive()
            if message.kind is Kind.DONE:
                return
            if message.kind is Kind.HEARD:
                feed.heard()
                self._report_silence(message.fields["quiet"])
                continue
            event = to_event(message, self._language)
            if event is not None:
                self._event_ch.send_nowait(event)
