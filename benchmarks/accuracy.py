"""
How well the offline engines hear, and what it costs: `python -m benchmarks.accuracy`.

    --audio FOLDER   WAVs of 16 kHz and a TRANSCRIPTS.tsv (columns `file` and `transcript`);
                     without it, the little speech that the project made itself
    --engines a,b    only these
    --starts N       from how many starts streams hear each recording, at most 4; 4 unless told
    --write          put the table into docs/guides/offline.md

Each engine is measured in a process of its own. Words are compared in lower case, without
punctuation, numbers spelled out. Streams hear each recording from four different starts, because
luck with the start is worth two points; delays and pauses come from four streams at once at the
pace of speech, on both event loops.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import resource
import subprocess
import sys
import time
import wave
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import numpy as np

import anyio_stt.testing

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "docs" / "guides" / "offline.md"
ENGINES = ("sherpa", "whisper", "pocketsphinx")
RATE = 16000
PATIENCE = 600.0  # seconds: a busy machine says nothing about accuracy
STARTS = (0.0, 0.13, 0.31, 0.52)
NOISES = (15, 5)
_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen", "twenty",
)  # fmt: skip


@dataclass(frozen=True)
class Recording:
    name: str
    samples: Any
    transcript: str


@dataclass
class Row:
    """One engine's figures; errors in per cent, times in seconds, memory in MB."""

    engine: str
    words: dict[str, float] = field(default_factory=dict)
    letters: float = 0.0
    cost: dict[str, float] = field(default_factory=dict)
    memory: float = 0.0
    first_words: float = 0.0
    finals: tuple[float, float] = (0.0, 0.0)
    pauses: dict[str, float] = field(default_factory=dict)


# ---- speech


def recordings_in(folder: Path) -> list[Recording]:
    with (folder / "TRANSCRIPTS.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [
        Recording(row["file"], samples_of(folder / row["file"]), row["transcript"]) for row in rows
    ]


def own_recordings() -> list[Recording]:
    spoken = Path(anyio_stt.testing.__file__).parent / "spoken.wav"
    river = ROOT / "docs" / "examples" / "river.wav"
    said = "nobody expected the river to rise so quickly after the rain"
    return [
        Recording(spoken.name, samples_of(spoken), spoken.with_suffix(".txt").read_text()),
        Recording(river.name, samples_of(river), said),
    ]


def samples_of(path: Path) -> Any:
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        rate, channels = file.getframerate(), file.getnchannels()
    samples = samples.reshape(-1, channels).mean(axis=1).astype(np.int16)
    if rate == RATE:
        return samples
    from anyio_stt import AudioFrame
    from anyio_stt.audio import Resampler

    resampler = Resampler(rate, RATE, 1)
    parts = resampler.push(AudioFrame.from_array(samples, rate)), resampler.flush()
    return np.concatenate([part.to_array().reshape(-1) for part in parts if part is not None])


def noisy(samples: Any, decibels: int | None) -> Any:
    """Add white noise that is so much softer than the recording."""
    if decibels is None:
        return samples
    level = np.sqrt(np.mean(samples.astype(float) ** 2) / 10 ** (decibels / 10))
    noise = np.random.default_rng(1).normal(0, level, len(samples))
    return np.clip(samples + noise, -32768, 32767).astype(np.int16)


def normalise(text: str) -> str:
    def spell(match: re.Match[str]) -> str:
        number = int(match[0])
        return _SMALL[number] if number <= 20 and match[0] == str(number) else " ".join(
            _SMALL[int(digit)] for digit in match[0]
        )  # fmt: skip

    text = re.sub(r"\d+", spell, text.lower().replace("-", " "))
    return " ".join(re.sub(r"[^\w' ]", " ", text).split())


# ---- one engine, in a process of its own


async def hear(stt: Any, samples: Any, *, pace: bool, watch: list[Any]) -> str:
    """Stream *samples*; return what was said, note delays of finals and of first words."""
    from anyio_stt import APIConnectOptions, AudioFrame, SpeechEventType

    said = []
    started = anyio.current_time()
    options = APIConnectOptions(timeout=PATIENCE)
    async with stt.stream(conn_options=options) as stream, anyio.create_task_group() as tasks:

        async def feed() -> None:
            for at in range(0, len(samples), RATE // 50):
                if pace:
                    await anyio.sleep_until(started + at / RATE)
                await stream.send_frame(AudioFrame.from_array(samples[at : at + RATE // 50], RATE))
            stream.end_input()

        tasks.start_soon(feed)
        onset: float | None = None
        async for event in stream:
            if event.type is SpeechEventType.START_OF_SPEECH:
                onset = event.time
            elif event.alternatives and event.alternatives[0].text:
                if onset is not None:
                    watch.append(("first", anyio.current_time() - started - onset))
                    onset = None
                if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                    said.append(event.alternatives[0].text)
                    watch.append(("final", event.delay))
    return " ".join(said)


async def watch_loop(pauses: list[float]) -> None:
    while True:
        before = anyio.current_time()
        await anyio.sleep(0.005)
        pauses.append(anyio.current_time() - before - 0.005)


async def at_pace(stt: Any, recordings: list[Recording]) -> tuple[list[Any], float]:
    """Hear all at the pace of speech, four at once; return delays and the loop's longest pause."""
    watched: list[Any] = []
    pauses = [0.0]
    limiter = anyio.Semaphore(4)

    async def one(recording: Recording) -> None:
        async with limiter:
            tail = np.zeros(int(1.5 * RATE), np.int16)
            padded = np.concatenate([recording.samples, tail])
            await hear(stt, padded, pace=True, watch=watched)

    async with anyio.create_task_group() as watching:
        watching.start_soon(watch_loop, pauses)
        async with anyio.create_task_group() as tasks:
            for recording in recordings:
                tasks.start_soon(one, recording)
        watching.cancel_scope.cancel()
    return watched, max(pauses)


def cpu() -> float:
    kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return sum(sum(resource.getrusage(kind)[:2]) for kind in kinds)


async def measure_streams(make: Any, recordings: list[Recording], row: Row, most: int) -> None:
    """Errors and cost of streams fed as fast as they go, clean from four starts, and noisy."""
    import jiwer

    wanted = [normalise(recording.transcript) for recording in recordings]
    seconds = sum(len(recording.samples) for recording in recordings) / RATE
    for decibels in (None, *NOISES):
        errors, began, starts = [], cpu(), STARTS[: most if decibels is None else min(most, 2)]
        async with make() as stt:
            for start in starts:
                shift = np.zeros(round(start * RATE), np.int16)
                heard = []
                for recording in recordings:
                    samples = noisy(np.concatenate([shift, recording.samples]), decibels)
                    heard.append(normalise(await hear(stt, samples, pace=False, watch=[])))
                errors.append(100 * jiwer.wer(wanted, heard))
                if decibels is None and start == 0:
                    row.letters = 100 * jiwer.cer(wanted, heard)
        name = "clean" if decibels is None else f"{decibels} dB"
        row.words[name] = float(np.mean(errors))
        row.cost[name] = (cpu() - began) / seconds / len(starts)


async def measure_whole(make: Any, recordings: list[Recording], row: Row) -> None:
    import jiwer

    from anyio_stt import APIConnectOptions, AudioFrame

    began = cpu()
    heard = []
    options = APIConnectOptions(timeout=PATIENCE)
    async with make() as stt:
        for recording in recordings:
            frame = AudioFrame.from_array(recording.samples, RATE)
            event = await stt.recognize(frame, conn_options=options)
            heard.append(normalise(event.alternatives[0].text))
    wanted = [normalise(recording.transcript) for recording in recordings]
    row.words["whole"] = 100 * jiwer.wer(wanted, heard)
    row.cost["whole"] = (cpu() - began) * RATE / sum(len(each.samples) for each in recordings)


def measure(engine: str, recordings: list[Recording], starts: int) -> Row:
    from anyio_stt import AudioFrame
    from anyio_stt.engines import load_engine

    make: Any = load_engine(engine)
    make()
    row = Row(engine)
    anyio.run(measure_whole, make, recordings, row)
    kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    row.memory = max(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1024
    anyio.run(measure_streams, make, recordings, row, starts)
    watched: list[Any] = []

    async def main(backend: str) -> None:
        async with make() as stt:
            await stt.recognize(AudioFrame.from_array(np.zeros(RATE, np.int16), RATE))
            told, row.pauses[backend] = await at_pace(stt, recordings)
            watched.extend(told)

    for backend in ("asyncio", "trio"):
        anyio.run(main, backend, backend=backend)
    finals = [delay for kind, delay in watched if kind == "final"]
    row.finals = (float(np.median(finals)), float(np.percentile(finals, 95)))
    row.first_words = float(np.median([delay for kind, delay in watched if kind == "first"]))
    return row


# ---- all of them


def table(rows: list[Row], what: str) -> str:
    columns = (
        "engine", "words wrong, streams: clean / 15 dB / 5 dB", "whole", "letters wrong",
        "CPU for a second: streams, whole", "memory", "first words",
        "finals, median and p95", "longest pause of the loop, asyncio / trio",
    )  # fmt: skip
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for row in rows:
        words = " / ".join(f"{row.words[name]:.1f}" for name in ("clean", "15 dB", "5 dB"))
        lines.append(
            f"| {row.engine} | {words} % | {row.words['whole']:.1f} % | {row.letters:.1f} % | "
            f"{row.cost['clean']:.3f}, {row.cost['whole']:.3f} s | {row.memory:.0f} MB | "
            f"{row.first_words:.2f} s | {row.finals[0]:.2f}, {row.finals[1]:.2f} s | "
            f"{1000 * row.pauses['asyncio']:.0f} / {1000 * row.pauses['trio']:.0f} ms |"
        )
    return "\n".join([f"Measured on {what}.", "", *lines])


def write(text: str) -> None:
    begin, end = "<!-- accuracy -->", "<!-- end of accuracy -->"
    page = GUIDE.read_text(encoding="utf-8")
    before, _, rest = page.partition(begin)
    GUIDE.write_text(f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--audio", type=Path)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--starts", type=int, choices=range(1, 5), default=4)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    recordings = recordings_in(asked.audio) if asked.audio else own_recordings()
    if asked.child:
        print(json.dumps(vars(measure(asked.child, recordings, asked.starts))))
        return
    rows = []
    for engine in asked.engines.split(","):
        began = time.perf_counter()
        arguments = ["--starts", str(asked.starts)]
        arguments += ["--audio", str(asked.audio)] if asked.audio else []
        command = [sys.executable, "-m", "benchmarks.accuracy", "--child", engine, *arguments]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if ended.returncode:
            print(f"{engine}: {ended.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            continue
        rows.append(Row(**json.loads(ended.stdout)))
        print(f"{engine}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
    seconds = sum(len(recording.samples) for recording in recordings) / RATE
    text = table(
        rows,
        f"{len(recordings)} recordings, {seconds:.0f} s; streams from {asked.starts} starts, on "
        f"{os.cpu_count()} cores with a load of {os.getloadavg()[2]:.0f}, which delays and pauses "
        "depend on",
    )
    print(text)
    if asked.write:
        write(text)


if __name__ == "__main__":
    main()
