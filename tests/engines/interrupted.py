"""A program of a few lines that talks to a server which says nothing; Ctrl-C ends it."""

from __future__ import annotations

import os
import signal
import sys

import anyio

from anyio_stt.engines.deepgram import DeepgramSTT
from anyio_stt.engines.openai import OpenAIRealtimeSTT, OpenAISTT
from anyio_stt.engines.vosk import VoskServerSTT
from anyio_stt.engines.wyoming import WyomingSTT
from anyio_stt.testing.servers import (
    Action,
    DeepgramServer,
    Fault,
    Moment,
    OpenAIServer,
    VoskServer,
    WyomingServer,
    say_words,
)

# Whatever started the tests may have told its children to ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

ENGINES = {
    "deepgram": (DeepgramSTT, DeepgramServer),
    "openai": (OpenAISTT, OpenAIServer),
    "realtime": (OpenAIRealtimeSTT, OpenAIServer),
    "vosk": (VoskServerSTT, VoskServer),
    "wyoming": (WyomingSTT, WyomingServer),
}


async def main() -> None:
    make, serve = ENGINES[sys.argv[1]]
    moment = Moment[sys.argv[3]]
    faults = [Fault(Action.SILENT if moment is not Moment.OPENING else Action.HALF_OPEN, moment)]
    async with serve(faults * 9) as server:
        options = {"api_key": server.api_key} if "api" in sys.argv[4] else {}
        async with make(base_url=server.base_url, **options) as stt, stt.stream() as stream:
            try:
                stream.push_frame(say_words([1, 2, 3]))
                stream.flush()
                os.write(1, b"ready\n")
                async for _ in stream:
                    pass
            finally:
                os.write(1, b"finally\n")


if __name__ == "__main__":
    try:
        anyio.run(main, backend=sys.argv[2])
    except BaseException as exc:  # a group, where it came in the midst of a task of the server's
        error: BaseException = exc
        while inner := getattr(error, "exceptions", ()):
            error = inner[0]
        if not isinstance(error, KeyboardInterrupt):
            raise
        os.write(1, b"interrupted\n")
