"""The engine with tiny.en: words, times, leaving at once, the contract on both loops."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from functools import partial

import anyio
import pytest

from anyio_stt import SpeechEvent
from anyio_stt.engines import load_engine
from anyio_stt.engines.whisper import WhisperSTT
from anyio_stt.events import SpeechEventType
from anyio_stt.testing import assert_no_leaks, check_stt, cut, silence, spoken

SOAK = os.environ.get("ANYIO_STT_SOAK") == "1"

pytestmark = [pytest.mark.heavy, pytest.mark.real_time, pytest.mark.timeout(400)]
SAID = ["Good morning and welcome to the show.", "This speech was made by a machine."]


@pytest.fixture(autouse=True, scope="module")
def weights() -> None:
    try:
        load_engine("whisper")()  # type: ignore[call-arg]
    except (ImportError, LookupError) as exc:
        pytest.skip(f"{exc}")


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    await anyio.run_process([sys.executable, "-c", ""])  # uvloop keeps /dev/null from then on
    async with assert_no_leaks():
        yield


@pytest.mark.parametrize("isolated", [False, True])
async def test_what_was_said_comes_back_in_threads_and_in_processes(isolated: bool) -> None:
    # In this process tqdm, which faster-whisper uses, keeps a thread and onnxruntime files.
    left = nothing_left() if isolated else nullcontext()
    async with left, WhisperSTT(isolated=isolated, max_workers=1) as stt:
        events: list[SpeechEvent] = []
        async with stt.stream() as stream, anyio.create_task_group() as tg:
            tg.start_soon(stream.feed, cut(spoken().frame, 0.1))
            events = [event async for event in stream]
        whole = await stt.recognize(spoken().frame)

    said = [event for event in events if event.type is SpeechEventType.FINAL_TRANSCRIPT]
    assert [event.alternatives[0].text for event in said] == SAID
    assert whole.alternatives[0].text == " ".join(SAID)
    for speech in (event.alternatives[0] for event in (*said, whole)):
        assert 0.3 < speech.confidence <= 1
        assert speech.words
        edges = [edge for word in speech.words for edge in (word.start_time, word.end_time)]
        assert edges == sorted(edges)


async def test_silence_says_nothing() -> None:
    async with WhisperSTT(max_workers=1) as stt, stt.stream() as stream:
        for frame in cut(silence(30.0), 0.5):
            await stream.send_frame(frame)
        stream.end_input()
        assert [event async for event in stream] == []


async def test_leaving_amid_a_window_does_not_wait_for_it() -> None:
    async with nothing_left():
        async with WhisperSTT(max_workers=1) as stt, stt.stream() as stream:
            stream.push_frame(spoken().frame)
            stream.flush()
            await anext(stream)
            left = anyio.current_time()
        assert anyio.current_time() - left < 1.0


# Some hundred engines load their model; in processes of their own that takes half as long again.
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_engine_keeps_the_contract(backend: str) -> None:
    make = partial(WhisperSTT, max_workers=2, isolated=SOAK)
    anyio.run(partial(check_stt, make, patience=60), backend=backend)
