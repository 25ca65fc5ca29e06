"""What can be observed of an engine, as methods to override."""

from __future__ import annotations

from ..events import SpeechEvent
from ..metrics import STTError, STTMetrics
from ..stream import RecognizeStream
from ..stt import STT

__all__ = ("Observer",)

_EVENTS = (
    "stream_started",
    "stream_ended",
    "attempt_started",
    "attempt_ended",
    "speech_event",
    "metrics_collected",
    "error",
)


class Observer:
    """
    Sees what engines do; a subclass overrides the methods that it needs.

    The methods are called on the event loop, synchronously, and must be quick. One that raises
    is logged and harms no stream. Of an adapter, an observer hears of its own streams and of the
    metrics and errors of its members. To hear of the members' streams, give the members another
    observer: one for both would hear of the same metrics and errors twice.
    """

    def observe(self, stt: STT) -> None:
        """Listen to *stt* from now on; a second time changes nothing."""
        for event in self._wanted():
            stt.on(event, getattr(self, f"on_{event}"))

    def forget(self, stt: STT) -> None:
        """
        Listen to *stt* no more; best when its streams have ended.

        Of those that are open, nobody hears the end: an observer that counts open streams goes
        on counting them.
        """
        for event in self._wanted():
            stt.off(event, getattr(self, f"on_{event}"))

    def _wanted(self) -> list[str]:
        # What is not overridden is not listened to, and costs the engine nothing.
        return [
            event
            for event in _EVENTS
            if getattr(type(self), f"on_{event}") is not getattr(Observer, f"on_{event}")
        ]

    def on_stream_started(self, stream: RecognizeStream) -> None:
        """*stream* begins."""

    def on_stream_ended(self, stream: RecognizeStream, failure: Exception | None) -> None:
        """*stream* is over, with what it failed with, if it did."""

    def on_attempt_started(self, stream: RecognizeStream, number: int) -> None:
        """Attempt *number* of *stream* begins, counted from 1."""

    def on_attempt_ended(self, stream: RecognizeStream, error: Exception | None) -> None:
        """The attempt is over; not called for one that the stream's end cuts off."""

    def on_speech_event(self, stream: RecognizeStream, event: SpeechEvent) -> None:
        """*event* was said; only of streams that began after `observe`."""

    def on_metrics_collected(self, metrics: STTMetrics) -> None:
        """Some audio was recognised."""

    def on_error(self, error: STTError) -> None:
        """An attempt failed."""
