"""Where recordings are transcribed: here, or on a cluster."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Protocol

from anyio_stt import STT
from anyio_stt.audio import AudioReader, PCMFormat
from anyio_stt.batch import Recording
from anyio_stt.batch.cluster import ClusterEngine, open_cluster
from anyio_stt.batch.on_worker import Task
from anyio_stt.batch.spread import transcribe_on
from anyio_stt.batch.transcription import LOST, Transcription

from .detector import with_utterances
from .engine_choice import make_engine
from .errors import CommandError
from .plan import Job
from .settings import Settings
from .telling import Shown

__all__ = ("Open", "Transcriber", "transcribing")

Open = Callable[[str, "PCMFormat | None"], AbstractAsyncContextManager[AudioReader]]
"""Opens a recording by its name."""


class Transcriber(Protocol):
    """A place where recordings are transcribed."""

    places: int
    """How many at once."""

    async def run(self, job: Job, shown: Shown, pieces: int) -> bool:
        """
        Transcribe one, and return whether nothing is missing.

        Args:
            job: the recording.
            shown: is told what was said.
            pieces: how many pieces of it at once.
        """


@asynccontextmanager
async def transcribing(settings: Settings, open_audio: Open) -> AsyncGenerator[Transcriber, None]:
    """
    Give the place that was asked for, with its engine.

    Raises:
        CommandError: when the engine cannot be made, or what a cluster needs is not installed.
        ClusterError: when the cluster cannot be reached.
    """
    if settings.cluster is None:
        async with _engine(settings) as stt:
            yield _Here(stt, settings, open_audio)
        return
    jobs = settings.jobs if settings.jobs_given else None
    async with AsyncExitStack() as stack:
        try:
            cluster = await stack.enter_async_context(open_cluster(settings.cluster, jobs=jobs))
        except ImportError as exc:
            raise CommandError(str(exc)) from exc
        engine = await stack.enter_async_context(cluster.engine(partial(_engine, settings)))
        yield _OnCluster(engine, settings)


@asynccontextmanager
async def _engine(settings: Settings) -> AsyncGenerator[STT, None]:
    async with make_engine(settings.engine, settings.options) as engine:
        yield with_utterances(engine, settings.vad, live=settings.listens)


class _Here:
    def __init__(self, stt: STT, settings: Settings, open_audio: Open) -> None:
        self.places: int = settings.jobs
        self._stt = stt
        self._settings = settings
        self._open = open_audio

    async def run(self, job: Job, shown: Shown, pieces: int) -> bool:
        transcription = Transcription(
            self._stt,
            shown,
            language=self._settings.language,
            channels=self._settings.channels,
            jobs=pieces,
            realtime=self._settings.realtime,
            conn_options=self._settings.conn_options,
        )
        try:
            complete = await transcription.run(self._open(job.name, self._settings.raw_format))
        finally:
            shown.unheard(transcription.lost_ranges)
        shown.unheard(transcription.lost_ranges, transcription.lost)
        return complete


class _OnCluster:
    def __init__(self, engine: ClusterEngine, settings: Settings) -> None:
        self.places: int = engine.places
        self._engine = engine
        self._settings = settings

    async def run(self, job: Job, shown: Shown, pieces: int) -> bool:  # noqa: ARG002
        task = Task(
            Recording(job.name, pcm_format=self._settings.raw_format),
            self._settings.language,
            self._settings.channels,
            shown.opened_elsewhere(job.name),
            conn_options=self._settings.conn_options,
        )
        report = await transcribe_on(self._engine, task, shown)
        shown.began(report.start)
        if report.unread:
            shown.unread(report.unread)
        shown.unheard(report.lost_ranges, 0.0 if report.error else report.lost)
        if report.error is not None:
            raise report.error
        return not report.unread and report.lost <= LOST
