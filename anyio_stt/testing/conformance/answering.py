"""Checks that nobody waits for ever for an answer, and that a refused utterance is only that."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio

from ...audio.frame import AudioFrame
from ...events import SpeechEventType
from ...exceptions import AudioLostError
from ...options import APIConnectOptions
from ...stream import RecognizeStream
from .guard import guarded
from .probe import Probe
from .recipes import READ, TWICE
from .registry import check
from .run import Item, Run
from .sounds import loud_part
from .subject import Subject
from .wording import words

__all__ = ("flushes", "refused", "starts")

_START = SpeechEventType.START_OF_SPEECH
_MARKS = (_START, SpeechEventType.FINAL_TRANSCRIPT, SpeechEventType.END_OF_SPEECH)
_COUGH = 0.2  # seconds
_PAUSE = 4.0  # seconds of silence after which nobody can be taken to be speaking


@check("S23")
async def flushes(subject: Subject) -> None:
    """Every flush is answered: with words, or with how far there were none."""
    if await subject.understood() is None:
        return
    bare = loud_part(subject.audio)
    parts = (
        ("silence", subject.quiet(0.5)),
        ("speech", subject.frames),
        ("silence after speech", subject.quiet(1.0)),
        ("speech that is not over", [bare]),
        ("the end of that speech", subject.quiet(0.3)),
    )
    async with subject.make() as stt, _listening(subject, stt.stream) as (stream, _):
        for what, frames in parts:
            fault = await _flush(stream, frames)
            if fault:
                subject.violate(
                    "S23",
                    f"a flush after {what} got no answer ({fault}): after a marker send the "
                    f"finals that are due, then call self._report_silence(until) with how far the "
                    f"provider has answered",
                    "from anyio_stt import APIConnectOptions",
                    "options = APIConnectOptions(drain_timeout={patience})",
                    "async with make_stt() as stt, stt.stream(conn_options=options) as stream:",
                    "    for part in (silence(0.5), audio, silence(1.0), audio, silence(0.3)):",
                    "        await stream.send_frame(part)",
                    "        await stream.finalize()",
                    patience=subject.patience,
                )
                return


async def _flush(stream: RecognizeStream, frames: list[AudioFrame]) -> str:
    try:
        for frame in frames:
            await stream.send_frame(frame)
        await stream.finalize()
        await stream.finalize()  # nothing is new since: answered at once
    except Exception as exc:  # noqa: BLE001 - judged by whoever called
        return f"{type(exc).__name__}: {exc}"
    return ""


@check("S23")
async def starts(subject: Subject) -> None:
    """Every START is ended, by words or by the silence behind it."""
    if await subject.understood() is None:
        return
    loud = loud_part(subject.audio)
    first = next((at for at in range(0, _samples(loud), 160) if _is_loud(loud, at)), 0)
    cough = loud.slice(first, first + min(round(_COUGH * loud.sample_rate), _samples(loud) - first))
    for what, sound in (("a sound of 0.2 s", cough), ("speech", subject.audio)):
        async with subject.make() as stt, _listening(subject, stt.stream) as (stream, probe):
            for frame in (sound, *subject.quiet(_PAUSE)):
                await stream.send_frame(frame)
            ended = await _ended(probe, subject.patience)
            ended = ended and (bool(await _flush(stream, [])) or await _ended(probe, 1.0))
        if not ended:
            subject.violate(
                "S23",
                f"the START_OF_SPEECH of {what} is not ended by {_PAUSE:g} s of silence: send "
                f"END_OF_SPEECH where speech ends, words or not",
                "async with make_stt() as stt, stt.stream() as stream:",
                "    await stream.send_frame(audio.slice(4000, 7200))  # or all of it",
                "    await stream.send_frame(silence(4.0))",
                "    stream.flush()",
                *READ,
                patience=subject.patience,
            )
            return


def _samples(frame: AudioFrame) -> int:
    return frame.samples_per_channel


def _is_loud(frame: AudioFrame, at: int) -> bool:
    part = frame.slice(at, min(at + 160, _samples(frame))).to_array().astype(int)
    return bool(abs(part).mean() > abs(frame.to_array().astype(int)).mean())


async def _ended(probe: Probe, seconds: float) -> bool:
    """Whether every START that the engine says came to words or was ended in time."""
    with anyio.move_on_after(seconds):
        while True:
            await anyio.sleep(0.02)
            said = probe.attempts[-1].said if probe.attempts else []
            marks = [each.event.type for each in said if each.event.type in _MARKS]
            if marks[-1:] != [_START]:
                return True
    return False


@asynccontextmanager
async def _listening(
    subject: Subject, make: Callable[..., RecognizeStream]
) -> AsyncIterator[tuple[RecognizeStream, Probe]]:
    """Open a stream that is read meanwhile, and whose flushes are waited for with patience."""
    options = subject.options()
    patient = APIConnectOptions(
        max_retry=options.max_retry,
        retry_interval=options.retry_interval,
        timeout=options.timeout,
        drain_timeout=subject.patience,
        close_timeout=options.close_timeout,
    )
    limit = 12 * subject.patience + 4 * subject.audio.duration
    stream = make(conn_options=patient)

    async def read() -> None:
        try:
            async for _ in stream:
                pass
        except Exception as exc:  # noqa: BLE001 - who waits for the flush is told
            subject.log.append(repr(exc))

    async with guarded(stream, limit) as (_, probe), anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        yield stream, probe
        tasks.cancel_scope.cancel()


@check("S22")
async def refused(subject: Subject) -> None:
    """An utterance that is refused for good is reported with its times, and the stream goes on."""
    if subject.make_refusing is None:
        return
    part: list[Item] = [*subject.frames, *subject.quiet(0.5), "flush"]
    async with subject.make_refusing() as stt:
        run = await subject.hear(part * 2, stt=stt, max_retry=0)
    fault = _refusal_fault(run, (await subject.reference()).text)
    if fault:
        subject.violate(
            "S22",
            f"of two utterances the first was refused for good: {fault}",
            "# make_stt is your make_refusing here",
            *TWICE,
            *READ,
            patience=subject.patience + run.pushed,
        )


def _refusal_fault(run: Run, once: str) -> str:
    if run.error is not None:
        return (
            f"the stream died of it with {run.error!r}; call self._report_refused(error, start, "
            f"end), or from recognize raise an APIStatusError of 400, 413, 415 or 422"
        )
    if not run.ended:
        return "the stream did not end any more"
    lost = [(a, b) for each in _losses(run) for a, b in each.lost]
    if not lost:
        return f"no error event named what was lost; it became {run.text!r}, whole it is {once!r}"
    seconds = sum(end - start for start, end in lost)
    if run.statistics is None or abs(seconds - run.statistics.dropped) > 0.05:
        dropped = run.statistics.dropped if run.statistics is not None else 0.0
        return f"the events name {seconds:.2f} s as lost, {dropped:.2f} s were dropped"
    if seconds > run.pushed * 0.6 or len(words(run.text)) < 0.7 * len(words(once)):
        return f"with it went what was not refused: {run.text!r} is left, {seconds:.2f} s are lost"
    return ""


def _losses(run: Run) -> list[AudioLostError]:
    return [each.error for each in run.failures if isinstance(each.error, AudioLostError)]
