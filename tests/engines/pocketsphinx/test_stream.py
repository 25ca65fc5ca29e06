"""Streams that a real decoder recognises, in real processes."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

import anyio
import pytest

from anyio_stt import APIConnectOptions, AudioFrame
from anyio_stt.engines.pocketsphinx import PocketSphinxOptions, PocketSphinxSTT
from anyio_stt.events import SpeechEvent, SpeechEventType
from anyio_stt.testing import assert_no_leaks, cut, silence, spoken

pytest.importorskip("pocketsphinx")
pytestmark = pytest.mark.real_time

FIRST, SECOND = spoken().transcript.splitlines()
QUICK = APIConnectOptions(retry_interval=0.1)
NO_GUESSES = PocketSphinxOptions(interim_results=False)


def frames(seconds: float = 0.1) -> list[AudioFrame]:
    return cut(spoken().frame, seconds)


def finals(events: Iterable[SpeechEvent]) -> list[str]:
    final = SpeechEventType.FINAL_TRANSCRIPT
    return [event.alternatives[0].text for event in events if event.type is final]


def kinds(events: Iterable[SpeechEvent]) -> list[str]:
    """Return the types in order, a run of interims as one."""
    names = [event.type.name.split("_")[0] for event in events]
    return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    # uvloop opens /dev/null with the first process it starts, and keeps it.
    await anyio.run_process([sys.executable, "-c", ""])
    async with assert_no_leaks():
        yield


async def transcribe(
    stt: PocketSphinxSTT, audio: Sequence[AudioFrame], options: APIConnectOptions = QUICK
) -> list[SpeechEvent]:
    events = []
    async with stt.stream(conn_options=options) as stream, anyio.create_task_group() as tg:
        tg.start_soon(stream.feed, audio)
        async for event in stream:
            events.append(event)  # noqa: PERF401 - what came counts if it fails
    return events


async def test_what_was_said_comes_back_with_guesses_words_and_times() -> None:
    with anyio.fail_after(30):
        async with nothing_left(), PocketSphinxSTT() as stt:
            events = await transcribe(stt, frames())

    assert finals(events) == [FIRST, SECOND]
    assert kinds(events) == ["START", "INTERIM", "FINAL", "END"] * 2
    for event, begins, ends in zip(
        [event for event in events if event.type is SpeechEventType.FINAL_TRANSCRIPT],
        (0.0, 3.45),
        (2.65, 6.06),
        strict=True,
    ):
        speech = event.alternatives[0]
        assert speech.language == "en-US"
        assert 0.5 < speech.confidence <= 1
        assert speech.words is not None
        assert " ".join(word.text for word in speech.words) == speech.text
        assert begins <= speech.start_time < begins + 0.4
        assert ends - 0.6 < speech.end_time <= ends
        edges = [edge for word in speech.words for edge in (word.start_time, word.end_time)]
        assert edges == sorted(edges)


async def test_a_stretch_without_speech_says_nothing_and_counts_as_recognised() -> None:
    with anyio.fail_after(30):
        async with PocketSphinxSTT() as stt, stt.stream() as stream:
            for frame in cut(silence(5.0), 0.1):
                await stream.send_frame(frame)
            stream.end_input()
            events = [event async for event in stream]

    assert events == []
    assert stream.statistics().replay < 1.0
    assert stream.statistics().recognised > 4.0
