"""Checks of a detector of voice activity."""

from __future__ import annotations

import anyio

from ...voice import VADEvent, VADEventType
from ..audio import cut_randomly
from ..leaks import find_leaks, take_inventory
from .guard import guarded
from .probe import EngineAbandonedError
from .registry import check
from .sounds import loud_part
from .stalls import measure_stalls
from .voice_subject import VoiceRun, VoiceSubject

__all__ = ("VOICE_CHECKS",)

_START, _END = VADEventType.START_OF_SPEECH, VADEventType.END_OF_SPEECH

_PROGRAM = (
    "async with make_vad().stream() as stream:",
    "    await stream.send_frame(audio)",
    "    await stream.send_frame(silence(1.0))",
    "    stream.end_input()",
    "    async for event in stream:",
    "        print(event)",
)


@check("S5")
async def ending(subject: VoiceSubject) -> None:
    """All is read, iteration ends, and speech is noticed."""
    run = await subject.reference()
    if run.fault:
        subject.violate("S5", f"a stream of speech {run.fault}", *_PROGRAM)
    elif run.heard < run.pushed - 0.01:
        subject.violate(
            "S5",
            f"the detector returned after {run.heard:.3f} of {run.pushed:.3f} s of audio",
            *_PROGRAM,
        )
    elif not run.of(_START):
        seen = f"no START_OF_SPEECH in {run.pushed - 1:.1f} s of speech"
        subject.violate("S5", seen, *_PROGRAM)


@check("S5")
async def nothing(subject: VoiceSubject) -> None:
    """Silence, or no audio at all, is no speech and ends like any other."""
    for what, items in (("silence", subject.quiet(1.0)), ("no audio", [])):
        run = await subject.hear(items)
        seen = run.fault or ("says START_OF_SPEECH" if run.of(_START) else "")
        if seen:
            subject.violate("S5", f"a stream of {what} {seen}", *_PROGRAM[:1], *_PROGRAM[2:])
            return


@check("S11")
async def grammar(subject: VoiceSubject) -> None:
    """START and END come in turns, START first, and no segment is left open."""
    run = await subject.reference()
    open_ = False
    for event in run.events:
        if event.type in (_START, _END):
            if open_ is (event.type is _START):
                seen = f"{event.type.name} at {event.timestamp:.2f} s is out of turn"
                subject.violate("S11", seen, *_PROGRAM)
                return
            open_ = not open_
    if open_ and run.ended:
        seen = "the input ended and END_OF_SPEECH never came"
        subject.violate("S11", seen, *_PROGRAM)


@check("S9")
async def flush(subject: VoiceSubject) -> None:
    """A marker ends an open segment at once."""
    loud = loud_part(subject.audio)
    run = await subject.hear([loud, "flush", *subject.quiet(1.0)])
    limit = loud.duration + 0.1
    starts = [event.timestamp for event in run.of(_START) if event.timestamp < loud.duration]
    ends = [event.timestamp for event in run.of(_END)]
    if sum(end <= limit for end in ends) < len(starts):
        seen = f"a flush after {loud.duration:.2f} s of speech ended it at {ends}"
        subject.violate(
            "S9",
            seen,
            _PROGRAM[0],
            f"    await stream.send_frame(audio.slice(0, {loud.samples_per_channel}))",
            "    stream.flush()",
            *_PROGRAM[2:],
        )


@check("S17")
async def clock(subject: VoiceSubject) -> None:
    """Times lie in the audio, do not go back, and move with silence in front."""
    run = await subject.reference()
    last = 0.0
    for event in run.events:
        if not last - 1e-6 <= event.timestamp <= run.pushed + 0.01:
            seen = (
                f"{event.type.name} came at {event.timestamp:.2f} s, after {last:.2f} s, in "
                f"{run.pushed:.2f} s of audio"
            )
            subject.violate("S17", seen, *_PROGRAM)
            return
        last = event.timestamp
    later = await subject.hear([*subject.quiet(1.0), *subject.frames])
    before, after = _first_start(run), _first_start(later)
    if before is None or after is None or abs(after - before - 1.0) <= subject.tolerance:
        return
    subject.violate(
        "S17",
        f"speech noticed at {before:.2f} s is noticed at {after:.2f} s behind 1 s of silence",
        _PROGRAM[0],
        _PROGRAM[2],
        *_PROGRAM[1:],
    )


@check("S6")
async def chunking(subject: VoiceSubject) -> None:
    """The same audio gives the same segments, however it is cut."""
    reference = _segments(await subject.reference())
    pieces = cut_randomly(subject.audio, subject.rng, 15)
    run = await subject.hear([*pieces, *subject.quiet(1.0)])
    segments = _segments(run)
    same = len(segments) == len(reference) and all(
        abs(ours.timestamp - theirs.timestamp) <= subject.tolerance
        for ours, theirs in zip(segments, reference, strict=True)
    )
    if not same:
        subject.violate(
            "S6",
            f"cut at random places the audio has its borders at {_times(segments)}, in frames of "
            f"100 ms at {_times(reference)}",
            *_PROGRAM,
        )


@check("S1", "S2")
async def leaks(subject: VoiceSubject) -> None:
    """A stream starts nothing before its block, and leaves nothing behind it."""
    vad = subject.make()
    await subject.hear(subject.frames[:10], vad=vad)  # what a detector keeps for all its streams
    before = take_inventory()
    stream = vad.stream()
    started = await find_leaks(before, grace=0)
    await stream.aclose()
    if started:
        seen = f"stream() started {'; '.join(started)} before the block was entered"
        subject.violate("S1", seen, "make_vad().stream()")
    for _ in range(2):
        await subject.hear(subject.frames[:10], vad=vad)
    left = await find_leaks(before, grace=subject.grace)
    if left:
        program = (f"    {line}" for line in _PROGRAM)
        seen = f"streams left behind: {'; '.join(left)}"
        subject.violate("S2", seen, "async with assert_no_leaks():", *program)


@check("S4")
async def abort(subject: VoiceSubject) -> None:
    """`aclose()` in the middle of the audio ends the detector soon."""
    limit = subject.grace + subject.patience
    began = anyio.current_time()
    try:
        async with guarded(subject.make().stream(), limit) as (stream, _):
            for frame in subject.frames[:5]:
                await stream.send_frame(frame)
            await anyio.sleep(0.05)
            began = anyio.current_time()
            await stream.aclose()
    except EngineAbandonedError:
        pass  # the time it took says enough
    took = anyio.current_time() - began
    if took > subject.grace:
        subject.violate(
            "S4",
            f"the detector went on for {took:.2f} s after aclose(), more than the "
            f"{subject.grace:g} s it has",
            _PROGRAM[0],
            _PROGRAM[1],
            "    await anyio.sleep(0.05)",
            "    await stream.aclose()",
        )


@check("blocking")
async def blocking(subject: VoiceSubject) -> None:
    """The event loop goes on while the detector computes."""
    best = None
    for _ in range(3):  # a busy machine may stall once
        async with measure_stalls() as stalls:
            await subject.hear(subject.frames)
        if stalls.longest < 0.25:
            return
        best = stalls if best is None or stalls.longest < best.longest else best
    if best is not None:
        seen = f"the event loop stood still for {best.longest:.2f} s{best.place}"
        subject.violate("blocking", seen, *_PROGRAM)


VOICE_CHECKS = (ending, nothing, grammar, flush, clock, chunking, leaks, abort, blocking)
"""Every check of a detector."""


def _segments(run: VoiceRun) -> list[VADEvent]:
    return [event for event in run.events if event.type in (_START, _END)]


def _times(events: list[VADEvent]) -> list[float]:
    return [round(event.timestamp, 2) for event in events]


def _first_start(run: VoiceRun) -> float | None:
    return next((event.timestamp for event in run.of(_START)), None)
