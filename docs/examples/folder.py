"""
Every recording of a folder, so many at once: a trio application.

    python folder.py RECORDINGS
"""

from __future__ import annotations

import sys
from pathlib import Path

import trio

from anyio_stt.batch import transcribe_all
from anyio_stt.engines.pocketsphinx import PocketSphinxSTT

AT_ONCE = 2
KINDS = {".wav", ".flac", ".mp3", ".ogg"}


async def main(folder: Path) -> None:
    """Transcribe everything in *folder*; one that cannot be read stops no other."""
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in KINDS)
    async with transcribe_all(found, PocketSphinxSTT, jobs=AT_ONCE) as results:
        async for result in results:
            name = Path(str(result.recording)).name
            if result.error is None:
                print(f"{name}: {result.text}", flush=True)
            else:
                print(f"{name}: {result.error}", file=sys.stderr)


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]))
