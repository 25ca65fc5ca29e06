"""Checks of what an engine makes of its input: all of it, in order, once."""

from __future__ import annotations

import anyio

from ..audio import cut, cut_randomly
from .recipes import READ, STREAM, TWICE
from .registry import check
from .run import Item, Run
from .sounds import converted, loud_part
from .subject import Subject
from .wording import alike, words

__all__ = ("chunking", "ending", "flush", "formats", "nothing", "streams_apart", "tail")

_TAIL = 0.35


@check("S5")
async def ending(subject: Subject) -> None:
    """Everything pushed is read and recognised, then iteration ends."""
    run = await subject.reference()
    seconds = run.pushed
    program = (*STREAM, *READ)
    patience = subject.patience + seconds
    if run.error is not None:
        subject.violate(
            "S5", f"the engine failed on good audio: {run.error!r}", *program, patience=patience
        )
    elif not run.ended:
        subject.violate(
            "S5",
            f"iteration did not end within {patience:g} s of the first frame, though the input "
            f"had ended{_still_running(run)}",
            *program,
            patience=patience,
        )
    elif not _read_all(run) or _returned_early(run):
        heard = sum(attempt.heard for attempt in run.attempts)
        subject.violate(
            "S5",
            f"the engine returned after {heard:.3f} of {seconds:.3f} s of audio, without reading "
            f"to the end of its input",
            *program,
            patience=patience,
        )
    elif not run.text.strip():
        subject.violate(
            "S5", f"no FINAL for {seconds:.1f} s of speech", *program, patience=patience
        )


@check("S5", "S9")
async def nothing(subject: Subject) -> None:
    """A stream without speech, or without any audio, ends like any other."""
    cases: list[tuple[str, list[Item]]] = [
        ("without any audio", []),
        ("of a lone flush", ["flush"]),
        ("of half a second of silence", [*subject.quiet(0.5)]),
    ]
    for what, items in cases:
        run = await subject.hear(items)
        if not run.ended:
            seen = f"failed: {run.error!r}" if run.error else f"did not end{_still_running(run)}"
            subject.violate(
                "S5",
                f"a stream {what} {seen}",
                "async with make_stt() as stt, stt.stream() as stream:",
                *(("    stream.push_frame(silence(0.5))",) if len(items) > 1 else ()),
                "    stream.end_input()",
                *READ,
                patience=subject.patience,
            )
            return


@check("S9")
async def tail(subject: Subject) -> None:
    """The last tenths of a second before a marker or the end are recognised like the rest."""
    reference = await subject.understood()
    if reference is None:
        return
    loud = loud_part(subject.audio)
    # Engines work in blocks of some length: one of two ends lies inside a block.
    ends = [loud.samples_per_channel, loud.samples_per_channel - round(0.17 * loud.sample_rate)]
    for end in ends:
        frames = cut(loud.slice(0, end), 0.07)
        padded = await subject.hear([*frames, *subject.quiet(1.0)])
        bare = await subject.hear(frames)
        flushed = await subject.hear([*frames, "flush", *subject.quiet(1.0)])
        seconds = end / loud.sample_rate
        lost = _lost(padded, bare, seconds, subject) or _lost(padded, flushed, seconds, subject)
        if lost:
            subject.violate(
                "S9",
                f"the last of the audio before a marker is lost: {lost}",
                "async with make_stt() as stt:",
                "    for more in (silence(1.0), None):",
                "        async with stt.stream() as stream:",
                "            await stream.send_frame(audio)",
                "            await stream.send_frame(more) if more else stream.flush()",
                "            stream.end_input()",
                "            async for event in stream:",
                "                print(event)",
            )
            return


@check("S9", "S17")
async def flush(subject: Subject) -> None:
    """A marker ends a segment, and what was said before it is not said again after it."""
    reference = await subject.understood()
    if reference is None:
        return
    run = await subject.twice()
    program = (*TWICE, *READ)
    values = {"patience": subject.patience + run.pushed}
    if not run.ended:
        subject.violate(
            "S9", f"a stream with a flush in it did not end{_why(run)}", *program, **values
        )
        return
    once, said = len(words(reference.text)), " ".join(_texts(run))
    if len(words(said)) > 1.3 * 2 * once:
        subject.violate(
            "S17",
            f"the same audio is said more than once: around a flush, two sentences of {once} "
            f"words each became {said!r}",
            *program,
            **values,
        )
    elif len(words(said)) < 0.7 * 2 * once:
        subject.violate(
            "S9",
            f"audio around a flush is lost: two sentences of {once} words each became {said!r}",
            *program,
            **values,
        )


@check("S6")
async def chunking(subject: Subject) -> None:
    """The same audio says the same, however it is cut."""
    reference = await subject.understood()
    if reference is None:
        return
    ways = (
        ("in one piece", [subject.audio]),
        ("at random places", cut_randomly(subject.audio, subject.rng, 15)),
    )
    for how, frames in ways:
        run = await subject.hear(frames)
        if not alike(run.text, reference.text):
            subject.violate(
                "S6",
                f"audio pushed {how} became {run.text!r}{_why(run)}, but pushed in frames of "
                f"100 ms it is {reference.text!r}",
                "async with make_stt() as stt, stt.stream() as stream:",
                "    await stream.send_frame(audio)",
                "    stream.end_input()",
                *READ,
                patience=subject.patience + run.pushed,
            )
            return


@check("S6")
async def streams_apart(subject: Subject) -> None:
    """Two streams of one engine at once do not hear each other."""
    reference = await subject.understood()
    if reference is None:
        return
    runs: list[Run] = []
    async with subject.make() as stt:

        async def hear() -> None:
            runs.append(await subject.hear(subject.frames, stt=stt))

        async with anyio.create_task_group() as group:
            group.start_soon(hear)
            group.start_soon(hear)
    for run in runs:
        if not alike(run.text, reference.text):
            subject.violate(
                "S6",
                f"two streams at once disturb each other: one became {run.text!r}{_why(run)}, "
                f"alone it is {reference.text!r}",
                "async def hear(stt):",
                "    async with stt.stream() as stream:",
                "        for frame in cut(audio, 0.1):",
                "            await stream.send_frame(frame)",
                "        stream.end_input()",
                "        async for event in stream:",
                "            print(event)",
                "async with make_stt() as stt, anyio.create_task_group() as group:",
                "    group.start_soon(hear, stt)",
                "    group.start_soon(hear, stt)",
            )
            return


@check("S8")
async def formats(subject: Subject) -> None:
    """Audio of another rate, or in stereo, gives the same words at the same times."""
    reference = await subject.understood()
    if reference is None:
        return
    for rate, channels in ((48000, 1), (16000, 2)):
        audio = converted(subject.audio, rate, channels)
        run = await subject.hear(cut(audio, 0.1))
        if run.error is not None:
            continue  # it may refuse, aloud
        late = [end for end in _ends(run) if end > audio.duration + subject.tolerance]
        if late or not alike(run.text, reference.text, 0.5):
            times = f" that ends at {late[-1]:.2f} of {audio.duration:.2f} s" if late else ""
            subject.violate(
                "S8",
                f"at {rate} Hz with {channels} channel(s) the audio became {run.text!r}{times}; "
                f"as it is, {reference.text!r}. Give RecognizeStream your sample_rate, or refuse "
                f"the format with ValueError",
                "from anyio_stt.audio import Resampler",
                "resampler = Resampler(audio.sample_rate, 48000, audio.num_channels)",
                "async with make_stt() as stt, stt.stream() as stream:",
                "    await stream.send_frame(resampler.push(audio))",
                "    stream.end_input()",
                *READ,
                patience=subject.patience + run.pushed,
            )
            return


# ---- measuring


def _returned_early(run: Run) -> bool:
    """Whether an attempt returned that had not read the end: the base had to make another."""
    return any(each.outcome == "returned" and not each.ended for each in run.attempts)


def _read_all(run: Run) -> bool:
    return bool(run.attempts) and run.attempts[-1].ended


def _still_running(run: Run) -> str:
    if run.attempts and run.attempts[-1].ended:
        return "; it had read all of it and did not return"
    if run.attempts:
        return f"; it had read {run.attempts[-1].heard:.3f} of {run.pushed:.3f} s"
    return "; it had read nothing"


def _why(run: Run) -> str:
    if run.error is not None:
        return f" ({run.error!r})"
    return "" if run.ended else " (it did not end)"


def _texts(run: Run) -> list[str]:
    """What the engine said itself: the base drops finals that repeat what is covered."""
    return [each.alternatives[0].text for each in run.raw_finals if each.alternatives]


def _ends(run: Run) -> list[float]:
    return [final.alternatives[0].end_time for final in run.finals if final.alternatives]


def _lost(padded: Run, bare: Run, seconds: float, subject: Subject) -> str:
    """Say what the bare audio lacks that the padded has, or nothing."""
    whole, cut_off = max(_ends(padded), default=0.0), max(_ends(bare), default=0.0)
    if whole and cut_off < min(whole, seconds) - max(_TAIL, subject.tolerance):
        return f"its last final ends at {cut_off:.2f} s, with silence behind it at {whole:.2f} s"
    whole_count = len(words(padded.text))
    if whole_count - len(words(bare.text)) > max(1, 0.15 * whole_count):
        return f"it became {bare.text!r}, with silence behind it {padded.text!r}"
    return ""
