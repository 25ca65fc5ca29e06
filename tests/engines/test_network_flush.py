"""Every flush is answered, by every engine on the network: with words, or without."""

from __future__ import annotations

import anyio
import pytest

from anyio_stt import APIConnectOptions, RecognizeStream, SpeechEventType
from anyio_stt.testing import cut, silence
from anyio_stt.testing.servers import say_words
from tests.engines.test_network_engines import Network, every

pytestmark = pytest.mark.real_time

OPTIONS = APIConnectOptions(max_retry=0, drain_timeout=10.0)
WORDS, NOTHING, REST = (1, 2, 3), (), (4, 5)
# The servers end an utterance after 0.3 s of silence, and say after 2 s of it that nobody spoke.
PAUSES = (0.2, 0.6)


async def push(stream: RecognizeStream, rate: int, words: tuple[int, ...], quiet: float) -> None:
    """Push these words, and silence behind them."""
    sounds = [say_words(words, pause=0.0, sample_rate=rate)] if words else []
    for frame in [*sounds, silence(quiet, sample_rate=rate)]:
        for piece in cut(frame, 0.1):
            await stream.send_frame(piece)


@pytest.mark.contract("S23")
@every
@pytest.mark.parametrize("quiet", PAUSES)
@pytest.mark.parametrize(
    "pushed",
    [
        (WORDS, NOTHING, REST),
        (NOTHING, WORDS, NOTHING),
        (NOTHING, NOTHING),
        (WORDS, REST),
    ],
    ids=["words-first", "silence-first", "silence", "words"],
)
async def test_each_flush_is_answered_and_twice_is_once(
    network: Network, pushed: tuple[tuple[int, ...], ...], quiet: float
) -> None:
    said: list[str] = []
    with anyio.fail_after(60):
        async with (
            network.serve([]) as server,
            network.engine(server) as stt,
            stt.stream(conn_options=OPTIONS) as stream,
            anyio.create_task_group() as tasks,
        ):

            async def listen() -> None:
                async for event in stream:
                    if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                        said.extend(event.alternatives[0].text.split())

            tasks.start_soon(listen)
            for words in pushed:
                await push(stream, network.rate, words, quiet)
                await stream.finalize()
                await stream.finalize()
                statistics = stream.statistics()
                assert (statistics.pending, statistics.replay) == (0.0, 0.0)
                assert statistics.pushed == pytest.approx(statistics.recognised + statistics.silent)
            stream.end_input()
    assert said == [f"w{number}" for words in pushed for number in words]
