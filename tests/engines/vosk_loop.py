"""
A server of Vosk's own recogniser, as vosk-server is one: each message gets one answer.

`python vosk_loop.py PORT MODEL`; it needs vosk, websockets, and a folder with a model.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import vosk
from websockets.asyncio.server import serve

RATE = 8000.0  # until a client says otherwise


def answered(recogniser: Any, message: str | bytes) -> str:
    if isinstance(message, str):  # eof or reset
        return str(recogniser.FinalResult())
    finished = recogniser.AcceptWaveform(message)
    return str(recogniser.Result() if finished else recogniser.PartialResult())


async def main(port: int, folder: str) -> None:
    vosk.SetLogLevel(-1)
    model = vosk.Model(folder)

    async def hear(peer: Any) -> None:
        recogniser, rate, words = None, RATE, True
        async for message in peer:
            if isinstance(message, str) and "config" in message:
                asked = json.loads(message)["config"]
                rate, words = float(asked.get("sample_rate", rate)), asked.get("words", words)
                continue
            if recogniser is None:
                recogniser = vosk.KaldiRecognizer(model, rate)
                recogniser.SetWords(bool(words))
            await peer.send(await asyncio.to_thread(answered, recogniser, message))
            if isinstance(message, str) and "eof" in message:
                return

    async with serve(hear, "127.0.0.1", port):
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
