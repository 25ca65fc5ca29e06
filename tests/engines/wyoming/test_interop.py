"""The reference server of Wyoming understands us, over TCP and over a unix socket."""

from __future__ import annotations

import asyncio
import socket
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from anyio_stt.engines.wyoming import WyomingSTT
from anyio_stt.testing import tone

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports audioop
    pytest.importorskip("wyoming")
    from wyoming.asr import Transcribe, Transcript
    from wyoming.audio import AudioChunk, AudioStop
    from wyoming.event import Event
    from wyoming.server import AsyncEventHandler, AsyncServer


class Counter(AsyncEventHandler):
    """Says how much audio it heard."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.heard = 0.0
        self.language: str | None = None

    async def handle_event(self, event: Event) -> bool:
        if Transcribe.is_type(event.type):
            self.language = Transcribe.from_event(event).language
        elif AudioChunk.is_type(event.type):
            self.heard += AudioChunk.from_event(event).seconds
        elif AudioStop.is_type(event.type):
            text = f"{self.heard:.2f} s of {self.language}"
            await self.write_event(Transcript(text=text).event())
            return False
        return True


@pytest.mark.real_time
@pytest.mark.parametrize("kind", ["tcp", "unix"])
async def test_the_reference_server_hears_all_audio_and_its_transcript_comes_back(
    kind: str, tmp_path: Path, anyio_backend_name: str
) -> None:
    if anyio_backend_name != "asyncio":
        pytest.skip("the reference server runs on asyncio only")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"tcp://127.0.0.1:{port}" if kind == "tcp" else f"unix://{tmp_path / 's'}"
    server = AsyncServer.from_uri(url)
    running = asyncio.create_task(server.run(partial(Counter)))
    texts = []
    try:
        with anyio.fail_after(5):
            async with WyomingSTT(base_url=url) as stt, stt.stream(language="en") as stream:
                stream.push_frame(tone(0.53))
                stream.end_input()
                async for event in stream:
                    texts += [reading.text for reading in event.alternatives]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert texts == ["0.53 s of en"]
