"""Checks of what an engine says: in order, of audio it has heard, with times from one clock."""

from __future__ import annotations

from collections.abc import Sequence

from ...events import SpeechEventType
from .probe import Said
from .recipes import READ, STREAM, TWICE
from .registry import check
from .run import Run
from .subject import Subject
from .times import clock_fault

__all__ = ("after_end", "capabilities", "clock", "grammar", "origin", "speakers")

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
    for run, program in ((await subject.reference(), STREAM), (await subject.twice(), TWICE)):
        for attempt in run.attempts:
            fault = _fault(attempt.said, subject.tolerance)
            if fault:
                patience = subject.patience + run.pushed
                subject.violate("S11", fault, *program, *READ, patience=patience)
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
    """Times lie in the audio that the attempt has read, and do not go back."""
    for run, program in ((await subject.reference(), STREAM), (await subject.twice(), TWICE)):
        for attempt in run.attempts:
            fault = clock_fault(attempt.said, subject.tolerance)
            if fault:
                patience = subject.patience + run.pushed
                subject.violate("S17", fault, *program, *READ, patience=patience)
                return


@check("S17")
async def speakers(subject: Subject) -> None:
    """A final is what one person said."""
    run = await subject.reference()
    for final in (each.event for attempt in run.attempts for each in attempt.said):
        data = final.alternatives[0] if final.type is _FINAL and final.alternatives else None
        named = {word.speaker_id for word in data.words or ()} if data is not None else set()
        if data is not None and len(named - {None} | {data.speaker_id} - {None}) > 1:
            subject.violate(
                "S17",
                f"a final of {data.speaker_id!r} has words of {sorted(named - {None}, key=str)}: "
                f"send one final for each stretch that one person speaks",
                *STREAM,
                *READ,
                patience=subject.patience + run.pushed,
            )
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


def _fault(said: Sequence[Said], tolerance: float) -> str:
    """Say what is wrong with an engine's own sequence; what it leaves out is no fault."""
    open_, marks_starts = False, any(each.event.type is _START for each in said)
    ended: float | None = None  # what had been heard when the last segment ended
    for event, heard in ((each.event, each.heard) for each in said):
        if event.type is _START:
            if open_:
                return "START_OF_SPEECH came twice without an END_OF_SPEECH between"
            open_ = True
        elif event.type is _END:
            if not open_ and marks_starts:
                return "END_OF_SPEECH came without a START_OF_SPEECH before it"
            open_, ended = False, heard
        elif event.type in _TRANSCRIPTS and marks_starts and not open_:
            if event.type is not _FINAL or ended is None:
                where = "before START" if ended is None else "after END"
                return f"{event.type.name} came {where}_OF_SPEECH"
            start = event.alternatives[0].start_time if event.alternatives else 0.0
            if start > ended + tolerance:  # else it is that of the segment that ended
                return (
                    f"a final of speech from {start:.2f} s came after the END_OF_SPEECH said at "
                    f"{ended:.2f} s, without a START_OF_SPEECH of its own"
                )
    return ""


def _last_end(run: Run) -> float:
    """Return where the last final ends, as the engine itself says."""
    ends = [final.alternatives[0].end_time for final in run.raw_finals if final.alternatives]
    return max(ends, default=0.0)
