"""
Row 11, too. sherpa-onnx and faster-whisper through the library beside their bare loops.

Both hear the same speech, 100 ms at a time, with the same model, the same detector and as much
silence around each utterance. The bare loop decodes on the event loop, and each utterance once.
Ours does so in a thread, in utterances that it finds while they come, with all that a stream
promises. With interims the bare loop recognises what is open anew each second; so does ours,
unless its stream lags, and here all of it comes as fast as it is heard, so that most guesses are
left out: the comparison is the one without. What is compared is processor time, of all threads.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from ..kit import Kit
from .embedded import speech
from .row import Line, Row, Stopwatch, in_loop

ENGINES = ("sherpa", "whisper")


def _with(engine: str, interims: bool) -> Callable[[Kit, bool], Awaitable[tuple[float, ...]]]:
    async def work(kit: Kit, quick: bool) -> tuple[float, ...]:
        audio = speech(1 if quick or engine == "whisper" else 4)
        longest = 0.0

        async def tick() -> None:
            nonlocal longest
            while True:
                asleep = time.perf_counter()
                await kit.sleep(0.001)
                longest = max(longest, time.perf_counter() - asleep - 0.001)

        async with kit.local(engine, interims=interims) as recognise:
            await recognise(speech(1)[:64_000])  # loads the model
            with Stopwatch() as watch:
                words = await recognise(audio)
            async with kit.group() as group:  # once more, because looking for pauses costs too
                group.start_soon(tick)
                await kit.pause()
                await recognise(audio)
        assert "welcome to the show" in words.lower(), words
        return 1e3 * watch.seconds / (len(audio) / 32_000), 1e3 * longest

    return work


def _row(engine: str, interims: bool) -> Row:
    kind = f"{engine}, {'with interims' if interims else 'finals only'}"
    return Row(
        11,
        (Line(kind, "ms of a core/s of audio"), Line(f"{kind}, longest pause of the loop", "ms")),
        in_loop(_with(engine, interims)),
        repeat=5,
        quick=engine == "sherpa",
    )


ROWS = tuple(_row(engine, interims) for engine in ENGINES for interims in (True, False))
