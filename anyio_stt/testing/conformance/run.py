"""One stream from its start to its end, and everything that was seen of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import anyio

from ...audio.frame import AudioFrame
from ...events import SpeechEvent, SpeechEventType
from ...metrics import StreamStatistics, STTError, STTMetrics
from ...options import APIConnectOptions
from ...stream import RecognizeStream
from ...stt import STT
from .guard import guarded
from .probe import BreakPoint, EngineAbandonedError, RawAttempt

__all__ = ("Item", "Run", "play")

Item: TypeAlias = AudioFrame | Literal["flush"]
"""What is pushed; the input is ended after the last item."""


@dataclass(slots=True)
class Run:
    """
    What was seen of one stream.

    Args:
        pushed: seconds of audio that were pushed.
        events: what the consumer got.
        attempts: what the engine did.
        metrics: what `metrics_collected` said meanwhile, other streams of the STT included.
        failures: the attempts that failed, as `error` told of them.
        error: what iterating raised.
        ended: whether iteration ended by itself in time.
        statistics: what became of the audio, once the block was left.
    """

    pushed: float
    events: list[SpeechEvent] = field(default_factory=list)
    attempts: list[RawAttempt] = field(default_factory=list)
    metrics: list[STTMetrics] = field(default_factory=list)
    failures: list[STTError] = field(default_factory=list)
    error: Exception | None = None
    ended: bool = False
    statistics: StreamStatistics | None = None

    @property
    def finals(self) -> list[SpeechEvent]:
        """The finals that the consumer got."""
        return [each for each in self.events if each.type is SpeechEventType.FINAL_TRANSCRIPT]

    @property
    def text(self) -> str:
        """All that the finals say."""
        return " ".join(final.alternatives[0].text for final in self.finals if final.alternatives)

    @property
    def raw_finals(self) -> list[SpeechEvent]:
        """The finals as the last attempt sent them."""
        said = self.attempts[-1].said if self.attempts else []
        return [each.event for each in said if each.event.type is SpeechEventType.FINAL_TRANSCRIPT]


async def play(
    stt: STT,
    items: Sequence[Item],
    *,
    options: APIConnectOptions,
    patience: float,
    break_at: BreakPoint | None = None,
) -> Run:
    """
    Push *items* into a new stream of *stt*, end the input, and read to the end.

    Never waits for ever: an engine that takes more than *patience* seconds longer than the audio
    lasts is cancelled, and abandoned if that does not help.
    """
    run = Run(sum(item.duration for item in items if isinstance(item, AudioFrame)))
    limit = patience + run.pushed
    stt.on("metrics_collected", run.metrics.append)
    stt.on("error", run.failures.append)
    try:
        stream = stt.stream(conn_options=options)
        async with guarded(stream, limit + patience, break_at=break_at) as (_, probe):
            run.attempts = probe.attempts
            await _through(stream, items, run, limit)
        run.statistics = stream.statistics()
    except EngineAbandonedError:
        run.ended = False
    except Exception as exc:  # noqa: BLE001 - the checks judge it
        run.error = exc
    finally:
        stt.off("metrics_collected", run.metrics.append)
        stt.off("error", run.failures.append)
    return run


async def _through(stream: RecognizeStream, items: Sequence[Item], run: Run, limit: float) -> None:
    async with anyio.create_task_group() as group:
        with anyio.move_on_after(limit):
            group.start_soon(_push, stream, items)
            try:
                async for event in stream:
                    run.events.append(event)
                run.ended = True
            except Exception as exc:  # noqa: BLE001 - the checks judge it
                run.error = exc
        group.cancel_scope.cancel()


async def _push(stream: RecognizeStream, items: Sequence[Item]) -> None:
    try:
        for item in items:
            if isinstance(item, AudioFrame):
                await stream.send_frame(item)
            else:
                stream.flush()
        stream.end_input()
    except RuntimeError:  # the stream has ended; whoever reads it is told why
        return
