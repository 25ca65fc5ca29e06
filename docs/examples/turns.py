"""
The turns of a conversation: an asyncio application, as a voice agent has it.

The caller speaks, the agent answers when the caller has finished, and falls silent when the
caller speaks again. Here the caller is a recording, and the agent prints what it would say.

    python turns.py RECORDING
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

import anyio

from anyio_stt import RecognizeStream, SpeechEventType
from anyio_stt.audio import open_audio
from anyio_stt.engines.pocketsphinx import PocketSphinxSTT

PATIENCE = 1.0  # seconds of silence after which the caller's turn is over


class Agent:
    """Answers the turns it is given."""

    def __init__(self) -> None:
        self._turn: list[str] = []
        self._answer: asyncio.Task[None] | None = None

    def interrupt(self) -> None:
        """The caller speaks: say nothing now."""
        if self._answer is not None:
            self._answer.cancel()

    def hear(self, text: str) -> None:
        """Take what the caller said, and answer unless more follows soon."""
        self._turn.append(text)
        self.interrupt()
        self._answer = asyncio.create_task(self._answer_later())

    async def finish(self) -> None:
        """Give the last answer."""
        if self._answer is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait_for(self._answer, 2 * PATIENCE)

    async def _answer_later(self) -> None:
        await asyncio.sleep(PATIENCE)
        turn, self._turn = " ".join(self._turn), []
        print(f"caller: {turn}\nagent: you said {len(turn.split())} words", flush=True)


async def listen(stream: RecognizeStream, agent: Agent) -> None:
    """Pass the caller's words on to the agent."""
    async for event in stream:
        if event.type is SpeechEventType.START_OF_SPEECH:
            agent.interrupt()
        elif event.type is SpeechEventType.FINAL_TRANSCRIPT and event.alternatives[0].text:
            agent.hear(event.alternatives[0].text)


async def main(path: str) -> None:
    """Hold a conversation with a recording."""
    agent = Agent()
    # The stream's own tasks live in its block, and end with it: any task may use the stream.
    async with PocketSphinxSTT() as stt, open_audio(path) as audio, stt.stream() as stream:
        feeding = asyncio.create_task(stream.feed(audio))
        await listen(stream, agent)
        await feeding
    await agent.finish()


if __name__ == "__main__":
    anyio.run(main, sys.argv[1])
