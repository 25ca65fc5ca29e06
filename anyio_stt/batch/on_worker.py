"""What is done in a worker of a cluster: one recording, or a piece of one."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from contextlib import aclosing, nullcontext
from dataclasses import dataclass, field

from ..audio.pause_cutting import PauseCutter
from ..audio.reader import AudioReader
from ..events import SpeechEvent, SpeechEventType
from ..exceptions import APIError
from ..options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions
from ..stt import STT
from .channels import Channels
from .follower import Follower
from .opening import frames_of, open_recording, told_name
from .pieces import PAUSE
from .results import Recording
from .transcription import Transcription, overlap_of

__all__ = ("Report", "Task", "perform")

_PIECE = (120.0, 180.0)  # seconds; on a cluster, each is decoded from the recording's beginning
_LONG = 1.5 * _PIECE[1]


@dataclass(frozen=True)
class Task:
    """
    What a worker shall do. Times are in seconds.

    Args:
        recording: which recording.
        language: what is spoken, or None.
        channels: which are heard.
        covered: up to where an interrupted run has got, by channel.
        piece: from where to where it is to be heard; None is the whole, but if that is long the
            answer is where to cut it.
        conn_options: retries, deadlines and bounds.
    """

    recording: Recording
    language: str | None = None
    channels: str = "mix"
    covered: Mapping[int | None, float] = field(default_factory=dict)
    piece: tuple[float, float] | None = None
    conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS


@dataclass
class Report:
    """
    What a worker has done. Times are in seconds.

    Args:
        start: from where it has heard the recording.
        finals: what was said.
        notes: what a person may want to know.
        cuts: where the recording is to be cut, if it is long.
        overlap: how much before and behind itself a piece is to hear.
        given: what the engine was given.
        lost: what of that it could not answer for.
        lost_ranges: where that is, as far as it is known.
        unread: what could not be read.
        error: what went wrong.
    """

    start: float = 0.0
    finals: list[SpeechEvent] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    cuts: list[float] = field(default_factory=list)
    overlap: tuple[float, float] = (0.0, 0.0)
    given: float = 0.0
    lost: float = 0.0
    lost_ranges: list[tuple[float, float]] = field(default_factory=list)
    unread: list[tuple[float, float]] = field(default_factory=list)
    error: Exception | None = None


async def perform(stt: STT, task: Task) -> Report:
    """Do *task* with *stt*; what goes wrong is in the report."""
    follower = _Noting(task)
    report = follower.report
    transcription = Transcription(
        stt,
        follower,
        language=task.recording.language or task.language,
        channels=task.channels,
        until=None if task.piece is None else task.piece[1],
        conn_options=task.conn_options,
    )
    try:
        async with open_recording(task.recording) as audio:
            if task.piece is None and (audio.duration or 0.0) > _LONG:
                report.overlap = overlap_of(stt)
                await _survey(audio, task, follower)
            else:
                await transcription.run(nullcontext(audio))
            report.unread = list(audio.lost)
    except Exception as exc:  # noqa: BLE001 - told where the recordings are
        report.error = _portable(exc)
    report.given, report.lost = transcription.given, transcription.lost
    report.lost_ranges = transcription.lost_ranges
    return report


class _Noting(Follower):
    def __init__(self, task: Task) -> None:
        self._task = task
        self.report = Report()

    def opened(self, audio: AudioReader, channels: int) -> float:  # noqa: ARG002
        covered, piece = self._task.covered, self._task.piece
        if piece is not None:
            self.report.start = piece[0]
        elif len(covered) >= channels:  # else one of them has said nothing yet
            self.report.start = min(covered.values())
        return self.report.start

    def event(self, event: SpeechEvent) -> None:
        if event.type is SpeechEventType.FINAL_TRANSCRIPT:
            self.report.finals.append(event)

    def note(self, message: str) -> None:
        self.report.notes.append(message)


async def _survey(audio: AudioReader, task: Task, follower: _Noting) -> None:
    """Find where a long recording is to be cut; the first place is where it begins."""
    name = told_name(audio.name)
    channels = Channels(task.channels, audio.num_channels, follower.note, name)
    position = follower.opened(audio, audio.num_channels if channels.each else 1)
    cutter = PauseCutter(shortest=_PIECE[0], longest=_PIECE[1], pause=PAUSE)
    follower.report.cuts.append(position)
    async with aclosing(frames_of(audio, channels.of, start=position)) as frames:
        async for frame in frames:
            piece = cutter.push(frame)
            if piece is not None:
                position += piece.duration
                follower.report.cuts.append(position)


def _portable(error: Exception) -> Exception:
    """Return *error* if it can be sent, or else one that says the same."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - whatever it holds
        return APIError(str(error) or type(error).__name__, retryable=False)
    return error
