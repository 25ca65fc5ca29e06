"""
A phone call: a websocket on which a telephony provider sends what its caller says.

The messages are those of Twilio's Media Streams: JSON, with 20 ms of mu-law at 8000 Hz in base64.
Other providers differ in names only. What was said is printed with when it was.

    hypercorn phone:app
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from anyio_stt import AudioFrame, SpeechEventType
from anyio_stt.engines.pocketsphinx import PocketSphinxSTT


async def frames_of(call: WebSocket) -> AsyncIterator[AudioFrame]:
    """Yield what the caller says, until the provider ends the stream or hangs up."""
    try:
        while True:
            message = await call.receive_json()
            if message["event"] == "media":
                yield AudioFrame.from_mulaw(base64.b64decode(message["media"]["payload"]))
            elif message["event"] == "stop":
                return
    except WebSocketDisconnect:
        return  # what was said until then is recognised all the same


async def answer(call: WebSocket) -> None:
    """Transcribe one call."""
    await call.accept()
    # One engine serves many calls; an application makes it once, when it starts.
    async with PocketSphinxSTT() as stt, stt.stream() as stream:
        async for event in stream.transcribe(frames_of(call)):
            if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                said = event.alternatives[0]
                print(f"{said.start_time:6.2f}  {said.text}", flush=True)


app = Starlette(routes=[WebSocketRoute("/call", answer)])
