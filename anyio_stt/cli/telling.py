"""What the command does with what it is told of a recording."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from anyio_stt import SpeechEvent, SpeechEventType
from anyio_stt.audio import AudioReader
from anyio_stt.batch.follower import Follower
from anyio_stt.batch.opening import told_name
from anyio_stt.batch.transcription import LOST

from .display import Display
from .shown import shown_name
from .transcript import Transcript

__all__ = ("Shown",)

_TOLD = 3
_GUESSES = (SpeechEventType.INTERIM_TRANSCRIPT, SpeechEventType.PREFLIGHT_TRANSCRIPT)


class Shown(Follower):
    """
    Writes the transcript of one recording, and shows how far it is.

    Args:
        transcript: is given every event, and knows where an interrupted run has ended.
        display: what the user sees.
        note: is told what a person may want to know, after the recording's name.
        restart: whether to forget an interrupted run.
    """

    def __init__(
        self,
        transcript: Transcript,
        display: Display,
        note: Callable[[str, str], None],
        *,
        restart: bool = False,
    ) -> None:
        self.watches: bool = display.live
        self._transcript = transcript
        self._display = display
        self._note = note
        self._restart = restart
        self._told = ""
        self.missing: float = 0.0
        """How many seconds the engine could not answer for."""

    @property
    def name(self) -> str:
        """What the recording is called, short and safe to show."""
        return shown_name(self._told)

    def opened(self, audio: AudioReader, channels: int) -> float:
        """Begin with what an interrupted run has said, and go on from its end."""
        self._told = told_name(audio.name)
        self._transcript.begin(restart=self._restart)
        start = self._transcript.start(channels)
        self.began(start)
        self._display.begin(self.name, audio.duration)
        return start

    def began(self, start: float) -> None:
        """Say from where an interrupted run is gone on with."""
        if start:
            self._display.note(f"{self.name}: continuing from {start:.1f} s")

    def opened_elsewhere(self, name: str) -> Mapping[int | None, float]:
        """Begin, and return up to where an interrupted run has got, by channel."""
        self._told = told_name(name)
        self._transcript.begin(restart=self._restart)
        self._display.begin(self.name, None)
        return self._transcript.covered

    def unheard(self, ranges: Sequence[tuple[float, float]], seconds: float = 0.0) -> None:
        """
        Be told where the engine could not answer: a next run hears it again.

        Args:
            ranges: where, as far as it is known.
            seconds: how much of a recording that was heard to its end.
        """
        if seconds > LOST:
            self.missing = seconds
            ranges = ranges or [(0.0, seconds)]
        for first, _ in ranges:
            self._transcript.forget(first)

    def unread(self, ranges: Sequence[tuple[float, float]]) -> None:
        """Name what could not be read somewhere else."""
        told = ", ".join(f"{first:.3f} to {last:.3f} s" for first, last in ranges[:_TOLD])
        more = f" and {len(ranges) - _TOLD} more" if len(ranges) > _TOLD else ""
        self._display.warn(f"anyio-stt: {self.name}: {told}{more} could not be read")

    def event(self, event: SpeechEvent) -> None:
        """Show guesses, and write."""
        if event.type in _GUESSES and event.alternatives:
            self._display.guess(event.alternatives[0].text)
        self._transcript.add(event)

    def advance(self, position: float, elapsed: float, *, lag: float = 0.0) -> None:
        """Move the bar."""
        self._display.advance(position, elapsed, lag=lag)

    def note(self, message: str) -> None:
        """Tell it."""
        self._note(self._told, message)
