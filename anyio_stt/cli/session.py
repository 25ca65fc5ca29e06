"""One run of `anyio-stt transcribe`: recordings, one engine, one exit code."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from anyio_stt import APIError
from anyio_stt.batch import ClusterError, SideBySide
from anyio_stt.batch.in_order import InOrder

from .display import Display
from .errors import CommandError
from .failures import explain, told_error
from .formats import make_formatter
from .journal import Journal, journal_path
from .output import FileSink, SharedSink, Sink, StandardOutput
from .plan import Job, Target, is_done, make_plan
from .recordings import is_live, open_recording
from .settings import Settings
from .shown import shown_name
from .telling import Shown
from .transcribing import Open, Transcriber, transcribing
from .transcript import Transcript

__all__ = ("Session",)


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
        self, settings: Settings, display: Display, *, open_audio: Open = open_recording
    ) -> None:
        self._settings = settings
        self._display = display
        self._open = open_audio
        planned = make_plan(settings)
        self._several = len(planned) > 1
        self._jobs = [job for job in planned if not (settings.skip_existing and is_done(job))]
        self._users = Counter(target.path for job in planned for target in job.targets)
        self._said = False
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
        failed = complete = False
        try:
            async with transcribing(self._settings, self._open) as there:
                work = partial(self._one, there)
                async with SideBySide(self._work(), work, jobs=there.places) as results:
                    async for well in results:
                        failed = failed or not well
            complete = True
        except ClusterError as exc:
            raise CommandError(f"--cluster {self._settings.cluster}: {exc}") from exc
        except BaseException as exc:
            error = told_error(exc)
            if error is exc or isinstance(exc, Exception):
                raise error from error.__cause__
            raise
        finally:
            for sink in self._shared.values():
                self._tell_place(sink.close(complete=complete and self._said, said=self._said))
        return int(failed)

    def _work(self) -> Iterator[tuple[Job, Transcript]]:
        """Make each transcript when its turn has come: there may be very many."""
        for job in self._jobs:
            yield job, self._transcript(job)

    def _transcript(self, job: Job) -> Transcript:
        outputs = [
            (
                make_formatter(
                    target.format, shown_name(job.name), named=self._users[target.path] > 1
                ),
                self._sink(job, target),
            )
            for target in job.targets
        ]
        if self._settings.listens and self._display.live and not _on_screen(job):
            outputs.append((make_formatter("txt", job.name), StandardOutput(self._display)))
        return Transcript(outputs, self._journal(job), all_events=self._settings.all_events)

    def _sink(self, job: Job, target: Target) -> Sink:
        if target.path is not None and self._users[target.path] == 1:
            # What cannot be gone on with would be taken for done by the next run.
            whole = self._settings.skip_existing and _is_unversioned(job)
            return FileSink(target.path, make_folder=target.in_folder, whole=whole)
        if target.path not in self._orders:
            alone = StandardOutput(self._display) if target.path is None else FileSink(target.path)
            self._shared[target.path] = alone
            self._orders[target.path] = InOrder(alone.write)
        return SharedSink(self._orders[target.path].turn())

    def _journal(self, job: Job) -> Journal | None:
        path = next((target.path for target in job.targets if target.path is not None), None)
        own = path is not None and path not in self._orders
        if path is None or not own or (path.exists() and not path.is_file()):
            return None
        if _is_unversioned(job):
            return None
        return Journal(journal_path(path), job.name, self._settings, job.version)

    async def _one(self, there: Transcriber, work: tuple[Job, Transcript]) -> bool:
        job, transcript = work
        complete = finished = False
        try:
            complete = await self._transcribe(there, job, transcript)
            finished = True
        except (CommandError, ClusterError):
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
            self._end(job, transcript, complete=complete, finished=finished)
        return complete

    def _end(self, job: Job, transcript: Transcript, *, complete: bool, finished: bool) -> None:
        self._said = self._said or transcript.said
        for place in transcript.end(complete=complete, finished=finished):
            self._tell_place(place)
        if transcript.goes_on_from is not None:
            self._display.warn(
                f"anyio-stt: {shown_name(job.name)}: run the same command again to continue from "
                f"{transcript.goes_on_from:.1f} s"
            )
        self._display.finish()

    def _tell_place(self, place: Path | None) -> None:
        if place is not None:
            former = place.with_name(f"{place.stem.removesuffix('.partial')}{place.suffix}")
            kept = "; the previous transcript is kept" if former.exists() else ""
            self._display.warn(f"anyio-stt: the transcript so far is in {shown_name(place)}{kept}")

    async def _transcribe(self, there: Transcriber, job: Job, transcript: Transcript) -> bool:
        shown = Shown(transcript, self._display, self._note, restart=self._settings.restart)
        complete = await there.run(job, shown, self._pieces(job))
        if shown.missing:
            self._display.warn(
                f"anyio-stt: {shown.name}: {shown.missing:.2f} s could not be recognised"
            )
        return complete

    def _pieces(self, job: Job) -> int:
        """Return into how many pieces at once the recording may be cut: what is live is not."""
        if len(self._jobs) > 1 or self._settings.realtime or is_live(job.name):
            return 1
        if not _is_long(job.name):
            return 1
        if self._settings.all_events:
            if self._settings.jobs_given and self._settings.jobs > 1:
                self._display.note("anyio-stt: --all-events leaves the recording in one piece")
            return 1
        return self._settings.jobs

    def _note(self, name: str, message: str) -> None:
        """Say what is the same of many recordings for the first one only."""
        kind = message.removeprefix(name)
        if kind not in self._warned:
            self._warned.add(kind)
            self._display.note(f"anyio-stt: {message}")


def _on_screen(job: Job) -> bool:
    return any(target.path is None for target in job.targets)


def _is_unversioned(job: Job) -> bool:
    """Tell whether nobody could say that it is the same recording when it is opened again."""
    return is_live(job.name) and job.version is None


def _is_long(name: str) -> bool:
    """Tell whether a file is long enough to be cut, from its size alone."""
    return os.path.getsize(name) > 1 << 20
