"""Every adapter answers a flush, with words or without, and says so in time when it cannot."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import anyio
import pytest

from anyio_stt import (
    STT,
    APIConnectOptions,
    APITimeoutError,
    AudioFrame,
    FallbackAdapter,
    SpeechEventType,
    StreamAdapter,
    combine_frames,
)
from anyio_stt.adapters import MultiChannel, MultiSpeakerAdapter
from anyio_stt.testing import HearAll, ScriptedSTT, cut, silence, tone
from tests.adapters.loud_vad import LoudVAD
from tests.adapters.numbered import Faults, NumberSTT
from tests.testing.loud_engine import LoudSTT

SPOKEN = combine_frames([silence(0.33), tone(0.4), silence(0.2)])
QUIET = silence(0.515)


def batch() -> STT:
    return NumberSTT(Faults(random.Random(0), 0.0), streaming=False)


class Diarizing(LoudSTT):
    def __init__(self) -> None:
        super().__init__()
        self._capabilities = replace(self.capabilities, diarization=True)


ADAPTERS: dict[str, Callable[[], STT]] = {
    "stream": lambda: StreamAdapter(stt=batch(), vad=LoudVAD()),
    "guesses": lambda: StreamAdapter(stt=batch(), vad=LoudVAD(), interim_interval=0.1),
    "fallback": lambda: FallbackAdapter([LoudSTT(), LoudSTT()]),
    "hedged": lambda: FallbackAdapter([LoudSTT(), LoudSTT()], hedge_after=0.1),
    "batch fallback": lambda: FallbackAdapter([batch()], vad=LoudVAD()),
    "speakers": lambda: MultiSpeakerAdapter(stt=Diarizing()),
    "channels": lambda: MultiChannel(LoudSTT()),
    "engine": LoudSTT,
}


@pytest.mark.contract("S23")
@pytest.mark.parametrize("name", ADAPTERS)
@pytest.mark.parametrize("pushed", ["words quiet words", "quiet words quiet", "quiet quiet"])
async def test_each_flush_is_answered_and_twice_is_once(name: str, pushed: str) -> None:
    parts: list[AudioFrame] = [{"words": SPOKEN, "quiet": QUIET}[each] for each in pushed.split()]
    with anyio.fail_after(5):
        async with ADAPTERS[name]() as stt, stt.stream() as stream:
            for part in parts:
                for frame in cut(part, 0.1):
                    await stream.send_frame(frame)
                await stream.finalize()
                await stream.finalize()
                numbers = stream.statistics()
                assert (numbers.pending, numbers.replay) == (0.0, 0.0)
                settled = numbers.recognised + numbers.silent
                assert numbers.pushed == pytest.approx(settled, abs=1e-3)
            stream.end_input()
            kind = SpeechEventType.FINAL_TRANSCRIPT
            finals = [event async for event in stream if event.type is kind]
    assert len(finals) == pushed.count("words")


@pytest.mark.contract("S23")
async def test_what_an_adapter_listens_to_may_not_answer_a_flush_for_ever() -> None:
    """The caller's deadline counts, though an adapter has none of its own for its attempts."""
    for options in (APIConnectOptions(drain_timeout=2.0), APIConnectOptions(timeout=2.0)):
        with anyio.fail_after(5):
            async with (
                MultiChannel(ScriptedSTT([HearAll()])) as stt,
                stt.stream(conn_options=options) as stream,
            ):
                stream.push_frame(SPOKEN)
                began = anyio.current_time()
                with pytest.raises(APITimeoutError, match="did not answer a flush within 2 s"):
                    await stream.finalize()
                assert anyio.current_time() - began == pytest.approx(2.0)
