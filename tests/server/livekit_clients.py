"""LiveKit's plugins as clients of our server: `python -m tests.server.livekit_clients PORT KEY`."""

from __future__ import annotations

import asyncio
import sys
import wave
from pathlib import Path
from typing import Any

import aiohttp
from livekit import rtc
from livekit.agents import stt as livekit_stt
from livekit.plugins import deepgram, openai

import anyio_stt.testing

SPOKEN = Path(anyio_stt.testing.__file__).with_name("spoken.wav")
PATIENCE = 60.0


def frames() -> list[Any]:
    with wave.open(str(SPOKEN)) as file:
        data = file.readframes(file.getnframes()) + bytes(64000)
    pieces = [data[start : start + 3200] for start in range(0, len(data), 3200)]
    return [rtc.AudioFrame(piece, 16000, 1, len(piece) // 2) for piece in pieces]


async def streamed(engine: Any) -> str:
    texts: list[str] = []
    stream = engine.stream()
    for frame in frames():
        stream.push_frame(frame)
    stream.end_input()
    async for event in stream:
        if event.type == livekit_stt.SpeechEventType.FINAL_TRANSCRIPT:
            texts.append(event.alternatives[0].text)
        if "machine" in " ".join(texts):
            break
    await stream.aclose()
    return " ".join(texts)


async def main(port: str, key: str) -> None:
    base = f"http://127.0.0.1:{port}/v1"
    async with aiohttp.ClientSession() as http:
        live: Any = deepgram.STT(api_key=key, base_url=f"{base}/listen", http_session=http)
        print("deepgram:", await asyncio.wait_for(streamed(live), PATIENCE))
        batch: Any = openai.STT(api_key=key, base_url=base, model="whisper-1")
        said = await asyncio.wait_for(batch.recognize(frames()), PATIENCE)
        print("openai:", said.alternatives[0].text)
        realtime: Any = openai.STT(
            api_key=key, base_url=base, model="gpt-4o-transcribe", use_realtime=True
        )
        realtime._session = http
        print("realtime:", await asyncio.wait_for(streamed(realtime), PATIENCE))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
