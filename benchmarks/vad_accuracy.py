"""
How much speech a detector misses, and how much it takes for speech that is none.

    python -m benchmarks.vad_accuracy FOLDER

FOLDER holds 16 kHz mono WAV files of speech without long pauses. Each is put between two
seconds of nothing: digital silence, or noise that goes on under the speech, 10 dB below it.
Seconds of the recording outside of every segment are missed, pauses inside of it included;
seconds of segments outside of the recording are false. Both are counted without padding and the
silence that ends a segment; "unheard" counts the missed seconds again, with both, which is what
an engine behind the detector would not get to hear.
"""

from __future__ import annotations

import sys
import wave
from pathlib import Path

import anyio
import numpy as np
import numpy.typing as npt

from anyio_stt import VAD, AudioFrame, VADEventType, calculate_audio_duration
from anyio_stt.engines.pocketsphinx import PocketSphinxVAD

RATE = 16000
AROUND = 2 * RATE
QUIET = 0.01  # of the loudest tenth of a second: what lies before and after is no speech


def read(path: Path) -> npt.NDArray[np.float64]:
    """Return the speech in a file, without the silence at its ends."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float64)
    size = RATE // 50
    power = (samples[: len(samples) // size * size].reshape(-1, size) ** 2).mean(axis=1)
    loud = np.flatnonzero(power > QUIET * np.quantile(power, 0.95))
    return samples[loud[0] * size : (loud[-1] + 1) * size]


def between(speech: npt.NDArray[np.float64], noise: str) -> AudioFrame:
    """Put *speech* between stretches of silence or noise."""
    audio = np.concatenate([np.zeros(AROUND), speech, np.zeros(AROUND)])
    if noise != "silence":
        sound = np.random.default_rng(1).normal(size=len(audio))
        if noise == "pink":
            spectrum = np.fft.rfft(sound)
            spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
            sound = np.fft.irfft(spectrum, len(audio))
        level = np.sqrt((speech**2).mean()) * 10 ** (-10 / 20)
        audio = audio + sound * level / sound.std()
    return AudioFrame.from_array(np.clip(np.rint(audio), -32768, 32767).astype(np.int16), RATE)


Segments = list[tuple[float, float]]


async def judge(vad: VAD, audio: AudioFrame) -> tuple[Segments, Segments]:
    """Return where speech was heard, and what the segments' frames hold, in seconds."""
    heard: Segments = []
    kept: Segments = []
    start = 0.0
    async with vad.stream() as stream, anyio.create_task_group() as tasks:
        tasks.start_soon(stream.feed, [audio])
        async for event in stream:
            if event.type is VADEventType.START_OF_SPEECH:
                start = event.timestamp - event.speech_duration
            elif event.type is VADEventType.END_OF_SPEECH:
                heard.append((start, event.timestamp - event.silence_duration))
                kept.append(
                    (event.timestamp - calculate_audio_duration(event.frames), event.timestamp)
                )
    return heard, kept


def overlap(segments: Segments, begin: float, end: float) -> float:
    return sum(max(0.0, min(e, end) - max(s, begin)) for s, e in segments)


async def measure(name: str, vad: VAD, files: list[Path], noise: str) -> None:
    spoken = missed = false = unheard = 0.0
    silent = lost = 0
    for path in files:
        speech = read(path)
        begin, end = AROUND / RATE, (AROUND + len(speech)) / RATE
        segments, kept = await judge(vad, between(speech, noise))
        hit = overlap(segments, begin, end)
        spoken += end - begin
        missed += end - begin - hit
        unheard += end - begin - overlap(kept, begin, end)
        false += overlap(segments, 0, 1e9) - hit
        silent += 2 * AROUND // RATE
        lost += not segments
    print(
        f"{name:14} {noise:8} missed {missed:6.2f} of {spoken:6.2f} s   "
        f"unheard {unheard:5.2f} s   false {false:6.2f} of {silent:3d} s   "
        f"recordings not heard {lost}"
    )


async def main(folder: str) -> None:
    files = sorted(Path(folder).glob("*.wav"))
    detectors: dict[str, VAD] = {"pocketsphinx": PocketSphinxVAD()}
    try:
        from anyio_stt.engines.silero import SileroVAD

        detectors["silero"] = SileroVAD()
    except ImportError as exc:
        print(exc)
    for name, vad in detectors.items():
        for noise in ("silence", "white", "pink"):
            await measure(name, vad, files, noise)


if __name__ == "__main__":
    anyio.run(main, sys.argv[1])
