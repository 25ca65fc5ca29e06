"""
The turns of a conversation: an asyncio application, as a voice agent has it.

The caller speaks, the agent answers when the caller has finished, and falls silent when the
caller speaks again. Here the caller is a recording, and the agent prints what it would say.

    python turns.py RECORDING
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import anyio

from anyio_stt import SpeechEvent, SpeechEventType
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
        """Take what the caller said, nothing perhaps, and answer unless more follows soon."""
        if text:
            self._turn.append(text)
        self.interrupt()
        if self._turn:
            self._answer = asyncio.create_task(self._answer_later())

    async def finish(self) -> None:
        """Give the last answer at once: the caller says no more."""
        self.interrupt()
        if self._answer is not None:
            await asyncio.wait({self._answer}, timeout=PATIENCE)
        if self._turn:
            self._reply()

    async def _answer_later(self) -> None:
        await asyncio.sleep(PATIENCE)
        self._reply()

    def _reply(self) -> None:
        turn, self._turn = " ".join(self._turn), []
        print(f"caller: {turn}\nagent: you said {len(turn.split())} words", flush=True)


async def listen(events: AsyncIterator[SpeechEvent], agent: Agent) -> None:
    """Pass the caller's words on to the agent."""
    async for event in events:
        if event.type is SpeechEventType.START_OF_SPEECH:
            agent.interrupt()
        elif event.type is SpeechEventType.FINAL_TRANSCRIPT:
            agent.hear(event.alternatives[0].text)
        elif event.type is SpeechEventType.END_OF_SPEECH:
            agent.hear("")  # a cough interrupts too: what was said before it still wants an answer


async def main(path: str) -> None:
    """Hold a conversation with a recording."""
    agent = Agent()
    async with PocketSphinxSTT() as stt, stt.stream() as stream:
        await listen(stream.transcribe(path), agent)
    await agent.finish()


if __name__ == "__main__":
    anyio.run(main, sys.argv[1])
