"""Checks of `recognize`: a whole recording at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio

from ...events import SpeechEvent, SpeechEventType
from ...exceptions import StreamClosedError
from ...metrics import STTMetrics
from ..leaks import find_leaks, take_inventory
from .registry import check
from .subject import Subject
from .wording import alike

__all__ = ("closed_recognize", "recognize")


@dataclass(slots=True)
class _Call:
    """What one call of `recognize` came to."""

    event: SpeechEvent | None = None
    error: Exception | None = None
    metrics: list[STTMetrics] = field(default_factory=list)

    @property
    def text(self) -> str:
        data = self.event.alternatives if self.event is not None else []
        return data[0].text if data else ""


@check("S5", "S2", "S17", "S20", needs="offline_recognize")
async def recognize(subject: Subject) -> None:
    """A recording gives one FINAL, the same for a frame and for many, and leaves nothing behind."""
    before = take_inventory()
    whole = await _call(subject, pieces=False)
    pieces = await _call(subject, pieces=True)
    left = await find_leaks(before, grace=subject.grace)
    program = ("async with make_stt() as stt:", "    print(await stt.recognize(audio))")
    fault = _fault(subject, whole) or _fault(subject, pieces)
    if fault:
        subject.violate(fault[0], fault[1], *program)
    elif not alike(whole.text, pieces.text):
        subject.violate(
            "S5",
            f"recognize heard {whole.text!r} in one frame and {pieces.text!r} in frames of 100 ms",
            "async with make_stt() as stt:",
            "    print(await stt.recognize(audio))",
            "    print(await stt.recognize(cut(audio, 0.1)))",
        )
    if left:
        subject.violate(
            "S2",
            f"recognize left behind: {'; '.join(left)}",
            "async with assert_no_leaks():",
            *(f"    {line}" for line in program),
        )


async def _call(subject: Subject, *, pieces: bool) -> _Call:
    call = _Call()
    async with subject.make() as stt:
        stt.on("metrics_collected", call.metrics.append)
        with anyio.move_on_after(subject.patience + subject.audio.duration):
            try:
                call.event = await stt.recognize(
                    subject.frames if pieces else subject.audio, conn_options=subject.options(0)
                )
            except Exception as exc:  # noqa: BLE001 - judged below
                call.error = exc
                subject.log.append(repr(exc))
    return call


def _fault(subject: Subject, call: _Call) -> tuple[str, str] | None:
    duration = subject.audio.duration
    if call.error is not None:
        return "S5", f"recognize failed on good audio: {call.error!r}"
    if call.event is None:
        return "S5", f"recognize took more than {subject.patience + duration:g} s"
    if call.event.type is not SpeechEventType.FINAL_TRANSCRIPT:
        return "S5", f"recognize returned {call.event.type.name}, FINAL_TRANSCRIPT expected"
    if not call.text.strip():
        return "S5", f"recognize understood nothing in {duration:.1f} s of speech"
    end = call.event.alternatives[0].end_time
    if end > duration + subject.tolerance:
        return "S17", f"recognize says the speech ends at {end:.2f} s of {duration:.2f} s"
    if len(call.metrics) != 1:
        return "S20", f"recognize emitted {len(call.metrics)} metrics, one expected"
    return None


@check("S5", needs="offline_recognize")
async def closed_recognize(subject: Subject) -> None:
    """`STT.aclose()` ends a `recognize` that is under way."""
    stt = subject.make()
    outcome: list[object] = []

    async def call() -> None:
        try:
            outcome.append(await stt.recognize(subject.audio, conn_options=subject.options(0)))
        except Exception as exc:  # noqa: BLE001 - judged below
            outcome.append(exc)

    began = anyio.current_time()
    async with anyio.create_task_group() as group:
        group.start_soon(call)
        await anyio.sleep(0.01)
        began = anyio.current_time()
        with anyio.move_on_after(subject.grace + subject.patience):
            await stt.aclose()
    took = anyio.current_time() - began
    ended = isinstance(outcome[0], (StreamClosedError, SpeechEvent)) if outcome else False
    if not ended or took > subject.grace + 0.5:
        subject.violate(
            "S5",
            f"aclose() during recognize led to {outcome[0] if outcome else 'nothing'!r} after "
            f"{took:.2f} s; StreamClosedError within {subject.grace:g} s expected",
            "stt = make_stt()",
            "async with anyio.create_task_group() as group:",
            "    group.start_soon(stt.recognize, audio)",
            "    await anyio.sleep(0.01)",
            "    await stt.aclose()",
        )
