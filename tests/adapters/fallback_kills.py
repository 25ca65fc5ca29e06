"""
Kills the workers of a fallback pair at every second of a recording, and compares.

    python -m tests.adapters.fallback_kills FILE.wav [asyncio|trio ...]

Both members are PocketSphinx, each in a process of its own. *first*: the first member's process
gets SIGKILL once it was given so many seconds, and the second member goes on. *second*: the
first member's processes are killed until the pair has switched, and the second member's at that
second. A stretch is lost when words of the undisturbed run, for longer than `TOLERANCE`, have no
word of the disturbed run beside them; silence at the end may have a final or not. The audio is
pushed faster than it was spoken.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import wave
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

import anyio

from anyio_stt import AudioFrame, FallbackAdapter, RecognizeStream, SpeechEventType, Word
from anyio_stt.engines.pocketsphinx import PocketSphinxOptions, PocketSphinxSTT
from anyio_stt.testing import cut

TOLERANCE = 0.5
"""Seconds; a word heard another way begins and ends elsewhere."""

SCENARIOS = ("first", "second")


@dataclass(frozen=True)
class Outcome:
    """What a disturbed run gave beside the undisturbed one."""

    words: list[Word]
    switches: int
    uncovered: float  # the longest stretch of undisturbed words without a word beside it
    twice: float  # the longest overlap of two words
    missing: float  # audio that no final covers, beyond what none covers undisturbed
    different: int  # words inserted, left out or replaced


def children() -> list[int]:
    """Return the processes that this one started and that run."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[1] == str(os.getpid()) and fields[0] != "Z":
            found.append(int(name))
    return found


def kill_all() -> None:
    for pid in children():
        os.kill(pid, signal.SIGKILL)


async def transcribe(audio: AudioFrame, scenario: str = "", second: float = 0.0) -> Outcome:
    """Recognise *audio* with a pair, and kill what *scenario* says after *second*."""
    options = PocketSphinxOptions(interim_results=False)
    async with PocketSphinxSTT(options) as first, PocketSphinxSTT(options) as other:
        retries = 1 if scenario == "second" else 0
        pair = FallbackAdapter([first, other], max_retry_per_stt=retries, retry_interval=60)
        down: list[object] = []
        switched = anyio.Event()
        pair.on("stt_availability_changed", down.append)
        pair.on("stt_availability_changed", lambda _: switched.set())
        words: list[Word] = []
        async with pair.stream() as stream, anyio.create_task_group() as tasks:
            tasks.start_soon(_push, stream, audio, scenario, second, switched)
            async for event in stream:
                if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                    words += event.alternatives[0].words or []
        statistics = stream.statistics()
    missing = audio.duration - statistics.recognised + statistics.dropped
    return Outcome(words, len(down), 0.0, _overlap(words), missing, 0)


async def _push(
    stream: RecognizeStream, audio: AudioFrame, scenario: str, second: float, switched: anyio.Event
) -> None:
    frames, given = cut(audio, 0.1), 0.0
    if scenario == "second":
        await stream.send_frame(frames[0])
        frames, given = frames[1:], frames[0].duration
        while not switched.is_set():
            kill_all()
            await anyio.sleep(0.01)
    killed = not scenario
    for frame in frames:
        if not killed and given >= second - 1e-6:
            await _until_heard(stream, given)
            kill_all()
            killed = True
        await stream.send_frame(frame)
        given += frame.duration
    stream.end_input()


async def _until_heard(stream: RecognizeStream, seconds: float) -> None:
    while not children() or stream.statistics().delivered < seconds - 0.05:
        await anyio.sleep(0.01)
    await anyio.sleep(0.15)  # what was passed on reaches the process


def compare(undisturbed: Outcome, disturbed: Outcome) -> Outcome:
    """Return *disturbed* with what differs."""
    before = [word.text for word in undisturbed.words]
    after = [word.text for word in disturbed.words]
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    different = sum(max(b - a, d - c) for tag, a, b, c, d in blocks if tag != "equal")
    uncovered = _uncovered(undisturbed.words, disturbed.words)
    return Outcome(
        disturbed.words,
        disturbed.switches,
        uncovered,
        disturbed.twice,
        disturbed.missing - undisturbed.missing,
        different,
    )


def _uncovered(words: Iterable[Word], others: list[Word]) -> float:
    """Return the longest time within *words*, word after word, in which there is no other."""
    longest = run = 0.0
    for word in words:
        at = word.start_time
        for other in sorted(others, key=lambda each: each.start_time):
            if other.end_time <= at or other.start_time >= word.end_time:
                continue
            run += max(0.0, other.start_time - at)
            longest, run, at = max(longest, run), 0.0, max(at, other.end_time)
        run += max(0.0, word.end_time - at)
        longest = max(longest, run)
    return longest


def _overlap(words: list[Word]) -> float:
    return max((a.end_time - b.start_time for a, b in pairwise(words)), default=0.0)


async def table(audio: AudioFrame, backend: str) -> None:
    undisturbed = await transcribe(audio)
    print(f"{backend}: undisturbed {len(undisturbed.words)} words of {audio.duration:.1f} s")
    for scenario in SCENARIOS:
        outcomes = []
        for second in range(int(audio.duration) + 1):
            got = compare(undisturbed, await transcribe(audio, scenario, second))
            outcomes.append(got)
            print(
                f"{backend:8} {scenario:7} {second:3d} s  switches {got.switches}  "
                f"uncovered {got.uncovered:5.2f} s  twice {got.twice:5.2f} s  "
                f"missing {got.missing:5.2f} s  words {len(got.words)}, {got.different} different",
                flush=True,
            )
        lost = sum(each.uncovered > TOLERANCE for each in outcomes)
        print(
            f"{backend} {scenario}: {len(outcomes)} runs, {lost} with a lost stretch, "
            f"longest uncovered {max(each.uncovered for each in outcomes):.2f} s, "
            f"words different at most {max(each.different for each in outcomes)}, "
            f"{sum(each.different for each in outcomes) / len(outcomes):.1f} a run",
            flush=True,
        )


def main() -> None:
    logging.disable(logging.CRITICAL)
    with wave.open(sys.argv[1]) as file:
        data = file.readframes(file.getnframes())
        audio = AudioFrame(data, file.getframerate(), file.getnchannels(), file.getnframes())
    for backend in sys.argv[2:] or ["asyncio", "trio"]:
        anyio.run(table, audio, backend, backend=backend)


if __name__ == "__main__":
    main()
