"""
A voice agent that can be interrupted, on asyncio or trio.

It falls silent when the caller speaks, thinks while the caller may be done, and answers when they
are. The caller is a recording, heard at the pace of speech, or without one the microphone. Its
voice is espeak-ng where that is installed, else a tone; it plays where a loudspeaker is.

    python agent.py [RECORDING] [trio]
"""

from __future__ import annotations

import io
import shutil
import sys
import wave
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio

from anyio_stt import (
    AudioFrame,
    EagerEndOfTurn,
    EndOfTurn,
    StartOfTurn,
    TurnMoment,
    TurnResumed,
)
from anyio_stt.audio import AudioReader, microphone, open_audio
from anyio_stt.engines import default_engine
from anyio_stt.testing import cut, tone

PIECE = 0.1  # seconds of speech: an interruption is heard within this


class Agent:
    """Answers turns; whatever it is doing about one ends when the caller goes on."""

    def __init__(self, tasks: anyio.abc.TaskGroup) -> None:
        self._tasks = tasks
        self._began = anyio.current_time()
        self._work, self._turn_over = anyio.CancelScope(), anyio.Event()
        self._text: str | None = None

    def hear(self, moment: TurnMoment) -> None:
        """Do what *moment* asks for; never waits."""
        match moment:
            case StartOfTurn() | TurnResumed():  # fall silent; never mind
                self.log(f"{type(moment).__name__}: be quiet")
                self._work.cancel()
                self._text = None
            case EagerEndOfTurn():  # start to think
                self._think(moment.text)
            case EndOfTurn():  # speak now
                if self._text != moment.text:
                    self._think(moment.text)
                self._turn_over.set()

    def log(self, what: str) -> None:
        """Say what happens, and when."""
        print(f"{anyio.current_time() - self._began:5.1f}  {what}", flush=True)

    def _think(self, text: str) -> None:
        self._text, self._work, self._turn_over = text, anyio.CancelScope(), anyio.Event()
        self._tasks.start_soon(self._answer, text, self._work, self._turn_over)

    async def _answer(self, text: str, work: anyio.CancelScope, turn_over: anyio.Event) -> None:
        with work:
            answer = await think(text)
            self.log(f"thought about: {text}")
            await turn_over.wait()
            await self._say(answer)
        if work.cancelled_caught:
            self.log(f"stopped: {text}")

    async def _say(self, answer: str) -> None:
        frame = await voice(answer)
        self.log(f"says ({frame.duration:.1f} s): {answer}")
        async with loudspeaker(frame.sample_rate) as play:
            for piece in cut(frame, PIECE):
                await play(piece)
        self.log("has said it")


async def think(text: str) -> str:
    """Return an answer: here is where a language model is asked."""
    await anyio.sleep(0.1)
    return f"you said {len(text.split())} words, and the last was {text.split()[-1]}"


async def voice(text: str) -> AudioFrame:
    """Return *text* as speech."""
    if shutil.which("espeak-ng") is None:
        return tone(0.3 * len(text.split()))
    spoken = await anyio.run_process(["espeak-ng", "--stdout", text])
    with wave.open(io.BytesIO(spoken.stdout)) as file:
        samples = file.readframes(len(spoken.stdout))
        return AudioFrame(samples, file.getframerate(), 1, len(samples) // 2)


@asynccontextmanager
async def loudspeaker(rate: int):
    """Give what plays a frame, and takes as long as that is heard."""
    try:
        import sounddevice

        device = sounddevice.RawOutputStream(samplerate=rate, channels=1, dtype="int16")
    except Exception:  # noqa: BLE001 - no library, or no device
        device = None

    async def play(frame: AudioFrame) -> None:
        if device is None:
            await anyio.sleep(frame.duration)
        else:
            await anyio.to_thread.run_sync(device.write, frame.pcm)

    if device is None:
        yield play
        return
    with device:
        yield play


@asynccontextmanager
async def caller(path: str | None) -> AsyncIterator[AsyncIterator[AudioFrame]]:
    """Open what the agent hears."""
    source: AbstractAsyncContextManager[AudioReader] = open_audio(path) if path else microphone()
    async with source as audio:
        yield at_pace(audio) if path else audio


async def at_pace(audio: AudioReader) -> AsyncIterator[AudioFrame]:
    """Give a recording as if it were spoken now."""
    at = anyio.current_time()
    async for frame in audio:
        at += frame.duration
        await anyio.sleep_until(at)
        yield frame


async def main(path: str | None) -> None:
    """Talk with whoever calls, until they hang up."""
    async with (
        default_engine() as engine,
        caller(path) as audio,
        engine.stream() as stream,
        anyio.create_task_group() as tasks,
    ):
        agent = Agent(tasks)
        async for moment in stream.transcribe(audio).turns(min_silence=0.2, max_silence=0.7):
            agent.hear(moment)


if __name__ == "__main__":
    paths = [each for each in sys.argv[1:] if each != "trio"]
    backend = "trio" if "trio" in sys.argv else "asyncio"
    anyio.run(main, paths[0] if paths else None, backend=backend)
