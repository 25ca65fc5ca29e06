"""Checks of `recognize`: a whole recording at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio

from ...audio.frame import AudioBuffer, AudioFrame
from ...events import SpeechEvent, SpeechEventType
from ...exceptions import StreamClosedError
from ...metrics import STTMetrics
from ..leaks import find_leaks, take_inventory
from .recipes import READ, STREAM
from .registry import check
from .sounds import converted
from .stalls import find_stall
from .subject import Subject
from .wording import alike

__all__ = (
    "closed_for_good",
    "closed_recognize",
    "recognize",
    "recognize_blocking",
    "recognize_formats",
    "tokens",
)


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


async def _call(
    subject: Subject, *, pieces: bool = False, audio: AudioFrame | None = None
) -> _Call:
    call = _Call()
    buffer: AudioBuffer = subject.frames if pieces else audio or subject.audio
    async with subject.make() as stt:
        with anyio.move_on_after(subject.patience + subject.audio.duration):
            try:
                if pieces:  # a second call on the same engine knows nothing of the first
                    await stt.recognize(buffer, conn_options=subject.options(0))
                stt.on("metrics_collected", call.metrics.append)
                call.event = await stt.recognize(buffer, conn_options=subject.options(0))
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


@check("S8", "S17", needs="offline_recognize")
async def recognize_formats(subject: Subject) -> None:
    """A recording of another rate, or in stereo, gives the same words at the same times."""
    reference = await _call(subject)
    if reference.error is not None or not reference.text.strip():
        return  # "recognize" says why
    for rate, channels in ((8000, 1), (48000, 1), (16000, 2)):
        audio = converted(subject.audio, rate, channels)
        call = await _call(subject, audio=audio)
        if call.error is not None:
            continue  # it may refuse, aloud
        end = call.event.alternatives[0].end_time if call.event and call.text else 0.0
        known = _end_of(reference)
        wrong = bool(end and known and abs(end - known) > max(0.2 * known, subject.tolerance))
        # Half the bandwidth costs words, but none speaks at another pace.
        least = 0.3 if rate < 16000 else 0.5
        if wrong or not alike(call.text, reference.text, least):
            subject.violate(
                "S8",
                f"at {rate} Hz with {channels} channel(s) recognize heard {call.text!r} that ends "
                f"at {end:.2f} s; as it is, {reference.text!r} at {known:.2f} s. Declare "
                f"sample_rate and num_channels in STTCapabilities, or take both from the frame",
                "from anyio_stt.audio import Resampler",
                "resampler = Resampler(audio.sample_rate, 48000, audio.num_channels)",
                "async with make_stt() as stt:",
                "    print(await stt.recognize(resampler.push(audio)))",
            )
            return


def _end_of(call: _Call) -> float:
    return call.event.alternatives[0].end_time if call.event and call.event.alternatives else 0.0


@check("blocking", needs="offline_recognize")
async def recognize_blocking(subject: Subject) -> None:
    """The event loop goes on while a recording is computed."""
    stalled = await find_stall(lambda: _call(subject))
    if stalled is not None:
        subject.violate(
            "blocking",
            f"in recognize, {stalled}",
            "async with make_stt() as stt:",
            "    print(await stt.recognize(audio))",
        )


@check("S20", needs="offline_recognize")
async def tokens(subject: Subject) -> None:
    """If recordings report tokens, streams do too."""
    async with subject.make() as stt:
        streams = stt.capabilities.streaming
    call, run = await _call(subject), await subject.reference() if streams else None
    if run is None or run.error is not None or not any(each.input_tokens for each in call.metrics):
        return
    if not any(each.input_tokens for each in run.metrics):
        subject.violate(
            "S20",
            "recognize counts tokens, and no stream does: send a RECOGNITION_USAGE with them",
            "async with make_stt() as stt, stt.stream() as stream:",
            "    stt.on('metrics_collected', print)",
            *STREAM[1:],
            *READ,
            patience=subject.patience + run.pushed,
        )


@check("S5", needs="offline_recognize")
async def closed_for_good(subject: Subject) -> None:
    """After `STT.aclose()` a `recognize` is refused."""
    stt = subject.make()
    with anyio.move_on_after(subject.grace + subject.patience):
        await stt.aclose()
    outcome: object = None
    with anyio.move_on_after(subject.patience + subject.audio.duration):
        try:
            outcome = await stt.recognize(subject.audio, conn_options=subject.options(0))
        except Exception as exc:  # noqa: BLE001 - judged below
            outcome = exc
    if not isinstance(outcome, StreamClosedError):
        subject.violate(
            "S5",
            f"recognize after aclose() led to {outcome!r}; StreamClosedError expected: an aclose() "
            f"of your own awaits super().aclose() first, or calls that end with the engine go on",
            "stt = make_stt()",
            "await stt.aclose()",
            "print(await stt.recognize(audio))",
        )
