"""
Row 11. pocketsphinx through the library beside its bare decoder loop, on human speech.

Both hear 100 ms at a time. With interims: the words so far are asked for after each. Ours finds
the utterances itself, has a process for the decoder, and hears each utterance a second time as a
whole for its final; the bare loop takes everything as one utterance, decodes it once, and does
so on the event loop. Times are on the wall, because the work is done in another process. A pause
is the longest time in which the event loop did not come round to a task that sleeps for 1 ms.
"""

from __future__ import annotations

import time
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path

from ..kit import Kit
from .row import Line, Row, in_loop

_SPEECH = Path(__file__).resolve().parents[2] / "anyio_stt" / "testing" / "spoken.wav"


def speech(times: int) -> bytes:
    """Return the project's own recording, so many times in a row."""
    with wave.open(str(_SPEECH)) as file:
        return bytes(file.readframes(file.getnframes())) * times


def _with(interims: bool) -> Callable[[Kit, bool], Awaitable[tuple[float, ...]]]:
    async def work(kit: Kit, quick: bool) -> tuple[float, ...]:
        audio = speech(1 if quick else 3)
        longest = 0.0

        async def tick() -> None:
            nonlocal longest
            while True:
                asleep = time.perf_counter()
                await kit.sleep(0.001)
                longest = max(longest, time.perf_counter() - asleep - 0.001)

        async with kit.embedded(interims=interims) as recognise:
            await recognise(speech(1)[:64_000])  # loads the decoder
            async with kit.group() as group:
                group.start_soon(tick)
                await kit.pause()
                started = time.perf_counter()
                words = await recognise(audio)
                needed = time.perf_counter() - started
        assert words, "nothing was recognised"
        return 1e3 * needed / (len(audio) / 32_000), 1e3 * longest

    return work


def _row(interims: bool) -> Row:
    kind = "with interims" if interims else "finals only"
    return Row(
        11,
        (
            Line(f"embedded engine, {kind}", "ms/s of audio"),
            Line(f"embedded engine, {kind}, longest pause of the loop", "ms"),
        ),
        in_loop(_with(interims)),
        repeat=3,
    )


ROWS = (_row(interims=True), _row(interims=False))
