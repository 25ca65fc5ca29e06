"""An engine here in a pipeline of Pipecat's."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from anyio_stt import STT, APIConnectionError, APIConnectOptions, FallbackAdapter
from anyio_stt.engines.deepgram import DeepgramSTT
from anyio_stt.testing import Fail, HearAll, ScriptedSTT, cut
from anyio_stt.testing.servers import Action, DeepgramServer, Fault, Moment, say_words

pytest.importorskip("pipecat.pipeline.worker", reason="Pipecat is not installed")
from pipecat.frames.frames import (
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    STTMuteFrame,
    TranscriptionFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.tests.utils import run_test

from anyio_stt.engines.pipecat import ForPipecat

pytestmark = [pytest.mark.heavy, pytest.mark.real_time, pytest.mark.timeout(100)]
OPTIONS = APIConnectOptions(max_retry=5, retry_interval=0.01)


@pytest.fixture(autouse=True)
def on_asyncio(anyio_backend: Any) -> None:
    name, options = anyio_backend
    if name != "asyncio" or options:
        pytest.skip("a pipeline of Pipecat's runs on asyncio")


async def through(engine: STT, frames: list[Frame]) -> tuple[list[Frame], list[Frame]]:
    """Run a pipeline with the engine in it; return what came out at both ends."""
    with anyio.fail_after(60):
        down, up = await run_test(
            ForPipecat(engine, conn_options=OPTIONS, user_id="somebody"),
            frames_to_send=frames,
        )
    return list(down), list(up)


def spoken(words: range) -> list[Frame]:
    return [
        InputAudioRawFrame(frame.pcm, frame.sample_rate, 1) for frame in cut(say_words(words), 0.02)
    ]


def texts(frames: list[Frame]) -> list[str]:
    return [frame.text for frame in frames if isinstance(frame, TranscriptionFrame)]


async def test_every_word_comes_over_torn_connections_before_the_end_frame() -> None:
    tears = [Fault(Action.RESET, Moment.HEARING, after=0.7 + 0.3 * n) for n in range(4)]
    async with DeepgramServer(tears) as server:
        engine = DeepgramSTT(base_url=server.base_url, api_key=server.api_key)
        down, up = await through(engine, spoken(range(1, 13)))
        assert server.struck == 4
    assert " ".join(texts(down)).split() == [f"w{number}" for number in range(1, 13)]
    assert any(isinstance(frame, InterimTranscriptionFrame) for frame in down)
    assert {frame.user_id for frame in down if isinstance(frame, TranscriptionFrame)} == {
        "somebody"
    }
    assert sum(isinstance(frame, InputAudioRawFrame) for frame in down) == len(spoken(range(1, 13)))
    assert not any(isinstance(frame, ErrorFrame) for frame in up)


async def test_their_detector_flushes_and_what_is_muted_is_not_heard() -> None:
    async with DeepgramServer() as server:
        engine = DeepgramSTT(base_url=server.base_url, api_key=server.api_key)
        frames: list[Frame] = [
            *spoken(range(1, 3))[:20],
            VADUserStoppedSpeakingFrame(),
            STTMuteFrame(mute=True),
            *spoken(range(3, 5)),
            STTMuteFrame(mute=False),
            *spoken(range(5, 7)),
        ]
        down, _ = await through(FallbackAdapter([engine]), frames)
    assert " ".join(texts(down)).split()[0] == "w1"
    assert " ".join(texts(down)).split()[-2:] == ["w5", "w6"]
    assert "w3" not in " ".join(texts(down))


async def test_what_the_engine_fails_with_is_an_error_frame() -> None:
    error = APIConnectionError("nobody there", retryable=False)
    _, up = await through(ScriptedSTT([HearAll(), Fail(error)]), spoken(range(1, 4)))
    errors = [frame for frame in up if isinstance(frame, ErrorFrame)]
    assert [frame.exception for frame in errors] == [error]
