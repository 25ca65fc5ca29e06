"""An engine whose recogniser runs on this machine."""

from __future__ import annotations

import os
from abc import abstractmethod
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import anyio

from ..audio.frame import AudioBuffer
from ..events import SpeechEvent, SpeechEventType
from ..options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions, STTCapabilities
from ..stt import STT
from .endpointing import Endpointing
from .feed import MAX_UNHEARD_SECONDS, WorkerFeed, pieces
from .in_thread import ThreadPool, ThreadWorker
from .pool import PoolStatistics, WorkerPool
from .process import WorkerProcess
from .speech import to_speech
from .stream import LocalStream
from .wire import Kind, Message

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ("LocalSTT", "local_capabilities", "workers_or_cores")


class LocalSTT(STT):
    """
    What the engines on this machine have in common: streams and recordings heard by workers.

    Inside the engine's block (`async with stt:`) what was loaded is kept for the next stream;
    outside of it, a worker process ends with what it was started for.

    Args:
        capabilities: what the engine can do.
        pool: where its workers come from.
        interims: whether streams guess at what is being said.
        frame_duration: seconds of audio that a worker is given at once.
        options: what it was made with, a dataclass; how it tells speech from silence,
            `endpointing`, can be changed while streams run.
    """

    _whole = False
    """Whether a recording is to be told from a stream."""
    _changeable = ("endpointing",)

    def __init__(
        self,
        *,
        capabilities: STTCapabilities,
        pool: WorkerPool | ThreadPool,
        interims: bool,
        frame_duration: float = 0.1,
        options: Any = None,
    ) -> None:
        super().__init__(capabilities=capabilities)
        self._options = self._made_with = options
        self._pool = pool
        self._interims = interims
        self._frame_duration = frame_duration

    def statistics(self) -> PoolStatistics:
        """Return how busy the workers are, and how many streams wait for one."""
        return self._pool.statistics()

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> LocalStream:
        """
        Make a stream; it starts nothing until its block is entered.

        Raises:
            ValueError: when *language* is not one that the engine was made for.
        """
        return LocalStream(
            stt=self,
            pool=self._pool,
            language=self._checked_language(language),
            interims=self._interims,
            frame_duration=self._frame_duration,
            conn_options=conn_options,
            options=self._options,
        )

    async def _recognize_impl(
        self,
        buffer: AudioBuffer,
        *,
        language: str | None,
        conn_options: APIConnectOptions,  # noqa: ARG002 - the base keeps the deadlines
    ) -> SpeechEvent:
        language = self._checked_language(language)
        finals: list[Message] = []
        async with self._pool.worker(
            interims=False, whole=self._whole, told=self._told(self._options)
        ) as worker:
            feed = WorkerFeed(worker)
            async with anyio.create_task_group() as task_group:
                task_group.start_soon(_send_all, feed, buffer)
                await _collect(worker, feed, finals)
        speech = to_speech(finals, language)
        return SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT, alternatives=[speech])

    def prewarm(self) -> None:
        """Load the recogniser now, where threads share one; worker processes load their own."""
        if isinstance(self._pool, ThreadPool):
            self._pool.prewarm()

    async def __aenter__(self) -> Self:
        self._pool.keep = True
        return await super().__aenter__()

    async def aclose(self) -> None:
        """Close every stream, end every `recognize`, and end all workers. Idempotent."""
        try:
            await super().aclose()
        finally:
            await self._pool.aclose()

    def _changed_options(self, options: Any, **changes: Any) -> Any:
        if options is not None and "endpointing" in changes:
            changes["endpointing"] = self._endpointing(changes["endpointing"])
        return super()._changed_options(options, **changes)

    def _endpointing(self, value: Any) -> Any:
        own = self._made_with.endpointing
        if isinstance(value, (int, float)):  # as the engines on the network have it
            seconds = value / 1000
            return replace(own, offset=seconds, tail=min(own.tail, seconds))
        if not isinstance(value, type(own)):
            raise TypeError(
                f"{self._label}: endpointing takes an Endpointing, or the milliseconds of silence "
                f"that end an utterance, got {value!r}"
            )
        if getattr(value, "threshold", None) != getattr(own, "threshold", None):
            raise ValueError(f"{self._label} cannot change endpointing.threshold while it runs")
        return value

    def _told(self, options: Any) -> dict[str, Any]:
        """Return what a session has to be told that goes by *options*."""
        if options is None or options.endpointing == self._made_with.endpointing:
            return {}
        return {"endpointing": asdict(options.endpointing)}

    @abstractmethod
    def _checked_language(self, language: str | None) -> str:
        """Return what transcripts are in when *language* is asked for, or raise ValueError."""


def local_capabilities(endpointing: Endpointing, *, interims: bool) -> STTCapabilities:
    """
    Return what an engine can do that cuts speech into utterances.

    Args:
        endpointing: how it does.
        interims: whether its streams guess.
    """
    utterance = endpointing.padding + endpointing.max_utterance + endpointing.offset
    return STTCapabilities(
        streaming=True,
        interim_results=interims,
        aligned_transcript="word",
        max_uncovered=utterance + MAX_UNHEARD_SECONDS + 1.0,  # the frame on its way, and a margin
    )


def workers_or_cores(name: str, count: int | None) -> int:
    """
    Return *count*, or how many cores the machine has.

    Args:
        name: what the caller calls it.
        count: how many workers, or `None`.

    Raises:
        ValueError: when it is below 1.
    """
    workers = (os.cpu_count() or 1) if count is None else count
    if workers < 1:
        raise ValueError(f"{name} must be 1 or more, got {count!r}")
    return workers


async def _send_all(feed: WorkerFeed, buffer: AudioBuffer) -> None:
    for audio in pieces(buffer):
        await feed.send(audio)
    await feed.end()


async def _collect(
    worker: WorkerProcess | ThreadWorker, feed: WorkerFeed, finals: list[Message]
) -> None:
    while True:
        message = await worker.receive()
        if message.kind is Kind.DONE:
            return
        if message.kind is Kind.HEARD:
            feed.heard()
        elif message.kind is Kind.FINAL:
            finals.append(message)
