"""What an engine is called and what it loads beforehand, through adapters and bridges."""

from __future__ import annotations

from time import time

import anyio
import pytest

from anyio_stt import (
    STT,
    APIConnectionError,
    FallbackAdapter,
    StreamAdapter,
    STTCapabilities,
)
from anyio_stt.adapters import MultiChannel, MultiSpeakerAdapter
from anyio_stt.engines.deepgram import DeepgramSTT
from anyio_stt.testing import Fail, HearAll, Say, ScriptedSTT, final, silence
from tests.adapters.loud_vad import LoudVAD


class NamedSTT(ScriptedSTT):
    """Counts how often it was told to prepare."""

    _provider = "somebody"

    def __init__(self, model: str, *, works: bool = True, streaming: bool = True) -> None:
        script = [
            HearAll(),
            Say(final("yes", end=0.5)) if works else Fail(APIConnectionError("no")),
        ]
        super().__init__(
            script,
            recognize=[script],
            capabilities=STTCapabilities(
                streaming=streaming, interim_results=False, diarization=True
            ),
            label=model,
        )
        self.name = model
        self.prewarmed = 0

    @property
    def model(self) -> str:
        return self.name

    def prewarm(self) -> None:
        self.prewarmed += 1


def behind(kind: str, first: NamedSTT) -> STT:
    second = NamedSTT("second")
    if kind == "stream":
        return StreamAdapter(stt=first, vad=LoudVAD())
    if kind == "speakers":
        return MultiSpeakerAdapter(stt=first)
    if kind == "channels":
        return MultiChannel(first)
    return FallbackAdapter([first, second], vad=LoudVAD())


KINDS = ["stream", "speakers", "channels", "fallback"]


@pytest.mark.parametrize("kind", KINDS)
def test_model_and_provider_are_those_of_the_engine_behind_an_adapter(kind: str) -> None:
    stt = behind(kind, NamedSTT("first"))
    assert (stt.model, stt.provider) == ("first", "somebody")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("streaming", [True, False])
def test_prewarm_reaches_the_engine_that_is_asked_first(kind: str, streaming: bool) -> None:
    first = NamedSTT("first", streaming=streaming)
    stt = behind(kind, first)
    stt.prewarm()
    assert first.prewarmed == 1
    if isinstance(stt, FallbackAdapter):
        assert [each.prewarmed for each in stt._members[1:]] == [0]  # type: ignore[attr-defined]


async def test_a_fallback_is_called_by_the_member_that_serves() -> None:
    first, second = NamedSTT("first", works=False), NamedSTT("second")
    async with FallbackAdapter([first, second], max_retry_per_stt=0) as stt:
        assert stt.model == "first"
        await stt.recognize(silence(0.5))
        assert stt.model == "second"


def test_an_engine_without_a_name_is_unknown_and_one_with_a_model_says_it() -> None:
    assert (ScriptedSTT().model, ScriptedSTT().provider) == ("unknown", "unknown")
    ScriptedSTT().prewarm()
    stt = DeepgramSTT(base_url="ws://localhost:1")
    assert (stt.model, stt.provider) == ("nova-3", "Deepgram")
    stt.update_options(model="nova-2")
    assert stt.model == "nova-2"


async def test_a_stream_says_when_it_began() -> None:
    stream = ScriptedSTT().stream()
    assert stream.start_time == 0.0
    before = time()
    async with stream:
        assert before <= stream.start_time <= time()
        began = stream.start_time
        await anyio.sleep(1)
        assert stream.start_time == began
