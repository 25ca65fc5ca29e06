"""
How late finals come: a line for each, then the median and the slowest of twenty.

The recording is pushed at the pace it was spoken, as a microphone would.

    python delays.py RECORDING
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import AsyncIterator

import anyio

from anyio_stt import AudioFrame, SpeechEventType
from anyio_stt.audio import AudioReader, open_audio
from anyio_stt.engines.pocketsphinx import PocketSphinxSTT


async def as_spoken(audio: AudioReader) -> AsyncIterator[AudioFrame]:
    """Yield the recording at the pace it was spoken."""
    began, spoken = anyio.current_time(), 0.0
    async for frame in audio:
        spoken += frame.duration
        await anyio.sleep_until(began + spoken)
        yield frame


async def main(path: str) -> None:
    """Print the delay of each final."""
    delays = []
    async with PocketSphinxSTT() as stt, open_audio(path) as audio, stt.stream() as stream:
        async for event in stream.transcribe(as_spoken(audio)):
            if event.type is SpeechEventType.FINAL_TRANSCRIPT and event.delay is not None:
                delays.append(event.delay)
                said = event.alternatives[0]
                print(
                    f"{said.end_time:7.2f} s  delay {event.delay:5.2f} s  {said.text}", flush=True
                )
    if delays:
        slow = sorted(delays)[min(len(delays) - 1, round(0.95 * len(delays)))]
        print(f"{len(delays)} finals, median {statistics.median(delays):.2f} s, p95 {slow:.2f} s")


if __name__ == "__main__":
    anyio.run(main, sys.argv[1])
