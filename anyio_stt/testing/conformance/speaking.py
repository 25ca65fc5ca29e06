"""Checks of what an engine says: in order, of audio it has heard, with times from one clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...events import SpeechData, SpeechEvent, SpeechEventType
from .probe import Said
from .recipes import READ, STREAM, TWICE
from .registry import check
from .run import Run
from .subject import Subject

__all__ = ("after_end", "capabilities", "clock", "clock_fault", "grammar", "origin")

_TRANSCRIPTS = (
    SpeechEventType.INTERIM_TRANSCRIPT,
    SpeechEventType.PREFLIGHT_TRANSCRIPT,
    SpeechEventType.FINAL_TRANSCRIPT,
)
_START, _END = SpeechEventType.START_OF_SPEECH, SpeechEventType.END_OF_SPEECH
_FINAL = SpeechEventType.FINAL_TRANSCRIPT


@check("S11")
async def grammar(subject: Subject) -> None:
    """Events come as `(START (INTERIM | PREFLIGHT | FINAL)* END)*`, from the engine too."""
    run = await subject.reference()
    for attempt in run.attempts:
        fault = _fault([said.event for said in attempt.said])
        if fault:
            program = (*STREAM, *READ)
            subject.violate("S11", fault, *program, patience=subject.patience + run.pushed)
            return


@check("S11")
async def after_end(subject: Subject) -> None:
    """An attempt that has returned says nothing more."""
    async with subject.make() as stt:
        run = await subject.hear(subject.frames, stt=stt)
        # What it left running shows while another stream goes its way.
        await subject.hear(subject.short, stt=stt)
    late = [event for attempt in run.attempts for event in attempt.said_late]
    if late:
        program = (*STREAM, *READ)
        subject.violate(
            "S11",
            f"the engine sent {late[0].type.name} after its _run had returned: something it "
            f"started is still running",
            *program,
            patience=subject.patience + run.pushed,
        )


@check("S17")
async def clock(subject: Subject) -> None:
    """Times lie in what the attempt has heard, and do not go back."""
    for run, program in ((await subject.reference(), STREAM), (await subject.twice(), TWICE)):
        for attempt in run.attempts:
            fault = clock_fault(attempt.said, subject.tolerance)
            if fault:
                patience = subject.patience + run.pushed
                subject.violate("S17", fault, *program, *READ, patience=patience)
                return


@check("S17")
async def origin(subject: Subject) -> None:
    """Silence in front moves all times by its length."""
    reference = await subject.understood()
    if reference is None:
        return
    shift = 1.0
    run = await subject.hear([*subject.quiet(shift), *subject.frames])
    before, after = _last_end(reference), _last_end(run)
    if before and after and abs(after - before - shift) > subject.tolerance:
        subject.violate(
            "S17",
            f"speech that ends at {before:.2f} s ends at {after:.2f} s with {shift:g} s of "
            f"silence in front, {before + shift:.2f} s expected: times count from the first "
            f"sample that the attempt reads",
            "async with make_stt() as stt, stt.stream() as stream:",
            "    await stream.send_frame(silence(1.0))",
            "    await stream.send_frame(audio)",
            "    stream.end_input()",
            *READ,
            patience=subject.patience + run.pushed,
        )


@check("capabilities")
async def capabilities(subject: Subject) -> None:
    """An engine does what its capabilities say, and nothing they deny."""
    run = await subject.understood()
    if run is None:
        return
    async with subject.make() as stt:
        claimed = stt.capabilities
    said = [each.event for attempt in run.attempts for each in attempt.said]
    interim = any(event.type is SpeechEventType.INTERIM_TRANSCRIPT for event in said)
    if interim and not claimed.interim_results:
        subject.violate(
            "capabilities",
            "interim_results is False, but the engine sends INTERIM_TRANSCRIPT",
            "print(make_stt().capabilities)",
        )
    finals = [data for final in run.finals for data in final.alternatives[:1] if data.text.strip()]
    if claimed.aligned_transcript == "word" and not any(data.words for data in finals):
        subject.violate(
            "capabilities",
            "aligned_transcript is 'word', but no final has words",
            "print(make_stt().capabilities)",
        )
    elif claimed.aligned_transcript and not any(data.end_time for data in finals):
        subject.violate(
            "capabilities",
            f"aligned_transcript is {claimed.aligned_transcript!r}, but no final has an end_time",
            "print(make_stt().capabilities)",
        )


# ---- measuring


def _fault(said: list[SpeechEvent]) -> str:
    """Say what is wrong with an engine's own sequence; what it leaves out is no fault."""
    open_, marks_starts, ended = False, any(event.type is _START for event in said), False
    for event in said:
        if event.type is _START:
            if open_:
                return "START_OF_SPEECH came twice without an END_OF_SPEECH between"
            open_ = True
        elif event.type is _END:
            if not open_ and marks_starts:
                return "END_OF_SPEECH came without a START_OF_SPEECH before it"
            open_, ended = False, True
        elif event.type in _TRANSCRIPTS and marks_starts and not open_:
            if event.type is _FINAL and ended:
                continue  # the final of the segment that just ended
            return f"{event.type.name} came {'after END' if ended else 'before START'}_OF_SPEECH"
    return ""


def clock_fault(said: Sequence[Said], tolerance: float) -> str:
    """Say what is wrong with the times of one attempt, or nothing."""
    last = 0.0
    for each in said:
        fault = _time_fault(each.event, each.heard, last, tolerance)
        if fault:
            return fault
        if each.event.type is _FINAL and each.event.alternatives:
            last = max(last, each.event.alternatives[0].end_time)
    return ""


def _time_fault(event: SpeechEvent, heard: float, last: float, tolerance: float) -> str:
    for start, end, text in _spans(event):
        if end and end > heard + tolerance:
            return (
                f"{event.type.name} {text!r} ends at {end:.2f} s, but the attempt has read "
                f"{heard:.2f} s only"
            )
        if end and (start > end + 1e-6 or start < 0):
            return f"{event.type.name} {text!r} runs from {start:.2f} to {end:.2f} s"
    if event.type is _FINAL and event.alternatives:
        data = event.alternatives[0]
        if data.end_time and data.text.strip() and data.end_time <= last:
            return f"a final that ends at {data.end_time:.2f} s came after one at {last:.2f} s"
        if data.end_time and 0 < data.start_time < last - tolerance:
            return (
                f"a final that begins at {data.start_time:.2f} s came after one that ends at "
                f"{last:.2f} s: the same audio is said twice"
            )
    return ""


def _spans(event: SpeechEvent) -> Iterator[tuple[float, float, str]]:
    if event.time is not None:
        yield event.time, event.time, ""
    for data in event.alternatives:
        yield data.start_time, data.end_time, data.text
        yield from _word_spans(data)


def _word_spans(data: SpeechData) -> Iterator[tuple[float, float, str]]:
    for word in data.words or ():
        yield word.start_time, word.end_time, word.text


def _last_end(run: Run) -> float:
    """Return where the last final ends, as the engine itself says."""
    ends = [final.alternatives[0].end_time for final in run.raw_finals if final.alternatives]
    return max(ends, default=0.0)
