"""
Sees what an engine itself reads and says, before the base completes, drops and shifts it.

The hook: a stream runs each attempt by calling its `_run`, which reads
`self._input_ch` and writes `self._event_ch`. A probe puts its own `_run` on the stream object,
and there its own recorders around both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import anyio

from ...audio.frame import AudioFrame
from ...events import SpeechEvent
from ...exceptions import APIConnectionError
from ..backends import current_task, wake
from ..stepping import Stepped

__all__ = ("BreakPoint", "EngineAbandonedError", "Probe", "RawAttempt", "Said")

BreakPoint: TypeAlias = float | Literal["end"]
"""Where the first attempt loses its connection: after so many seconds of audio, or at the end."""


_ABANDONED: list[object] = []
"""Kept, because Python would try to close them again and complain where nobody listens."""


class EngineAbandonedError(Exception):
    """Raised in place of an engine that does not end, so that the suite can."""


@dataclass(frozen=True, slots=True)
class Said:
    """
    One event as the engine sent it.

    Args:
        event: with times counted from the attempt's first sample.
        heard: seconds of audio that the attempt had read by then.
    """

    event: SpeechEvent
    heard: float


@dataclass(slots=True)
class RawAttempt:
    """
    One attempt as the engine made it.

    Args:
        heard: seconds of audio it has read.
        markers: flush markers it has read.
        ended: whether it read to the end of the input.
        said: its events.
        said_late: events it sent after its `_run` had ended.
        outcome: what became of `_run`.
    """

    heard: float = 0.0
    markers: int = 0
    ended: bool = False
    said: list[Said] = field(default_factory=list)
    said_late: list[SpeechEvent] = field(default_factory=list)
    outcome: Literal["running", "returned", "failed", "cancelled", "broken"] = "running"
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope, repr=False)


class Probe:
    """
    Watches the attempts of one stream.

    Args:
        break_at: lose the connection there, in the first attempt.
    """

    def __init__(self, break_at: BreakPoint | None = None) -> None:
        self.attempts: list[RawAttempt] = []
        self.abandoned: bool = False
        self._break_at = break_at
        self._task: Any = None
        self._running = False

    def attach(self, stream: Any) -> None:
        """Watch *stream*, which has not been started."""
        engine_run = stream._run  # noqa: SLF001 - the hook that the module's head describes

        async def run() -> None:
            attempt = RawAttempt()
            self.attempts.append(attempt)
            break_at = self._break_at if len(self.attempts) == 1 else None
            stream._input_ch = _Reader(stream._input_ch, attempt, break_at)  # noqa: SLF001
            stream._event_ch = _Sink(stream._event_ch, attempt)  # noqa: SLF001
            self._task = current_task()
            await self._attempt(attempt, engine_run)

        stream._run = run  # noqa: SLF001

    def abandon(self) -> None:
        """Give up on an engine that ignores its cancellation: it is never resumed again."""
        if self._running:
            self.abandoned = True
            wake(self._task, EngineAbandonedError("the engine did not end"))

    async def _attempt(self, attempt: RawAttempt, engine_run: Callable[[], Any]) -> None:
        self._running = True
        try:
            with attempt.scope:
                await _Leash(engine_run(), lambda: self.abandoned)
        except Exception:
            if attempt.outcome != "broken":
                attempt.outcome = "failed"
                raise
        except BaseException:
            attempt.outcome = "cancelled"
            raise
        finally:
            self._running = False
        if attempt.outcome == "broken":
            raise APIConnectionError("the connection was lost here (the test kit did this)")
        attempt.outcome = "returned"


class _Leash(Stepped):
    """Resumes an engine until it is abandoned."""

    def __init__(self, coro: Any, abandoned: Callable[[], bool]) -> None:
        super().__init__(coro, lambda: None)
        self._abandoned = abandoned

    def send(self, value: Any) -> Any:
        self._check()
        return super().send(value)

    def throw(self, *exc_info: Any) -> Any:
        self._check()
        return super().throw(*exc_info)

    def _check(self) -> None:
        if self._abandoned():
            try:
                self.close()
            except RuntimeError:  # it ignores even this
                _ABANDONED.append(self)
            raise EngineAbandonedError("the engine did not end")


class _Reader:
    """Stands between an engine and its input."""

    def __init__(self, reader: Any, attempt: RawAttempt, break_at: BreakPoint | None) -> None:
        self._reader = reader
        self._attempt = attempt
        self._break_at = break_at

    def __aiter__(self) -> _Reader:
        return self

    async def __anext__(self) -> Any:
        attempt = self._attempt
        if isinstance(self._break_at, float) and attempt.heard >= self._break_at:
            await self._break()
        try:
            item = await self._reader.__anext__()
        except StopAsyncIteration:
            if self._break_at == "end":
                await self._break()
            attempt.ended = True
            raise
        if isinstance(item, AudioFrame):
            attempt.heard += item.duration
        else:
            attempt.markers += 1
        return item

    def waiting(self, most: int) -> list[AudioFrame]:
        frames: list[AudioFrame] = self._reader.waiting(most)
        self._attempt.heard += sum(frame.duration for frame in frames)
        return frames

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    async def _break(self) -> None:
        self._attempt.outcome = "broken"
        self._attempt.scope.cancel()
        await anyio.sleep_forever()


class _Sink:
    """Stands between an engine and its output."""

    def __init__(self, sink: Any, attempt: RawAttempt) -> None:
        self._sink = sink
        self._attempt = attempt

    def send_nowait(self, event: SpeechEvent) -> None:
        attempt = self._attempt
        if attempt.outcome == "running":
            attempt.said.append(Said(event, attempt.heard))
        elif attempt.outcome == "returned":
            attempt.said_late.append(event)
        self._sink.send_nowait(event)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sink, name)
