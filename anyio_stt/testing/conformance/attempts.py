"""Checks of what an engine does when it fails: another attempt starts from nothing."""

from __future__ import annotations

import re

import anyio

from ...adapters.adapter import Adapter
from ...exceptions import APIError
from ...options import APIConnectOptions
from ...stt import STT
from .guard import guarded
from .probe import BreakPoint
from .recipes import READ, STREAM
from .registry import check
from .run import Item, Run
from .subject import Subject
from .times import clock_fault
from .wording import alike

__all__ = ("failing", "lost_connection", "no_retry", "speakers_apart")


@check("S16", "S17")
async def lost_connection(subject: Subject) -> None:
    """A connection lost anywhere costs no word: the next attempt hears the audio again."""
    reference = await subject.understood()
    if reference is None or await _leaves_retries_to_others(subject):
        return
    quarter = subject.audio.duration / 4
    within = [subject.rng.uniform(at, at + 1) * quarter for at in range(4)]
    points: list[BreakPoint] = [0.0, *within, "end"]
    for point in points:
        run = await subject.hear(subject.frames, break_at=point)
        where = "at the end of the input" if point == "end" else f"after {point:.2f} s"
        seen = _after_loss(subject, run, reference)
        if seen:
            contract_id, what = seen
            subject.violate(
                contract_id,
                f"with the connection lost {where}, {what}",
                "from anyio_stt import APIConnectionError",
                "stt = make_stt()",
                "stream = stt.stream()",
                "run, attempts = stream._run, []",
                "async def fail_once():",
                "    attempts.append(1)",
                "    if len(attempts) == 1:",
                "        with anyio.move_on_after(1.0):  # or wherever it was lost",
                "            await run()",
                "        raise APIConnectionError('lost')",
                "    await run()",
                "stream._run = fail_once",
                "async with stt, stream:",
                "    await stream.feed(cut(audio, 0.1))",
                "    async for event in stream:",
                "        print(event)",
            )
            return


def _after_loss(subject: Subject, run: Run, reference: Run) -> tuple[str, str] | None:
    if run.error is not None:
        return "S16", f"the next attempt failed: {run.error!r}"
    if not run.ended:
        return "S16", "the next attempt did not end"
    for number, attempt in enumerate(run.attempts, 1):
        fault = clock_fault(attempt.said, subject.tolerance)
        if fault:
            return "S17", f"the clock of attempt {number} is wrong: {fault}"
    if not alike(run.text, reference.text):
        return "S16", f"{reference.text!r} became {run.text!r}"
    return None


@check("S17")
async def speakers_apart(subject: Subject) -> None:
    """Speaker labels of one attempt are not those of another."""
    once = await subject.understood()
    if once is None or not _counted(once) or await _leaves_retries_to_others(subject):
        return
    part: list[Item] = [*subject.frames, *subject.quiet(0.5), "flush"]
    run = await subject.hear(part * 2, break_at=subject.audio.duration + 0.9)
    shared = _counted(run, 0) & _counted(run, -1) if len(run.attempts) > 1 else None
    if shared:
        subject.violate(
            "S17",
            f"two attempts name a speaker {min(shared)!r}, but counted labels begin anew in each: "
            f"put into them which attempt they are of, or people are taken for one another",
            *STREAM,
            *READ,
            patience=subject.patience,
        )


def _counted(run: Run, attempt: int = -1) -> set[str]:
    """Return the speakers of an attempt who have a number and no name."""
    readings = [data for said in run.attempts[attempt].said for data in said.event.alternatives]
    named = {data.speaker_id for data in readings if data.speaker_id is not None}
    return {name for name in named if re.fullmatch(r"\D*\d+", name)}


@check("S15")
async def no_retry(subject: Subject) -> None:
    """`max_retry=0` means one attempt, and the error that it failed with."""
    if await _leaves_retries_to_others(subject):
        return
    run = await subject.hear(subject.short, break_at=0.0, max_retry=0)
    attempts = len(run.attempts)
    if attempts != 1 or not isinstance(run.error, APIError):
        subject.violate(
            "S15",
            f"with max_retry=0 a lost connection led to {attempts} attempts and {run.error!r}: "
            f"pass on the conn_options that stream() was given",
            "from anyio_stt import APIConnectOptions",
            "options = APIConnectOptions(max_retry=0)",
            "print(make_stt().stream(conn_options=options)._conn_options)",
        )


async def _leaves_retries_to_others(subject: Subject) -> bool:
    """Whether it is made of engines that retry: breaking off its own `_run` shows nothing."""
    async with subject.make() as stt:
        return isinstance(stt, Adapter)


@check("S15", "S18", needs="")
async def failing(subject: Subject) -> None:
    """An engine that cannot work fails in time, with an error of the `APIError` family."""
    if subject.make_failing is None:
        return
    options = APIConnectOptions(
        max_retry=1, retry_interval=0.05, timeout=subject.patience, close_timeout=subject.grace
    )
    limit = 3 * subject.patience + 2 * subject.audio.duration
    async with subject.make_failing() as stt:
        if stt.capabilities.streaming:
            await _expect_failure(subject, stt, options, limit, "stream")
        if stt.capabilities.offline_recognize:
            await _expect_failure(subject, stt, options, limit, "recognize")


async def _expect_failure(
    subject: Subject, stt: STT, options: APIConnectOptions, limit: float, what: str
) -> None:
    error: Exception | None = None
    with anyio.move_on_after(limit) as scope:
        try:
            if what == "stream":
                async with guarded(stt.stream(conn_options=options), 2 * limit) as (stream, _):
                    await stream.feed(subject.short)
                    async for _event in stream:
                        pass
            else:
                await stt.recognize(subject.short, conn_options=options)
        except Exception as exc:  # noqa: BLE001 - what it is, is judged here
            error = exc
    subject.log.append(_chain(error))
    if not isinstance(error, APIError):
        late = scope.cancelled_caught
        seen = f"did not end within {limit:g} s" if late else f"ended with {error!r}"
        subject.violate(
            "S18" if late else "S15",
            f"{what} of an engine that cannot work {seen}; an APIError was due",
            "# make_stt is your make_failing here",
            "async with make_stt() as stt:",
            "    await stt.recognize(audio)",
        )


def _chain(error: BaseException | None) -> str:
    parts = []
    while error is not None:
        parts.append(f"{error!r} {error} {error.__dict__!r}")
        error = error.__cause__ or error.__context__
    return "\n".join(parts)
