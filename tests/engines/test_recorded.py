"""What our engines say agrees with what the vendors' own clients were recorded to say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from anyio_stt import STT, APIConnectOptions, SpeechEventType
from anyio_stt.engines.deepgram import DeepgramSTT
from anyio_stt.engines.openai import OpenAIRealtimeSTT, OpenAISTT
from anyio_stt.testing import silence
from anyio_stt.testing.servers import DeepgramServer, OpenAIServer, say_words
from anyio_stt.wire.deepgram_flux import FluxSession
from tests.engines.fault_matrix import finals
from tests.engines.recorded.record import form

pytestmark = pytest.mark.real_time


def recorded(name: str) -> dict[str, Any]:
    text = (Path(__file__).parent / "recorded" / f"{name}.json").read_text(encoding="utf-8")
    log: dict[str, Any] = json.loads(text)
    return log


async def test_deepgrams_own_client_asks_for_the_same_in_the_same_words() -> None:
    theirs = recorded("deepgram")
    with anyio.fail_after(5):
        async with DeepgramServer() as server:
            async with DeepgramSTT(base_url=server.base_url, api_key=server.api_key) as stt:
                said = await finals(stt, say_words(range(1, 4)), APIConnectOptions())
            request, log = server.requests[0], server.services[0].log
    assert request.path == theirs["path"]
    assert {tuple(pair) for pair in theirs["query"]} <= set(request.query)
    assert (
        request.headers["authorization"].replace(server.api_key, "KEY") == theirs["authorization"]
    )
    # Their script flushed by hand before the end; our end is CloseStream alone.
    by_hand = ("KeepAlive", "Finalize")
    assert log == [each for each in theirs["log"] if not any(word in each for word in by_hand)]
    assert said == [text for text in theirs["finals"] if text]


async def test_deepgrams_own_client_asks_for_turns_in_the_same_words() -> None:
    theirs = recorded("deepgram_flux")
    said = say_words(range(1, 5), per_utterance=2)
    audio = said.slice(0, said.samples_per_channel - 8000)
    with anyio.fail_after(5):
        async with DeepgramServer() as server:
            async with DeepgramSTT(
                base_url=server.base_url,
                api_key=server.api_key,
                model="flux-general-en",
                eot_threshold=0.8,
                eager_eot_threshold=0.5,
                eot_timeout_ms=3000,
                keyterms=("anyio", "trio"),
            ) as stt:
                said_of_it = await finals(stt, audio, APIConnectOptions())
            request, log = server.requests[0], server.services[0].log
    assert request.path == theirs["path"]
    assert sorted(request.query) == [tuple(pair) for pair in theirs["query"]]
    key = request.headers["authorization"].replace(server.api_key, "KEY")
    assert (key, log) == (theirs["authorization"], theirs["log"])
    assert said_of_it == ["w1 w2", "w3 w4"]


def test_what_deepgrams_own_types_hold_is_what_our_codec_understands() -> None:
    session = FluxSession(0.0)
    list(session.audio(silence(10.0)))
    events = [
        event
        for message in recorded("deepgram_flux")["understood"]
        for event in session.receive(json.dumps(message))
    ]
    list(session.ending())
    finals = [event for event in [*events, *session.closed()] if event.type.value.startswith("fin")]
    assert [event.alternatives[0].text for event in finals] == ["w1 w2", "w3 w4"]
    words = finals[0].alternatives[0].words
    assert words is not None
    assert [(word, word.start_time, word.end_time) for word in words] == [
        ("w1", 0.0, 0.2),
        ("w2", pytest.approx(0.3), 0.5),
    ]


async def test_openais_own_client_sets_up_the_same_session() -> None:
    theirs = recorded("openai_realtime")
    audio = say_words(range(1, 4), sample_rate=24000)
    with anyio.fail_after(5):
        async with OpenAIServer() as server:
            async with OpenAIRealtimeSTT(
                base_url=server.base_url, api_key=server.api_key, language="en"
            ) as stt:
                said = await finals(stt, audio, APIConnectOptions())
            request, service = server.requests[0], server.services[0]
    assert request.path == theirs["path"]
    assert request.query == [tuple(pair) for pair in theirs["query"]]
    assert (
        request.headers["authorization"].replace(server.api_key, "KEY") == theirs["authorization"]
    )
    assert json.loads(service.first) == theirs["session.update"]
    assert service.log[: len(theirs["log"])] == theirs["log"]
    assert said == theirs["transcripts"]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("json", {"prompt": "words", "deltas": False}),
        ("verbose", {"model": "whisper-1", "words": True, "temperature": 0.5}),
        ("stream", {}),
    ],
)
async def test_openais_own_client_sends_the_same_form(name: str, options: dict[str, Any]) -> None:
    theirs = recorded("openai")[name]
    with anyio.fail_after(5):
        async with OpenAIServer() as server:
            base_url = f"{server.base_url}/v1"  # as their client is given it
            stt = OpenAISTT(base_url=base_url, api_key=server.api_key, language="en", **options)
            async with stt:
                said = await _best(stt)
            ours = form(server.requests[0])
    assert {**ours, "fields": sorted(ours["fields"])} == {
        **theirs["request"],
        "fields": sorted(theirs["request"]["fields"]),
    }
    understood = theirs["understood"]
    whole = understood[-1] if name == "stream" else understood
    assert said["text"] == whole["text"]
    assert said["words"] == [
        (word["word"], word["start"], word["end"]) for word in whole.get("words", [])
    ]
    usage = whole["usage"]
    assert said["usage"] == (
        usage.get("seconds", 1.3),
        usage.get("input_tokens", 0),
        usage.get("output_tokens", 0),
    )
    if name == "stream":
        deltas = [event["delta"] for event in understood[:-1]]
        guesses = ["".join(deltas[:count]).strip() for count in range(1, len(deltas) + 1)]
        assert said["guesses"][-1] == guesses[-1]  # earlier ones may be skipped
        assert set(said["guesses"]) <= set(guesses)


async def _best(stt: STT) -> dict[str, Any]:
    said: dict[str, Any] = {"guesses": []}
    async with stt.stream() as stream:
        stream.push_frame(say_words(range(1, 4)))
        stream.end_input()
        async for event in stream:
            if event.type is SpeechEventType.INTERIM_TRANSCRIPT:
                said["guesses"].append(event.alternatives[0].text)
            if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                best = event.alternatives[0]
                said["text"] = best.text
                said["words"] = [
                    (word.text, word.start_time, word.end_time) for word in best.words or ()
                ]
            usage = event.recognition_usage
            if usage is not None:
                said["usage"] = (
                    usage.audio_duration,
                    usage.input_tokens,
                    usage.output_tokens,
                )
    return said
