"""LiveKit's own plugin, as its documentation shows it, whichever version the environment holds."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from livekit import rtc
from livekit.agents import stt as lk
from livekit.plugins import deepgram

from ..client import RATE, Call, sockets

PACKAGES = ("livekit-agents", "livekit-plugins-deepgram")


async def push(stream: Any, call: Call) -> None:
    for wait, audio in call.frames():
        await asyncio.sleep(wait)
        stream.push_frame(rtc.AudioFrame(audio, RATE, 1, len(audio) // 2))
    stream.end_input()


async def consume(stream: Any, call: Call) -> None:
    while True:
        try:
            event = await asyncio.wait_for(anext(stream), call.wait if call.impatient else None)
        except asyncio.TimeoutError:
            continue
        except StopAsyncIteration:
            return
        if event.type == lk.SpeechEventType.FINAL_TRANSCRIPT:
            call.hear(event.alternatives[0].text)


async def main(call: Call) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    open_before = sockets()
    async with aiohttp.ClientSession() as session:
        engines = [
            deepgram.STT(
                api_key="k", base_url=f"{url}/v1/listen", http_session=session, model="nova-2"
            )
            for url in call.urls
        ]
        stt: Any = engines[0]
        if len(engines) > 1:
            stt = lk.FallbackAdapter(engines)
        stream = stt.stream()
        pushing = asyncio.ensure_future(push(stream, call))
        try:
            await consume(stream, call)
        except Exception as exc:
            call.end = f"{type(exc).__name__}: {exc}"
        pushing.cancel()
        await asyncio.gather(pushing, return_exceptions=True)
        await stream.aclose()
        await stt.aclose()
    await asyncio.sleep(0.5)
    left = len(asyncio.all_tasks()) - 1
    call.left = {"tasks": left, "sockets": max(0, sockets() - open_before)}


def listen(call: Call, argument: str) -> None:
    asyncio.run(main(call))
