"""Options that change while audio flows over a network, over broken connections too."""

from __future__ import annotations

import random

import anyio
import pytest

from anyio_stt import APIConnectOptions, RecognizeStream, SpeechEventType
from anyio_stt.testing import cut
from anyio_stt.testing.servers import Action, Fault, say_words
from tests.engines.test_network_engines import ENGINES, Network, every

pytestmark = pytest.mark.real_time

OPTIONS = APIConnectOptions(max_retry=20, retry_interval=0.01, drain_timeout=20.0)
UTTERANCES, WORDS = 5, 3


def _tear(network: Network, rng: random.Random) -> Fault:
    return Fault(Action.RESET, rng.choice(network.moments), after=network.after * rng.random())


async def speak(stream: RecognizeStream, rate: int, change_in: int) -> None:
    """Say utterances, flush behind each, and change the language in the middle of one."""
    for number in range(UTTERANCES):
        first = number * WORDS + 1
        frames = cut(say_words(range(first, first + WORDS), sample_rate=rate), 0.1)
        for index, frame in enumerate(frames):
            if number == change_in and index == 4:
                stream.update_options(language="de")
            await stream.send_frame(frame)
        stream.flush()
    stream.end_input()


@pytest.mark.contract("S16")
@every
@pytest.mark.parametrize("torn", [False, True], ids=["whole", "torn"])
async def test_what_was_said_before_a_change_goes_by_the_old_options(
    network: Network, torn: bool
) -> None:
    rng = random.Random(f"{network} {torn}")
    faults = [_tear(network, rng) if torn else None for _ in range(4)]
    said: list[tuple[str, str]] = []
    with anyio.fail_after(60):
        async with network.serve(faults) as server, network.engine(server) as stt:
            stt.update_options(language="en")
            async with (
                stt.stream(conn_options=OPTIONS) as stream,
                anyio.create_task_group() as tasks,
            ):
                tasks.start_soon(speak, stream, network.rate, 1)
                async for event in stream:
                    if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                        data = event.alternatives[0]
                        said += [(word, data.language) for word in data.text.split()]
    assert [word for word, _ in said] == [f"w{n}" for n in range(1, UTTERANCES * WORDS + 1)]
    languages = [spoken for _, spoken in said]
    if network in (ENGINES["openai"], ENGINES["wyoming"]):  # their servers say what is spoken
        assert stream.statistics().attempt > 1
    else:
        assert languages == ["en"] * 2 * WORDS + ["de"] * 3 * WORDS
