"""Checks of what others see of an engine: its usage, its secrets, and the pauses it makes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any

from .recipes import READ, STREAM
from .registry import check
from .run import Run
from .stalls import find_stall
from .subject import Subject

__all__ = ("blocking", "secrets", "usage")

_SECRET = re.compile(r"key|token|secret|password|credential", re.IGNORECASE)
_SHORTEST_SECRET = 6


@check("S20")
async def usage(subject: Subject) -> None:
    """The seconds an engine says it recognised are those it was given, each counted once."""
    run = await subject.understood()
    if run is None:
        return
    # Those of an adapter over a batch engine are of its recordings.
    counted = sum(metrics.audio_duration for metrics in run.metrics)
    least, most = _spoken_seconds(run) * 0.9 - 0.1, run.pushed * 1.05 + 0.1
    if not least <= counted <= most:
        subject.violate(
            "S20",
            f"the metrics of one stream count {counted:.2f} s of audio, {run.pushed:.2f} s were "
            f"pushed: RecognitionUsage counts seconds since the last report",
            "async with make_stt() as stt, stt.stream() as stream:",
            "    stt.on('metrics_collected', print)",
            *STREAM[1:],
            *READ,
            patience=subject.patience + run.pushed,
        )


def _spoken_seconds(run: Run) -> float:
    """Return how long the speech is that the finals cover; half the audio if they do not say."""
    timed = [final.alternatives[0] for final in run.finals if final.alternatives]
    timed = [data for data in timed if data.end_time]
    if not timed:
        return run.pushed / 2
    return timed[-1].end_time - timed[0].start_time


@check("secrets", needs="")
async def secrets(subject: Subject) -> None:
    """Keys and tokens show in no repr, log line or error."""
    await subject.reference()
    async with subject.make() as stt:
        shown = [("repr(stt)", repr(stt)), ("stt.label", stt.label)]
        if stt.capabilities.streaming:
            stream = stt.stream(conn_options=subject.options())
            shown.append(("repr(stream)", repr(stream)))
            await stream.aclose()
        hidden = dict(_secrets_of(stt))
    shown += [("an error or the log", line) for line in subject.log]
    for name, value in hidden.items():
        for where, text in shown:
            if value in text:
                masked = text.replace(value, "***").strip().splitlines()[-1][:200]
                subject.violate(
                    "secrets",
                    f"the value of {name} shows in {where}: {masked}",
                    "print(repr(make_stt()))",
                )
                return


def _secrets_of(owner: Any, depth: int = 3) -> Iterator[tuple[str, str]]:
    """Find the strings that are called a secret."""
    for name, value in _fields(owner):
        if isinstance(value, str) and _SECRET.search(name) and len(value) >= _SHORTEST_SECRET:
            yield name, value
        elif depth and (is_dataclass(value) or hasattr(value, "__dict__")):
            yield from _secrets_of(value, depth - 1)


def _fields(owner: Any) -> list[tuple[str, Any]]:
    named = dict(getattr(owner, "__dict__", {}))
    for name in getattr(type(owner), "__slots__", ()):
        if isinstance(name, str) and hasattr(owner, name):
            named[name] = getattr(owner, name)
    return [(str(name), value) for name, value in named.items()]


@check("blocking")
async def blocking(subject: Subject) -> None:
    """The event loop goes on while the engine computes."""
    stalled = await find_stall(lambda: subject.hear(subject.frames))
    if stalled is None:
        return
    subject.violate(
        "blocking",
        stalled,
        *STREAM,
        *READ,
        patience=subject.patience + subject.audio.duration,
    )
