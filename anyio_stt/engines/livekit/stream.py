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
from .habits import Habits
from .translation import our_event

if TYPE_CHECKING:
    from .stt import LiveKitSTT

__all__ = ("LiveKitStream",)


class LiveKitStream(RecognizeStream):
    """
    Made by `LiveKitSTT.stream()`.

    Args:
        stt: whose stream it is.
        make_stream: makes a stream of a plugin, in the plugin's loop.
        asked: of which, and how.
        home: says where the plugin lives.
        conn_options: retries, deadlines and bounds.
        habits: what the plugin does that LiveKit's interface does not tell.
    """

    def __init__(
        self,
        *,
        stt: LiveKitSTT,
        make_stream: Callable[[Asked], Any],
        asked: Asked,
        home: Callable[[], Home],
        conn_options: APIConnectOptions,
        habits: Habits,
    ) -> None:
        super().__init__(stt=stt, conn_options=conn_options, options=asked)
        self._make_stream = make_stream
        self._home = home
        self._grace = conn_options.close_timeout
        self._habits = habits
        self._doubted = False
        self._streams = 0

    async def _run(self) -> None:
        await self._home().stream(self._play, self._input_ch, self._take)

    def _take(self, told: SpeechEvent | float) -> None:
        """Take an event, or until where there are no words to come."""
        if isinstance(told, SpeechEvent):
            self._event_ch.send_nowait(told)
        else:
            self._report_silence(told)

    async def _play(self, source: AsyncIterator[Any], send: Callable[[Any], None]) -> None:
        """Run streams of the plugin, one or one up to each flush; in the plugin's loop."""
        answered = AnsweredSource(source, send)
        start: float | None = 0.0
        while start is not None:
            self._streams += 1
            answered.start = start
            heard = await play(
                partial(self._make_stream, self._options),
                answered,
                partial(self._say, answered, send),
                label=self.label,
                grace=self._grace,
                habits=self._habits,
                doubt=self._doubt,
            )
            # Another one is worth its while only if there is something to hear.
            more = heard is not None and await answered.has_more()
            start = start + heard if heard is not None and more else None

    def _say(
        self, answered: AnsweredSource, send: Callable[[Any], None], stream: Any, event: Any
    ) -> None:
        said = _translated(self._streams, answered.start, stream, event)
        send(said)
        answered.said(said)

    def _core_flushes_only(self) -> bool:
        return False  # their `manual_flush` says that it can be, not that it has to be

    def _doubt(self) -> bool:
        """Whether an end in the middle of an utterance is a failure: the first is, not more."""
        # A connection that was lost ends so, and so does a guess that came to nothing: then the
        # same audio would end so for ever.
        first, self._doubted = not self._doubted, True
        return first


def _translated(number: int, start: float, stream: Any, event: Any) -> SpeechEvent:
    offset, began = getattr(stream, "start_time_offset", 0.0), getattr(stream, "start_time", None)
    said = our_event(event, offset=offset - start, began=None if began is None else began - start)
    if number > 1:  # its speakers are counted anew
        said = replace(said, alternatives=[_of(number, data) for data in said.alternatives])
    return said


def _of(number: int, data: SpeechData) -> SpeechData:
    if data.speaker_id is None:
        return data
    return replace(data, speaker_id=f"{data.speaker_id}.{number}")
