"""
Every recording of a folder, so many at once: a trio application.

    python folder.py RECORDINGS
"""

from __future__ import annotations

import sys
from pathlib import Path

import trio

from anyio_stt import STT, APIError, SpeechEventType
from anyio_stt.audio import AudioFileError, open_audio
from anyio_stt.engines.pocketsphinx import PocketSphinxSTT

AT_ONCE = 2
KINDS = {".wav", ".flac", ".mp3", ".ogg"}


async def transcribe(stt: STT, path: Path) -> str:
    """Return what is said in one recording."""
    async with open_audio(path) as audio, stt.stream() as stream, trio.open_nursery() as nursery:
        nursery.start_soon(stream.feed, audio)
        finals = [event async for event in stream if event.type is SpeechEventType.FINAL_TRANSCRIPT]
    return " ".join(final.alternatives[0].text for final in finals)


async def work(stt: STT, paths: trio.MemoryReceiveChannel[Path]) -> None:
    """Transcribe one recording after the other; one that cannot be read stops no other."""
    async with paths:
        async for path in paths:
            try:
                print(f"{path.name}: {await transcribe(stt, path)}", flush=True)
            except (APIError, AudioFileError, OSError) as exc:
                print(f"{path.name}: {exc}", file=sys.stderr)


async def main(folder: Path) -> None:
    """Transcribe everything in *folder*, `AT_ONCE` recordings at a time."""
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in KINDS)
    sender, receiver = trio.open_memory_channel[Path](0)
    async with PocketSphinxSTT() as stt, trio.open_nursery() as nursery:
        for _ in range(AT_ONCE):
            nursery.start_soon(work, stt, receiver.clone())
        receiver.close()
        async with sender:
            for path in found:
                await sender.send(path)


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]))
