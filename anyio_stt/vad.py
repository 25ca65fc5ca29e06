"""Voice activity: audio in, the beginnings and ends of speech out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from ._core.audio_stream import AudioStream
from ._core.delivery import Delivery
from ._core.reader import InputReader, ReadListener
from ._core.wanted import WantedAudio
from ._measuring.vad_meter import VADMeter
from ._rules.lifecycle import State
from ._util.emitter import EventEmitter
from .exceptions import APIError
from .options import APIConnectOptions
from .voice import VADCapabilities, VADEvent, VADEventType

__all__ = ("VAD", "VADSink", "VADStream")

# A detector has one attempt: nothing is kept to be heard again.
_ONE_ATTEMPT = APIConnectOptions(max_retry=0)


class VAD(ABC, EventEmitter):
    """
    A voice activity detector.

    Listeners of `metrics_collected` get a `VADMetrics` for about each second of audio.

    A detector subclasses it and writes `stream`.

    Args:
        capabilities: what the detector can do.
    """

    EVENTS = frozenset({"metrics_collected"})

    def __init__(self, *, capabilities: VADCapabilities) -> None:
        super().__init__()
        self._capabilities = capabilities
        self._label = f"{type(self).__module__}.{type(self).__name__}"

    @property
    def label(self) -> str:
        """What logs and errors call the detector."""
        return self._label

    @property
    def capabilities(self) -> VADCapabilities:
        """What the detector can do."""
        return self._capabilities

    @abstractmethod
    def stream(self) -> VADStream:
        """Make a stream; it starts nothing until its block is entered."""


class VADSink:
    """What a detector sends its events to."""

    __slots__ = ("_put",)

    def __init__(self, put: Callable[[VADEvent], None]) -> None:
        self._put = put

    def send_nowait(self, event: VADEvent) -> None:
        """
        Say *event*; never blocks.

        Raises:
            TypeError: for anything but a `VADEvent`.
        """
        if not isinstance(event, VADEvent):
            raise TypeError(f"a detector sends VADEvents, got {type(event).__name__}")
        self._put(event)


class VADStream(AudioStream[VADEvent]):
    """
    Push audio in, iterate events out; made by `VAD.stream()`.

    It has the input and the lifetime of a `RecognizeStream`. `flush()` ends an open segment of
    speech at once. Of several `INFERENCE_DONE` in a row that nobody has read, the newest is
    kept; `START_OF_SPEECH` and `END_OF_SPEECH` are never dropped.

    A detector subclasses it and writes `_run`, which reads `self._input_ch` and sends to
    `self._event_ch`. It is run once: what it raises is raised by iterating the stream.

    Args:
        vad: the detector that makes the stream.
        sample_rate: the rate that the detector wants; audio is resampled to it. `None` takes any.
        frame_duration: the length of the frames it wants, in seconds; shorter ones come only
            before a marker. `None` takes what comes.
        conn_options: how much audio may wait, and how long closing may take.
    """

    def __init__(
        self,
        vad: VAD,
        *,
        sample_rate: int | None = None,
        frame_duration: float | None = None,
        conn_options: APIConnectOptions = _ONE_ATTEMPT,
    ) -> None:
        super().__init__(
            label=vad.label,
            options=conn_options,
            replay_limit=0.0,
            wanted=WantedAudio(sample_rate, None, frame_duration),
        )
        self._vad = vad
        self._core_vad = vad

    @abstractmethod
    async def _run(self) -> None:
        """Read `self._input_ch` to its end, send events to `self._event_ch`."""

    def _core_make_delivery(self) -> Delivery[VADEvent]:
        return Delivery(
            is_guess=lambda event: event.type is VADEventType.INFERENCE_DONE,
            is_aside=lambda _: False,
        )

    def _core_on_start(self) -> None:
        self._input_ch = InputReader(self._core_queue, self._FlushSentinel(), ReadListener())
        interval = self._core_vad.capabilities.update_interval
        self._core_meter = VADMeter(self._core_label, interval, self._core_vad.emit)
        self._event_ch = VADSink(self._core_say)

    def _core_say(self, event: VADEvent) -> None:
        self._core_delivery.put(event)
        self._core_meter.note(event)

    def _core_begin_attempt(self) -> bool:
        return True

    def _core_end_attempt(self, error: Exception | None) -> None:
        self._input_ch.close()
        if error is None and self._core_lifecycle.state is State.OPEN:
            error = APIError(
                f"{self._core_label} returned before the end of its input: its _run reads "
                f"self._input_ch to the end",
                retryable=False,
            )
        if error is not None:
            raise error
