"""What a scenario writes down, as values that JSON has."""

from __future__ import annotations

import json
import zlib
from typing import Any

import anyio

from .shim import AudioFrame

__all__ = ("Record", "caught_as", "error_seen", "event_seen", "frame", "item_seen", "pause")

_FAMILY = (
    "APITimeoutError", "APIConnectionError", "APIStatusError", "APIError", "AttributeError",
    "AssertionError", "NotImplementedError", "RuntimeError", "ValueError", "TypeError",
    "StopAsyncIteration",
)  # fmt: skip


def frame(number: int = 1, samples: int = 160, rate: int = 16000, channels: int = 1) -> Any:
    """Return audio whose samples all are *number*."""
    data = number.to_bytes(2, "little", signed=True) * samples * channels
    return AudioFrame(data, rate, channels, samples)


def item_seen(item: Any, marker: type) -> str:
    if isinstance(item, marker):
        return "marker"
    data = bytes(item.data)
    what = f"{item.samples_per_channel} @ {item.sample_rate} x {item.num_channels}"
    return f"{what} = {zlib.crc32(data):08x}"


def event_seen(event: Any) -> list[Any]:
    """Return kind, request, readings and usage of *event*."""
    readings = [
        [str(d.language), d.text, d.start_time, d.end_time, d.confidence]
        for d in event.alternatives
    ]
    usage = event.recognition_usage
    return [event.type.value, event.request_id, readings, usage and usage.audio_duration]


def error_seen(error: BaseException | None) -> str | None:
    """Return what an `except` clause and a log see of *error*: class <family>: text, from cause."""
    if error is None:
        return None
    cause = f", from {type(error.__cause__).__name__}" if error.__cause__ else ""
    return f"{caught_as(error)}: {error}{cause}"


def caught_as(error: BaseException | None) -> str | None:
    """Return the class of *error*, and the better known one that catches it too."""
    if error is None:
        return None
    names = [each.__name__ for each in type(error).__mro__]
    family = next((name for name in names if name in _FAMILY), "Exception")
    return names[0] if family == names[0] else f"{names[0]} <{family}>"


async def pause(seconds: float = 0.02) -> None:
    await anyio.sleep(seconds)


class Record:
    """What one scenario saw, field by field."""

    def __init__(self) -> None:
        self._seen: dict[str, Any] = {}

    def note(self, field: str, value: Any) -> None:
        """Write *value* down."""
        self._seen[field] = json.loads(json.dumps(value))

    def call(self, field: str, function: Any, *args: Any, **kwargs: Any) -> Any:
        """Call, and note what is raised."""
        try:
            result = function(*args, **kwargs)
        except Exception as exc:
            self.note(field, error_seen(exc))
            return None
        self.note(field, error_seen(None))
        return result

    def watch(self, engine: Any) -> None:
        """Note what listeners are told."""
        self.metrics: list[Any] = []
        self.errors: list[Any] = []
        engine.on("metrics_collected", lambda each: self.metrics.append(_metrics_seen(each)))
        engine.on("error", lambda e: self.errors.append([type(e.error).__name__, e.recoverable]))

    async def events(self, stream: Any, field: str = "events") -> None:
        """Iterate *stream* to its end; note its events and what it raises."""
        seen: list[Any] = []
        error: BaseException | None = None
        try:
            async for event in stream:
                seen.append(event_seen(event))  # noqa: PERF401 - kept up to the failure
        except Exception as exc:
            error = exc
        self.note(field, seen)
        self.note("raised", error_seen(error))

    def finish(self, engine: Any = None) -> dict[str, Any]:
        """Return the fields; those of *engine* and of `watch` included."""
        if hasattr(self, "metrics"):
            self.note("metrics", self.metrics)
            self.note("errors", self.errors)
        if engine is not None:
            self.note("heard", engine.heard)
        return self._seen


def _metrics_seen(metrics: Any) -> list[Any]:
    """Return request, label without its module, audio seconds, whether streamed."""
    label = metrics.label.rpartition(".")[2]
    return [metrics.request_id, label, round(float(metrics.audio_duration), 6), metrics.streamed]
