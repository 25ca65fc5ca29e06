"""A stream whose attempts are streams of a plugin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ...events import SpeechData, SpeechEvent
from ...options import APIConnectOptions
from ...stream import RecognizeStream
from ...workers.homes import Home
from .attempt import play
from .changing import Asked
from .flushes import AnsweredSource
from .translation import our_event

if TYPE_CHECKING:
    from .stt import LiveKitSTT

__all__ = ("LiveKitStream",)

_SILENCE = 2.0  # seconds; detectors of speech on servers wait for less


class LiveKitStream(RecognizeStream):
    """
    Made by `LiveKitSTT.stream()`.

    Args:
        stt: whose stream it is.
        make_stream: makes a stream of a plugin, in the plugin's loop.
        asked: of which, and how.
        home: says where the plugin lives.
        conn_options: retries, deadlines and bounds.
        settle: see `LiveKitSTT`.
    """

    def __init__(
        self,
        *,
        stt: LiveKitSTT,
        make_stream: Callable[[Asked], Any],
        asked: Asked,
        home: Callable[[], Home],
        conn_options: APIConnectOptions,
        settle: float | None,
    ) -> None:
        super().__init__(stt=stt, conn_options=conn_options, options=asked)
        self._make_stream = make_stream
        self._home = home
        self._grace = conn_options.close_timeout
        self._settle = settle
        # Who has no times commits nothing at the end: its server waits for a pause, for ever.
        timed = stt.capabilities.aligned_transcript
        self._silence = 0.0 if settle is None or timed else _SILENCE
        self._doubted = False
        self._attempts = 0

    async def _run(self) -> None:
        await self._home().stream(self._play, self._input_ch, self._take)

    def _take(self, told: SpeechEvent | float) -> None:
        """Take an event, or until where there are no words to come."""
        if isinstance(told, SpeechEvent):
            self._event_ch.send_nowait(told)
        else:
            self._report_silence(told)

    async def _play(self, source: AsyncIterator[Any], send: Callable[[Any], None]) -> None:
        """Run one stream of the plugin; in the plugin's loop."""
        self._attempts += 1
        answered = AnsweredSource(source, send)

        def say(stream: Any, event: Any) -> None:
            said = _translated(self._attempts, stream, event)
            send(said)
            answered.said(said)

        await play(
            partial(self._make_stream, self._options),
            answered,
            say,
            label=self.label,
            grace=self._grace,
            settle=self._settle,
            silence=self._silence,
            doubt=self._doubt,
        )

    def _core_flushes_only(self) -> bool:
        return False  # their `manual_flush` says that it can be, not that it has to be

    def _doubt(self) -> bool:
        """Whether an end in the middle of an utterance is a failure: the first is, not more."""
        # A connection that was lost ends so, and so does a guess that came to nothing: then the
        # same audio would end so for ever.
        first, self._doubted = not self._doubted, True
        return first


def _translated(attempt: int, stream: Any, event: Any) -> SpeechEvent:
    offset, began = getattr(stream, "start_time_offset", 0.0), getattr(stream, "start_time", None)
    said = our_event(event, offset=offset, began=began)
    if attempt > 1:  # its speakers are counted anew
        said = replace(said, alternatives=[_of(attempt, data) for data in said.alternatives])
    return said


def _of(attempt: int, data: SpeechData) -> SpeechData:
    if data.speaker_id is None:
        return data
    return replace(data, speaker_id=f"{data.speaker_id}.{attempt}")
