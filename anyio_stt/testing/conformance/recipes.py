"""Writes the program that shows a violation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ("READ", "STREAM", "TWICE", "recipe")

STREAM = (
    "async with make_stt() as stt, stt.stream() as stream:",
    "    for frame in cut(audio, 0.1):",
    "        await stream.send_frame(frame)",
    "    stream.end_input()",
)
"""Pushes all of `audio`."""

TWICE = (
    "async with make_stt() as stt, stt.stream() as stream:",
    "    for part in range(2):",
    "        await stream.send_frame(audio)",
    "        await stream.send_frame(silence(0.5))",
    "        stream.flush()",
    "    stream.end_input()",
)
"""Pushes it twice, with a flush after each."""

READ = (
    "    with anyio.move_on_after({patience}):",
    "        async for event in stream:",
    "            print(event)",
)
"""Prints what comes."""

_HEAD = """\
import anyio
from anyio_stt.testing import assert_no_leaks, cut, silence, spoken, streaming
{imported}

async def main():
    audio = spoken().frame.slice(0, 41600)  # or your own
"""


def recipe(
    make: Callable[[], Any],
    lines: Sequence[str],
    values: Mapping[str, Any],
    *,
    streamed: bool = False,
) -> str:
    """
    Return a program that can be run as it is, if *make* can be imported.

    Args:
        make: the function that makes the engine.
        lines: the body of its `main`, which finds `audio` and `make_stt`, or `make_vad`.
        values: what the lines name in braces.
        streamed: whether the engine is behind a detector.
    """
    body = "".join(f"    {line.format(**values)}\n" for line in lines)
    called = "make_vad" if "make_vad(" in body else "make_stt"
    imported = _import_of(make, called) + ("make_stt = streaming(make_stt)\n" if streamed else "")
    return f"{_HEAD.format(imported=imported)}{body}\nanyio.run(main)\n"


def _import_of(make: Callable[[], Any], called: str) -> str:
    module, name = getattr(make, "__module__", None), getattr(make, "__qualname__", "")
    if module and name.isidentifier():
        alias = "" if name == called else f" as {called}"
        return f"from {module} import {name}{alias}\n"
    return f"{called} = ...  # what you gave to check_{called[5:]}\n"
