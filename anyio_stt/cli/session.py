"""One run of `anyio-stt transcribe`: recordings, one engine, one exit code."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, aclosing
from pathlib import Path

import anyio

from anyio_stt import STT, APIError
from anyio_stt.audio import AudioReader, PCMFormat

from .channels import Channels
from .detector import with_utterances
from .display import Display
from .engine_choice import make_engine
from .errors import CommandError
from .failures import explain, told_error
from .formats import make_formatter
from .in_order import InOrder
from .journal import Journal, journal_path
from .output import FileSink, SharedSink, Sink, StandardOutput
from .plan import Job, Target, make_plan
from .recordings import frames_of, is_live, open_recording, told_name
from .settings import Settings
from .shown import shown_name
from .transcript import Transcript
from .transcription import Transcription

__all__ = ("Session",)

_Open = Callable[[str, "PCMFormat | None"], AbstractAsyncContextManager[AudioReader]]

_LOST = 0.01  # seconds: less is rounding


class Session:
    """
    Transcribes the recordings, some side by side.

    Args:
        settings: what was asked for.
        display: what the user sees.
        open_audio: opens a recording by its name.

    Raises:
        CommandError: when it cannot be done as asked, before anything is read.
    """

    def __init__(
        self, settings: Settings, display: Display, *, open_audio: _Open = open_recording
    ) -> None:
        self._settings = settings
        self._display = display
        self._open = open_audio
        self._jobs = make_plan(settings)
        self._several = len(self._jobs) > 1
        self._shared: dict[Path | None, Sink] = {}
        self._orders: dict[Path | None, InOrder[str]] = {}
        self._warned: set[str] = set()
        display.expect(len(self._jobs))

    async def run(self) -> int:
        """
        Return the exit code: 0, or 1 when of a recording not everything was transcribed.

        Raises:
            CommandError: when nothing could be done at all.
        """
        transcripts = [self._transcript(job) for job in self._jobs]
        failed = False
        complete = False

        async def work() -> None:
            nonlocal failed
            for job, transcript in waiting:
                if not await self._one(stt, job, transcript):
                    failed = True

        try:
            async with make_engine(self._settings.engine, self._settings.options) as engine:
                stt = with_utterances(engine, self._settings.vad, live=self._settings.listens)
                waiting = iter(zip(self._jobs, transcripts, strict=True))
                async with anyio.create_task_group() as tg:
                    for _ in range(min(self._settings.jobs, len(self._jobs))):
                        tg.start_soon(work)
            complete = True
        except BaseException as exc:
            error = told_error(exc)
            if error is exc or isinstance(exc, Exception):
                raise error from error.__cause__
            raise
        finally:
            said = any(transcript.said for transcript in transcripts)
            for sink in self._shared.values():
                self._tell_place(sink.close(complete=complete and said, said=said))
        return int(failed)

    def _transcript(self, job: Job) -> Transcript:
        outputs = [
            (
                make_formatter(target.format, shown_name(job.name), named=self._several),
                self._sink(target),
            )
            for target in job.targets
        ]
        if self._settings.listens and self._display.live and not _on_screen(job):
            outputs.append((make_formatter("txt", job.name), StandardOutput(self._display)))
        return Transcript(outputs, self._journal(job), all_events=self._settings.all_events)

    def _sink(self, target: Target) -> Sink:
        users = sum(each.path == target.path for job in self._jobs for each in job.targets)
        if target.path is not None and users == 1:
            return FileSink(target.path, make_folder=target.in_folder)
        if target.path not in self._orders:
            alone = StandardOutput(self._display) if target.path is None else FileSink(target.path)
            self._shared[target.path] = alone
            self._orders[target.path] = InOrder(alone.write)
        return SharedSink(self._orders[target.path].turn())

    def _journal(self, job: Job) -> Journal | None:
        path = next((target.path for target in job.targets), None)
        own = path is not None and path not in self._orders
        if path is None or not own or is_live(job.name) or (path.exists() and not path.is_file()):
            return None
        return Journal(journal_path(path), job.name, self._settings)

    async def _one(self, stt: STT, job: Job, transcript: Transcript) -> bool:
        complete = False
        try:
            complete = await self._transcribe(stt, job, transcript)
        except CommandError:
            raise
        except Exception as exc:
            error = told_error(exc)
            message = explain(shown_name(job.name), error)
            if message is None:
                raise error from exc
            if not self._several and not isinstance(error, APIError):
                raise CommandError(message) from exc
            self._display.warn(f"anyio-stt: {message}")
        finally:
            self._end(job, transcript, complete=complete)
        return complete

    def _end(self, job: Job, transcript: Transcript, *, complete: bool) -> None:
        for place in transcript.end(complete=complete):
            self._tell_place(place)
        if not complete and transcript.journal is not None and transcript.journal.path.exists():
            self._display.warn(
                f"anyio-stt: {shown_name(job.name)}: the same command goes on from here"
            )
        self._display.finish()

    def _tell_place(self, place: Path | None) -> None:
        if place is not None:
            self._display.warn(
                f"anyio-stt: what was said is in {shown_name(place)}; the former transcript is kept"
            )

    async def _transcribe(self, stt: STT, job: Job, transcript: Transcript) -> bool:
        settings = self._settings
        async with self._open(job.name, settings.raw_format) as audio:
            channels = self._channels(audio)
            heard = audio.num_channels if channels.each else 1
            start = transcript.begin(channels=heard, restart=settings.restart)
            if start:
                self._display.note(f"{told_name(audio)}: going on from {start:.1f} s")
            self._display.begin(told_name(audio), audio.duration)
            transcription = Transcription(
                channels.engine(stt),
                self._display,
                transcript.add,
                language=settings.language,
                start=start,
                jobs=self._pieces(job),
            )
            reading = frames_of(audio, channels.of, start=start, realtime=settings.realtime)
            async with aclosing(reading) as frames:
                await transcription.run(frames)
            if transcription.lost > _LOST:
                self._display.warn(
                    f"anyio-stt: {told_name(audio)}: {transcription.lost:.2f} s could not be "
                    "recognised"
                )
            # What could not be read was told as it was met.
            return not audio.lost and transcription.lost <= _LOST

    def _pieces(self, job: Job) -> int:
        """Return into how many pieces at once the recording may be cut: what is live is not."""
        if self._several or self._settings.realtime or is_live(job.name):
            return 1
        return self._settings.jobs if _seconds_at_least(job.name) else 1

    def _channels(self, audio: AudioReader) -> Channels:
        name = told_name(audio)

        def warn(what: str) -> None:
            kind = what.removeprefix(name)
            if kind not in self._warned:
                self._warned.add(kind)
                self._display.note(f"anyio-stt: {what}")

        return Channels(self._settings.channels, audio.num_channels, warn, name)


def _on_screen(job: Job) -> bool:
    return any(target.path is None for target in job.targets)


def _seconds_at_least(name: str) -> bool:
    """Tell whether a file is long enough to be cut, from its size alone."""
    return os.path.getsize(name) > 1 << 20
