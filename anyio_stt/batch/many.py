"""Many recordings through one engine."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeAlias, Union

from ..events import SpeechEvent, SpeechEventType
from ..options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions
from ..stt import STT
from ..transcription import AudioSource, raise_for_lost, text_of
from .cluster import ClusterEngine, open_cluster
from .cluster_errors import ClusterError
from .follower import Follower
from .on_worker import Report, Task
from .opening import name_of, open_recording
from .results import BatchResult, Recording
from .side_by_side import SideBySide
from .spread import transcribe_on
from .transcription import Transcription

__all__ = ("BatchItem", "transcribe_all", "transcribe_far", "transcribe_one")

BatchItem: TypeAlias = Union[AudioSource, Recording]
"""What `STT.transcribe` takes, an address, or a `Recording`."""


@asynccontextmanager
async def transcribe_all(
    recordings: Iterable[BatchItem] | AsyncIterable[BatchItem],
    engine: STT | Callable[[], STT],
    *,
    jobs: int | None = None,
    cluster: str | None = None,
    language: str | None = None,
    channels: str = "mix",
    conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
) -> AsyncGenerator[SideBySide[BatchItem, BatchResult], None]:
    """
    Transcribe many recordings at once, and iterate over the results as they are ready.

        async with transcribe_all(paths, PocketSphinxSTT) as results:
            async for result in results:
                print(result.recording, result.text or result.error)

    Every recording has one result, and a failed one does not end the others. A recording is taken
    when a job is free, and an unread result keeps its job, so memory is that of *jobs* recordings,
    however many there are. Leaving the block cancels what is under way.

    Args:
        recordings: paths, addresses, audio, or `Recording`; async or not.
        engine: an engine, which all recordings use, or what makes one, which is called; that engine
            is closed with the block.
        jobs: how many recordings at a time; as many as the machine has cores unless told, or
            twice as many as the cluster's workers have threads.
        cluster: the address of a Dask scheduler; "local" for workers on this machine, or
            "dask-config" for what Dask is configured for. Each worker makes an engine, so
            *engine* is what makes one, and opens the recordings itself: paths are those of a
            folder that all share. A worker that dies loses no recording.
        language: the language spoken, for engines that take one.
        channels: for several channels: "mix" mixes them, "each" recognises each separately, and a
            number, from 1, takes that one.
        conn_options: retries, deadlines and bounds.

    Raises:
        ValueError: when *jobs* is less than 1, or a cluster is given an engine that is made.
        ClusterError: when the cluster cannot be reached, also by the iteration when it is lost.
        Exception: by the iteration, after the last result, what *recordings* failed with.
    """
    how: dict[str, Any] = {"language": language, "channels": channels, "conn_options": conn_options}
    if cluster is not None:
        if isinstance(engine, STT):
            raise ValueError(
                f"the workers of a cluster make their engines: give {type(engine).__name__}, or "
                f"what makes one, not an engine that is made"
            )
        async with open_cluster(cluster, jobs=jobs) as there, there.engine(engine) as made:
            far = partial(transcribe_far, made, **how)
            async with SideBySide(recordings, far, jobs=made.places) as results:
                yield results
        return
    places = (os.cpu_count() or 1) if jobs is None else jobs
    async with _engine_for(engine) as stt:
        work = partial(transcribe_one, stt, **how)
        async with SideBySide(recordings, work, jobs=places) as results:
            yield results


@asynccontextmanager
async def _engine_for(engine: STT | Callable[[], STT]) -> AsyncGenerator[STT, None]:
    """Give *engine*, or one that it makes, which is closed with the block."""
    if isinstance(engine, STT):
        yield engine
    else:
        async with engine() as made:
            yield made


async def transcribe_one(
    stt: STT,
    item: BatchItem,
    *,
    language: str | None = None,
    channels: str = "mix",
    conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
) -> BatchResult:
    """
    Transcribe one recording of a batch.

    What goes wrong is in the result, nothing is raised but a cancellation.

    Args:
        stt: the engine.
        item: the recording.
        language: what is spoken, unless the recording says that itself.
        channels: which channels are heard.
        conn_options: retries, deadlines and bounds.
    """
    recording = item if isinstance(item, Recording) else Recording(item)
    collected = _Collected()
    transcription = Transcription(
        stt,
        collected,
        language=recording.language or language,
        channels=channels,
        conn_options=conn_options,
    )
    error: Exception | None = None
    try:
        await transcription.run(open_recording(recording))
        missing = transcription.lost_ranges + transcription.unread
        raise_for_lost(name_of(recording), missing, collected.text)
    except Exception as exc:  # noqa: BLE001 - this is what the result is for
        error = exc
    return BatchResult(
        item, tuple(collected.finals), transcription.given, transcription.lost, error
    )


async def transcribe_far(
    engine: ClusterEngine,
    item: BatchItem,
    *,
    language: str | None = None,
    channels: str = "mix",
    conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
) -> BatchResult:
    """
    Transcribe one recording of a batch on a cluster, as `transcribe_one` does here.

    Args:
        engine: the engine on the workers.
        item: the recording.
        language: what is spoken, unless the recording says that itself.
        channels: which channels are heard.
        conn_options: retries, deadlines and bounds.

    Raises:
        ClusterError: when the cluster is gone.
    """
    recording = item if isinstance(item, Recording) else Recording(item)
    task = Task(recording, language, channels, conn_options=conn_options)
    collected, report = _Collected(), Report()
    try:
        report = await transcribe_on(engine, task, collected)
        if report.error is None:
            missing = report.lost_ranges + report.unread
            raise_for_lost(name_of(recording), missing, collected.text)
    except ClusterError:
        raise
    except Exception as exc:  # noqa: BLE001 - this is what the result is for
        report.error = exc
    return BatchResult(item, tuple(collected.finals), report.given, report.lost, report.error)


class _Collected(Follower):
    def __init__(self) -> None:
        self.finals: list[SpeechEvent] = []

    @property
    def text(self) -> str:
        return " ".join(filter(None, map(text_of, self.finals)))

    def event(self, event: SpeechEvent) -> None:
        if event.type is SpeechEventType.FINAL_TRANSCRIPT:
            self.finals.append(event)
