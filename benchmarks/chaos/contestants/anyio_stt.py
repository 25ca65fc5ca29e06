"""This library, on either event loop; as `bridged BACKEND` with LiveKit's plugin as its engine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import anyio
from anyio.lowlevel import checkpoint

from anyio_stt import STT, AudioFrame, FallbackAdapter, SpeechEventType

from ..client import RATE, Call, sockets

PACKAGES = ("anyio", "trio")


def own_engine(url: str) -> STT:
    from anyio_stt.engines.deepgram import DeepgramSTT

    return DeepgramSTT(api_key="k", base_url=url)


def bridged_engine(url: str) -> STT:
    from livekit.plugins import deepgram

    from anyio_stt.engines.livekit import LiveKitSTT

    return LiveKitSTT(deepgram.STT(api_key="k", base_url=f"{url}/v1/listen", model="nova-2"))


async def push(stream: Any, call: Call) -> None:
    for wait, audio in call.frames():
        await anyio.sleep(wait)
        await stream.send_frame(AudioFrame(audio, RATE, 1, len(audio) // 2))
    stream.end_input()


async def consume(stream: Any, call: Call) -> None:
    while True:
        with anyio.move_on_after(call.wait if call.impatient else 1e9):
            try:
                event = await stream.__anext__()
            except StopAsyncIteration:
                return
            if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                call.hear(event.alternatives[0].text)
            await checkpoint()


async def main(call: Call, make_engine: Callable[[str], STT]) -> None:
    engines = [make_engine(url) for url in call.urls]
    async with AsyncExitStack() as stack:
        for each in engines:
            await stack.enter_async_context(each)
        stt = engines[0]
        if len(engines) > 1:
            stt = await stack.enter_async_context(FallbackAdapter(engines))
        try:
            async with stt.stream() as stream, anyio.create_task_group() as tg:
                tg.start_soon(push, stream, call)
                await consume(stream, call)
        except Exception as exc:
            call.end = f"{type(exc).__name__}: {exc}"


def open_now() -> dict[str, int]:
    return {"tasks": len(anyio.get_running_tasks()), "sockets": sockets()}


def listen(call: Call, argument: str) -> None:
    *bridged, backend = argument.split()

    async def run() -> None:
        before = open_now()
        await main(call, bridged_engine if bridged else own_engine)
        call.left = {name: max(0, count - before[name]) for name, count in open_now().items()}

    anyio.run(run, backend=backend)
