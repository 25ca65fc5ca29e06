"""Checks of how an engine begins and ends: nothing too early, nothing left behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
from anyio.lowlevel import checkpoint

from ...stream import RecognizeStream
from ...stt import STT
from ..leaks import LeakKind, find_leaks, take_inventory
from .guard import guarded
from .registry import check
from .subject import Subject

__all__ = ("abort", "closing", "construction", "leaks")

_RUNNING: tuple[LeakKind, ...] = ("task", "thread", "process")


@check("S1")
async def construction(subject: Subject) -> None:
    """Making a stream starts nothing."""
    async with subject.make() as stt:
        before = take_inventory(_RUNNING)
        stream = stt.stream(conn_options=subject.options())
        await checkpoint()
        await checkpoint()
        started = [name for key, name in take_inventory(_RUNNING).items() if key not in before]
        await stream.aclose()
    if started:
        subject.violate(
            "S1",
            f"stream() started {', '.join(started)} before the stream's block was entered",
            "async with make_stt() as stt:",
            "    stt.stream()",
            "    print(anyio.get_running_tasks())",
        )


@check("S2")
async def leaks(subject: Subject) -> None:
    """No task, thread, process or socket outlives the engine, and streams leave none behind."""
    before = take_inventory()
    async with subject.make() as stt:
        await subject.hear(subject.short, stt=stt)
        after_one = take_inventory()  # what the engine keeps for all its streams is its own
        for _ in range(2):
            await subject.hear(subject.short, stt=stt)
        await _leave_early(subject, stt)
        grown = await find_leaks(after_one, grace=0.5)
    left = await find_leaks(before, grace=subject.grace)
    if left:
        subject.violate(
            "S2",
            f"left behind after aclose(): {'; '.join(left)}",
            "async with assert_no_leaks():",
            *(f"    {line}" for line in _SHORT),
        )
    elif len(grown) > 1:  # one may be a resource made anew
        subject.violate(
            "S2",
            f"every stream leaves more behind: {'; '.join(grown)}",
            "async with make_stt() as stt:",
            "    for _ in range(3):",
            "        async with assert_no_leaks(), stt.stream() as stream:",
            "            await stream.feed(cut(audio, 0.1)[:10])",
            "            async for event in stream:",
            "                print(event)",
        )


_SHORT = (
    "async with make_stt() as stt, stt.stream() as stream:",
    "    await stream.feed(cut(audio, 0.1)[:10])",
    "    async for event in stream:",
    "        print(event)",
)


async def _leave_early(subject: Subject, stt: STT) -> None:
    """Leave a stream by an exception, in the middle of its audio."""
    try:
        async with guarded(stt.stream(conn_options=subject.options(0)), subject.patience) as (
            stream,
            _,
        ):
            await _send(stream, subject)
            raise LookupError
    except LookupError:
        return
    except Exception as exc:  # noqa: BLE001 - "ending" judges failures
        subject.log.append(repr(exc))


@check("S4", "S5")
async def abort(subject: Subject) -> None:
    """`aclose()` ends a stream in the middle of its audio, soon and for good."""

    async def close_stream(_: STT, stream: RecognizeStream) -> None:
        await stream.aclose()

    await _check_closing(
        subject,
        "S4",
        close_stream,
        "stream.aclose()",
        "            await stream.aclose()",
    )


@check("S5")
async def closing(subject: Subject) -> None:
    """`STT.aclose()` ends its streams, and can be called again."""

    async def close_engine(stt: STT, _: RecognizeStream) -> None:
        await stt.aclose()
        await stt.aclose()

    await _check_closing(
        subject,
        "S5",
        close_engine,
        "STT.aclose()",
        "            await stt.aclose()",
    )


async def _check_closing(
    subject: Subject,
    contract_id: str,
    close: Callable[[STT, RecognizeStream], Awaitable[None]],
    name: str,
    line: str,
) -> None:
    stt = subject.make()
    seconds, ended = await _time_closing(subject, stt, close)
    await stt.aclose()
    seen = ""
    if not ended:
        seen = f"{name} did not end the stream: its consumer still waits"
    elif seconds > subject.grace:
        seen = (
            f"the engine went on for {seconds:.2f} s after {name}, more than the {subject.grace:g} "
            f"s it has: it swallows cancellation, or waits in a thread or a shielded scope"
        )
    if seen:
        subject.violate(
            contract_id if not ended else "S4",
            seen,
            "async with make_stt() as stt, stt.stream() as stream:",
            "    await stream.send_frame(audio)",
            "    with anyio.move_on_after(0.1):",
            "        async for event in stream:",
            "            print(event)",
            "    began = anyio.current_time()",
            "    try:",
            line.replace("            ", "        "),
            "        async for event in stream:",
            "            print(event)",
            "    finally:",
            "        print(anyio.current_time() - began)",
        )


async def _time_closing(
    subject: Subject,
    stt: STT,
    close: Callable[[STT, RecognizeStream], Awaitable[None]],
) -> tuple[float, bool]:
    """Return how long the engine took to end, and whether the consumer was told."""
    ended = anyio.Event()

    async def read(stream: RecognizeStream) -> None:
        try:
            async for _ in stream:
                pass
        except Exception as exc:  # noqa: BLE001 - "ending" judges failures
            subject.log.append(repr(exc))
        ended.set()

    limit = subject.grace + subject.patience
    began = anyio.current_time()
    try:
        async with (
            guarded(stt.stream(conn_options=subject.options(0)), 2 * limit) as (stream, _),
            anyio.create_task_group() as group,
        ):
            group.start_soon(read, stream)
            await _send(stream, subject)
            began = anyio.current_time()
            with anyio.move_on_after(limit):
                await close(stt, stream)
                await ended.wait()
            group.cancel_scope.cancel()
    except Exception as exc:  # noqa: BLE001 - "ending" judges failures
        subject.log.append(repr(exc))
    return anyio.current_time() - began, ended.is_set()


async def _send(stream: RecognizeStream, subject: Subject) -> None:
    """Push half a second, and let the engine take it in."""
    try:
        for frame in subject.frames[:5]:
            await stream.send_frame(frame)
    except Exception as exc:  # noqa: BLE001 - it failed already: "ending" judges that
        subject.log.append(repr(exc))
    await anyio.sleep(0.05)
