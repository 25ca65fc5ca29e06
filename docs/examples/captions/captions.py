"""
Live captions on a web page: microphone in, captions out, over one websocket.

    pip install 'anyio-stt[examples]'
    python captions.py            # or: python captions.py --backend trio

Then open http://127.0.0.1:8000 and press the button.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import anyio
from hypercorn.config import Config

from anyio_stt import (
    STT,
    APIConnectOptions,
    APIError,
    AudioFrame,
    RecognizeStream,
    SpeechEvent,
    SpeechEventType,
    StreamClosedError,
    StreamFullError,
)
from anyio_stt.engines.pocketsphinx import PocketSphinxSTT

PAGE = Path(__file__).with_name("captions.html").read_bytes()
RATE = 16000
LONGEST_MESSAGE = RATE  # bytes: half a second; the page sends a tenth
SILENT_AFTER = 30.0  # seconds without audio after which a tab is taken to be gone
SEND_TIMEOUT = 5.0  # seconds that a tab may take to read a caption

# Captions are worth nothing late: more than five seconds of waiting audio is an error.
OPTIONS = APIConnectOptions(max_pending_audio=5.0)
KINDS = {
    SpeechEventType.INTERIM_TRANSCRIPT: "interim",
    SpeechEventType.FINAL_TRANSCRIPT: "final",
}

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Captions:
    """
    An ASGI application: the page at `/`, a websocket at `/captions`.

    Each websocket has a stream of its own, which ends with it.

    Args:
        stt: what recognises; it stays the caller's to close.
    """

    def __init__(self, stt: STT) -> None:
        self._stt = stt

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await self._caption(receive, send)
        else:
            await self._show(scope["path"], send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _show(self, path: str, send: Send) -> None:
        found = path == "/"
        headers = [(b"content-type", b"text/html; charset=utf-8")]
        status = 200 if found else 404
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": PAGE if found else b"not here"})

    async def _caption(self, receive: Receive, send: Send) -> None:
        await receive()  # "websocket.connect"
        await send({"type": "websocket.accept"})
        tab = _Tab(receive, send)
        await tab.serve(self._stt)
        await tab.hang_up()


class _Tab:
    """One browser tab: its microphone, and what it shows."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._error = ""

    async def serve(self, stt: STT) -> None:
        """Caption what it hears, until it stops, goes away, or the engine fails."""
        async with stt.stream(conn_options=OPTIONS) as stream, anyio.create_task_group() as tasks:
            tasks.start_soon(self._listen, stream, tasks.cancel_scope)
            try:
                async for event in stream:
                    await self._say(event)
            except APIError as exc:
                self._error = str(exc)
            except TimeoutError:  # from `_tell`
                self._error = f"a caption was not read within {SEND_TIMEOUT:g} s"
            tasks.cancel_scope.cancel()

    async def hang_up(self) -> None:
        """Say why it ends; the tab may be gone by then."""
        with anyio.move_on_after(SEND_TIMEOUT), suppress(Exception):
            if self._error:
                await self._tell({"error": self._error})
            await self._send({"type": "websocket.close", "code": 1011 if self._error else 1000})

    async def _listen(self, stream: RecognizeStream, everything: anyio.CancelScope) -> None:
        while True:
            message: dict[str, Any] = {"type": "websocket.disconnect"}
            with anyio.move_on_after(SILENT_AFTER):
                message = await self._receive()
            if message["type"] == "websocket.disconnect":
                everything.cancel()
                return
            try:
                if self._understand(message, stream):
                    return
            except (StreamClosedError, StreamFullError, ValueError) as exc:
                self._error = self._error or str(exc)
                everything.cancel()
                return

    def _understand(self, message: dict[str, Any], stream: RecognizeStream) -> bool:
        """Take one message, and return whether it was the last."""
        pcm = message.get("bytes")
        if pcm is None:  # any text means stop
            stream.end_input()
            return True
        if len(pcm) > LONGEST_MESSAGE or len(pcm) % 2:
            raise ValueError(f"a message is up to {LONGEST_MESSAGE} bytes of int16, got {len(pcm)}")
        stream.push_frame(AudioFrame(pcm, RATE, 1, len(pcm) // 2))
        return False

    async def _say(self, event: SpeechEvent) -> None:
        if event.type in KINDS and event.alternatives:
            said = event.alternatives[0]
            await self._tell({KINDS[event.type]: said.text, "start": said.start_time})

    async def _tell(self, what: dict[str, Any]) -> None:
        with anyio.fail_after(SEND_TIMEOUT):
            await self._send({"type": "websocket.send", "text": json.dumps(what)})


async def main(backend: str, port: int) -> None:
    """Serve until interrupted."""
    served_on = import_module(f"hypercorn.{backend}")
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.websocket_max_message_size = LONGEST_MESSAGE
    async with PocketSphinxSTT() as stt:
        await served_on.serve(Captions(stt), config)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", choices=("asyncio", "trio"), default="asyncio")
    parser.add_argument("--port", type=int, default=8000)
    given = parser.parse_args()
    with suppress(KeyboardInterrupt):
        anyio.run(main, given.backend, given.port, backend=given.backend)
