"""
A server that speaks Deepgram's protocol and understands nothing.

`python -m benchmarks.deepgram_server` counts the audio, and says an interim after each half second
of it and a final after each two seconds, the same words every time. It needs the standard library
only and does not even unmask the audio, so that it is nobody's bottleneck; it writes its port to
standard output and ends when standard input does.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ("serve_deepgram",)

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_INTERIM, _PER_FINAL = 0.5, 4
_WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight"]
_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10


@contextmanager
def serve_deepgram() -> Iterator[str]:
    """Run the server in a process of its own; gives `http://127.0.0.1:PORT`."""
    process = subprocess.Popen(
        [sys.executable, "-m", __spec__.name if __spec__ else __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parent.parent,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class _Client(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._buffer = bytearray()
        self._rate = 0  # bytes a second; none before the handshake
        self._heard = self._range = 0.0
        self._answers = 0

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._rate and not self._shake_hands():
            return
        at, size, held = 0, len(self._buffer), self._buffer
        while size - at >= 6:
            length, start = held[at + 1] & 0x7F, at + 2
            if length >= 126:
                width = 2 if length == 126 else 8
                length = int.from_bytes(held[start : start + width], "big")
                start += width
            start += 4  # the mask
            if size < start + length:
                break
            self._take(held[at] & 0x0F, held, start, length)
            at = start + length
        del held[:at]

    def _shake_hands(self) -> bool:
        head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if not found:
            return False
        request, *lines = head.decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        query = parse_qs(urlsplit(request.split()[1]).query)
        self._rate = 2 * int(query["sample_rate"][0]) * int(query.get("channels", "1")[0])
        key = hashlib.sha1(headers["sec-websocket-key"].encode() + _GUID).digest()
        self._transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(key) + b"\r\n\r\n"
        )
        self._buffer = bytearray(rest)
        return True

    def _take(self, opcode: int, held: bytearray, start: int, length: int) -> None:
        if opcode == _BINARY:
            self._hear(length / self._rate)
        elif opcode == _TEXT:
            self._command(json.loads(_unmasked(held, start, length))["type"])
        elif opcode == _PING:
            self._say(_PONG, _unmasked(held, start, length))
        elif opcode == _CLOSE:
            self._say(_CLOSE, _unmasked(held, start, length)[:2])
            self._transport.close()

    def _hear(self, seconds: float) -> None:
        self._heard += seconds
        while self._heard - self._range >= _INTERIM * (self._answers % _PER_FINAL + 1) - 1e-6:
            self._answers += 1
            final = self._answers % _PER_FINAL == 0
            self._say_json(_results(self._range, self._heard, final=final))
            if final:
                self._range = self._heard

    def _command(self, kind: str) -> None:
        if kind in ("Finalize", "CloseStream"):
            self._say_json(_results(self._range, self._heard, final=True, asked=True))
            self._range, self._answers = self._heard, 0
        if kind == "CloseStream":
            self._say_json({"type": "Metadata", "request_id": "r", "duration": self._heard})
            self._say(_CLOSE, (1000).to_bytes(2, "big"))

    def _say_json(self, body: dict[str, Any]) -> None:
        self._say(_TEXT, json.dumps(body).encode())

    def _say(self, opcode: int, data: bytes) -> None:
        size = len(data)
        length = bytes([size]) if size < 126 else bytes([126]) + size.to_bytes(2, "big")
        self._transport.write(bytes([0x80 | opcode]) + length + data)


def _unmasked(held: bytearray, start: int, length: int) -> bytes:
    mask = held[start - 4 : start]
    return bytes(byte ^ mask[i % 4] for i, byte in enumerate(held[start : start + length]))


def _results(start: float, end: float, *, final: bool, asked: bool = False) -> dict[str, Any]:
    spoken = _WORDS if end > start else []
    step = (end - start) / len(_WORDS)
    words = [
        {
            "word": word,
            "start": start + n * step,
            "end": start + (n + 1) * step,
            "confidence": 0.9,
            "punctuated_word": word,
        }
        for n, word in enumerate(spoken)
    ]
    reading = {"transcript": " ".join(spoken), "confidence": 0.9, "words": words}
    return {
        "type": "Results",
        "channel_index": [0, 1],
        "start": start,
        "duration": end - start,
        "is_final": final,
        "speech_final": final,
        "from_finalize": asked,
        "channel": {"alternatives": [reading]},
        "metadata": {
            "request_id": "r",
            "model_uuid": "m",
            "model_info": {"name": "n", "version": "v", "arch": "a"},
        },
    }


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Client, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve())
