"""Checks that cancel an engine wherever it can be cancelled, and then use it again."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import anyio

from ...stt import STT
from ..cancellation import cancel_everywhere
from .guard import guarded
from .registry import check
from .subject import Subject

__all__ = ("cancelled_recognize", "cancelled_stream")

_SAMPLE = 4


class _BrokenByCancellationError(Exception):
    """What the check after a cancelled run fails with."""


@check("S19")
async def cancelled_stream(subject: Subject) -> None:
    """Cancelled at any checkpoint, its own or its user's, the engine can be used again."""
    if await subject.understood() is None:
        return

    limit = 2 * subject.patience + subject.grace

    async def use(stt: STT) -> None:
        async with guarded(stt.stream(conn_options=subject.options()), limit) as (stream, _):
            await stream.feed(subject.short)
            async for _event in stream:
                pass

    async def works(stt: STT) -> None:
        run = await subject.hear(subject.short, stt=stt)
        if run.error is not None or not run.ended:
            raise _BrokenByCancellationError(
                f"the next stream failed: {run.error!r}" if run.error else "the next stream hangs"
            )

    await _cancel(subject, use, works, "stream")


@check("S19", needs="offline_recognize")
async def cancelled_recognize(subject: Subject) -> None:
    """A cancelled `recognize` does not harm the next."""

    async def use(stt: STT) -> None:
        await stt.recognize(subject.short, conn_options=subject.options())

    async def works(stt: STT) -> None:
        with anyio.move_on_after(subject.patience + 1.0):
            await use(stt)
            return
        raise _BrokenByCancellationError("the next recognize hangs")

    await _cancel(subject, use, works, "recognize")


async def _cancel(
    subject: Subject,
    use: Callable[[STT], Coroutine[Any, Any, None]],
    works: Callable[[STT], Coroutine[Any, Any, None]],
    what: str,
) -> None:
    async with subject.make() as stt:
        try:
            await cancel_everywhere(
                lambda: use(stt),
                check=lambda: works(stt),
                how=["scope"],
                tasks="all",
                sample=_SAMPLE,
                seed=subject.rng.randrange(2**32),
                deadline=5 * (subject.patience + subject.grace),
            )
        except AssertionError as exc:
            subject.violate("S19", f"{what} {exc}", *_PROGRAMS[what])


_PROGRAMS = {
    "stream": (
        "from anyio_stt.testing import cancel_everywhere",
        "async with make_stt() as stt:",
        "    async def use():",
        "        async with stt.stream() as stream:",
        "            await stream.feed(cut(audio, 0.1)[:10])",
        "            async for event in stream:",
        "                pass",
        "    await cancel_everywhere(use, check=use, how=['scope'], tasks='all')",
    ),
    "recognize": (
        "from anyio_stt.testing import cancel_everywhere",
        "async with make_stt() as stt:",
        "    async def use():",
        "        await stt.recognize(cut(audio, 0.1)[:10])",
        "    await cancel_everywhere(use, check=use, how=['scope'], tasks='all')",
    ),
}
