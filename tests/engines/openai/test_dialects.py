"""Realtime sessions with OpenAI's models and with servers that differ, without a network."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from anyio_stt import APIConnectionError, APIError, SpeechEvent, SpeechEventType
from anyio_stt.engines.openai import OpenAIRealtimeOptions, OpenAIRealtimeSTT
from anyio_stt.engines.openai.sessions import session_query, session_update
from anyio_stt.testing import tone
from anyio_stt.wire.openai_realtime import RealtimeSession
from anyio_stt.wire.session import ClientSession
from anyio_stt.wire.speaches import SpeachesSession
from anyio_stt.wire.vllm import VllmSession

ITEM = "conversation.item.input_audio_transcription"
FINAL = SpeechEventType.FINAL_TRANSCRIPT
INTERIM = SpeechEventType.INTERIM_TRANSCRIPT


def tell(ours: ClientSession, kind: str, **fields: Any) -> list[SpeechEvent]:
    return ours.receive(json.dumps({"type": kind, **fields}))


def texts(events: list[SpeechEvent], kind: SpeechEventType) -> list[str]:
    return [event.alternatives[0].text for event in events if event.type is kind]


# ---- OpenAI: openai/openai-python, src/openai/types/realtime/
# realtime_transcription_session_audio_input_param.py: "For `gpt-realtime-whisper` transcription
# sessions, turn detection must be set to `null`; VAD is not supported." OpenAI's guide "Realtime
# transcription" says the same of `gpt-live-transcribe`.


@pytest.mark.parametrize("model", ["gpt-live-transcribe", "gpt-realtime-whisper"])
def test_a_model_that_detects_no_turns_is_not_asked_to(model: str) -> None:
    options = OpenAIRealtimeOptions(model=model)
    audio = session_update(options, None)["session"]["audio"]["input"]
    assert audio["turn_detection"] is None
    assert not options.detects
    with pytest.raises(ValueError, match=f"{model} does not detect .* vad=False"):
        OpenAIRealtimeOptions(model=model, vad=True)


def test_the_model_that_is_asked_unless_told_otherwise_detects_turns() -> None:
    options = OpenAIRealtimeOptions()
    assert options.detects
    audio = session_update(options, "de")["session"]["audio"]["input"]
    assert audio == {
        "format": {"type": "audio/pcm", "rate": 24000},
        "transcription": {"model": "gpt-transcribe", "language": "de"},
        "turn_detection": {"type": "server_vad"},
    }


def test_text_that_comes_while_somebody_speaks_is_a_guess() -> None:
    ours = RealtimeSession(10.0, update={}, detects=False)
    list(ours.audio(tone(1.0, sample_rate=24000)))
    first = tell(ours, f"{ITEM}.delta", item_id="a", content_index=0, delta="good ")
    assert texts(first, INTERIM) == ["good"]
    assert ours.quiet  # nobody detects speech here, so nothing keeps a session from its end
    list(ours.flush())
    more = tell(ours, f"{ITEM}.delta", item_id="b", content_index=0, delta="next ")
    tell(ours, "input_audio_buffer.committed", item_id="a", previous_item_id=None)
    done = tell(ours, f"{ITEM}.completed", item_id="a", transcript="good morning")
    assert (texts(more, INTERIM), texts(done, FINAL)) == (["next"], ["good morning"])
    best = next(event for event in done if event.type is FINAL).alternatives[0]
    assert (best.start_time, best.end_time) == (10.0, 11.0)
    late = tell(ours, f"{ITEM}.delta", item_id="a", content_index=0, delta="late")
    assert late == []  # of what was said already


@pytest.mark.parametrize("kind", ["openai", "speaches", "vllm"])
def test_a_guess_that_never_ends_is_refused(kind: Any) -> None:
    ours: ClientSession = RealtimeSession(0.0, update={})
    delta = (f"{ITEM}.delta", {"item_id": "a"})
    if kind == "vllm":
        ours, delta = (
            VllmSession(0.0, update={}),
            (
                "transcription.delta",
                {},
            ),
        )
    with pytest.raises(APIConnectionError, match="more than 262144 characters") as caught:
        for _ in range(3):
            tell(ours, delta[0], **delta[1], delta="word " * 20_000)
    assert not caught.value.retryable


def test_utterances_without_transcripts_are_bounded() -> None:
    ours = RealtimeSession(0.0, update={})
    with pytest.raises(APIConnectionError, match="more than 1000 utterances"):
        for number in range(1100):
            tell(ours, "input_audio_buffer.committed", item_id=str(number))


def test_the_older_session_is_asked_the_same() -> None:
    options = OpenAIRealtimeOptions(
        model="m", silence_ms=300, dialect="beta", noise_reduction="near_field"
    )
    assert session_update(options, "de") == {
        "type": "transcription_session.update",
        "session": {
            "input_audio_format": "pcm16",
            "input_audio_transcription": {"model": "m", "language": "de"},
            "turn_detection": {"type": "server_vad", "silence_duration_ms": 300},
            "input_audio_noise_reduction": {"type": "near_field"},
        },
    }
    assert session_query(options) == (("intent", "transcription"),)


# ---- speaches: speaches-ai/speaches, src/speaches/routers/realtime_ws.py (`model` is a required
# parameter of the query), src/speaches/realtime/session_event_router.py (a format is complained
# of), src/speaches/types/realtime.py (which types of message there are, and their fields)


def test_speaches_gets_its_model_in_the_query_and_no_format() -> None:
    options = OpenAIRealtimeOptions(model="Systran/x", dialect="speaches", silence_ms=200)
    assert session_query(options) == (("model", "Systran/x"), ("intent", "transcription"))
    assert session_update(options, "de") == {
        "type": "session.update",
        "session": {
            "input_audio_transcription": {"model": "Systran/x", "language": "de"},
            "turn_detection": {"type": "server_vad", "silence_duration_ms": 200},
        },
    }


def speaches(**options: Any) -> SpeachesSession:
    ours = SpeachesSession(10.0, update={}, **options)
    tell(ours, "session.updated", event_id="e", session={})
    return ours


def hear_utterance(
    ours: SpeachesSession, item: str, begins: int, ends: int, lasts: float, text: str
) -> list[SpeechEvent]:
    """src/speaches/realtime/input_audio_buffer_event_router.py, and what it makes of one."""
    tell(ours, "input_audio_buffer.speech_started", item_id=item, audio_start_ms=begins)
    tell(ours, "input_audio_buffer.speech_stopped", item_id=item, audio_end_ms=ends)
    tell(ours, "input_audio_buffer.committed", item_id=item, previous_item_id=None)
    usage = {"seconds": lasts, "type": "duration"}
    return tell(
        ours, f"{ITEM}.completed", item_id=item, content_index=0, transcript=text, usage=usage
    )


def test_speaches_counts_anew_for_each_utterance_and_our_times_do_not() -> None:
    ours = speaches()
    list(ours.audio(tone(20.0, sample_rate=24000)))
    # each was cut off later than the pause of 0.35 s would have it: at 2.5 and 2.5 + 3.0
    first = hear_utterance(ours, "a", 500, 2000, 2.5, "one")
    second = hear_utterance(ours, "b", 1000, 2400, 3.0, "two")
    third = hear_utterance(ours, "c", 100, 900, 1.5, "three")
    best = [event.alternatives[0] for event in [*first, *second, *third] if event.type is FINAL]
    assert [(each.text, each.start_time, each.end_time) for each in best] == [
        ("one", 10.5, 12.0),
        ("two", 13.5, 14.9),
        ("three", 15.6, 16.4),
    ]


def test_an_utterance_of_speaches_that_begins_before_the_last_is_transcribed_is_moved() -> None:
    ours = speaches()
    list(ours.audio(tone(20.0, sample_rate=24000)))
    for item, begins, ends in (("a", 500, 2000), ("b", 1000, 2400)):
        tell(ours, "input_audio_buffer.speech_started", item_id=item, audio_start_ms=begins)
        tell(ours, "input_audio_buffer.speech_stopped", item_id=item, audio_end_ms=ends)
        tell(ours, "input_audio_buffer.committed", item_id=item, previous_item_id=None)
    said = []
    for item, lasts in (("b", 3.0), ("a", 2.5)):  # threads may end in another order
        usage = {"seconds": lasts, "type": "duration"}
        said += tell(ours, f"{ITEM}.completed", item_id=item, transcript=item, usage=usage)
    best = [event.alternatives[0] for event in said if event.type is FINAL]
    assert [(each.text, each.start_time, each.end_time) for each in best] == [
        ("a", 10.5, 12.0),
        ("b", 13.5, 14.9),
    ]


def test_a_guess_of_speaches_replaces_the_one_before() -> None:
    ours = speaches()
    list(ours.audio(tone(2.0, sample_rate=24000)))
    tell(ours, "input_audio_buffer.speech_started", item_id="a", audio_start_ms=0)
    said = [
        text
        for guess in ("good mourning", "good morning to you")
        for text in texts(
            tell(
                ours,
                "input_audio_buffer.partial_transcription",
                event_id="e",
                item_id="a",
                transcript=guess,
            ),
            INTERIM,
        )
    ]
    assert said == ["good mourning", "good morning to you"]


def test_speaches_may_have_nothing_to_commit_and_gives_no_code_for_it() -> None:
    ours = speaches()
    list(ours.ending())
    message = (
        "Error committing input audio buffer: buffer too small. Expected at least 100ms of "
        "audio, but buffer only has 0.00ms of audio."
    )
    error = {"type": "invalid_request_error", "message": message, "code": None, "param": None}
    assert tell(ours, "error", event_id="e", error=error) == []
    tell(ours, "input_audio_buffer.cleared", event_id="e")
    assert ours.done


def test_a_commit_that_speaches_tells_twice_is_one() -> None:
    ours = speaches()
    list(ours.audio(tone(5.0, sample_rate=24000)))
    hear_utterance(ours, "a", 500, 2000, 2.5, "one")
    tell(ours, "input_audio_buffer.committed", item_id="a", previous_item_id=None)
    list(ours.ending())
    tell(ours, "input_audio_buffer.cleared")
    assert ours.done  # it does not wait for a second transcript


# ---- vLLM: vllm-project/vllm, vllm/entrypoints/openai/realtime/protocol.py, connection.py and
# api_router.py; also examples/online_serving/openai_realtime_client.py


VLLM = OpenAIRealtimeOptions(dialect="vllm", model="V")


def vllm() -> VllmSession:
    return VllmSession(10.0, update=session_update(VLLM, None))


def test_vllm_transcribes_from_a_first_commit_to_a_final_one() -> None:
    ours = vllm()
    assert session_query(VLLM) == ()
    assert [json.loads(each) for each in ours.opening()] == [
        {"type": "session.update", "model": "V"}
    ]
    before = ours.ready
    tell(ours, "session.created", id="sess-1", created=1)
    assert (before, ours.ready) == (False, True)
    frame = tone(0.1)
    sent = [json.loads(each) for _ in range(2) for each in ours.audio(frame)]
    append = {
        "type": "input_audio_buffer.append",
        "audio": base64.b64encode(frame.pcm).decode(),
    }
    assert sent == [{"type": "input_audio_buffer.commit", "final": False}, append, append]
    guesses = [
        text
        for delta in (" good", "", " morning")
        for text in texts(tell(ours, "transcription.delta", delta=delta), INTERIM)
    ]
    assert guesses == ["good", "good morning"]
    assert list(ours.flush()) == []
    assert ours.over
    assert [json.loads(each) for each in ours.ending()] == [
        {"type": "input_audio_buffer.commit", "final": True}
    ]
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    done = tell(ours, "transcription.done", text=" good morning", usage=usage)
    best = done[0].alternatives[0]
    assert (best.text, best.start_time, best.end_time) == ("good morning", 10.0, 10.2)
    assert ours.done


def test_without_audio_vllm_is_asked_for_nothing() -> None:
    ours = vllm()
    list(ours.flush())
    assert not ours.over
    assert list(ours.ending()) == []
    assert ours.done


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        ("CUDA out of memory", "processing_error", True),
        ("The model `V` does not exist.", "processing_error", False),
        ("Model not validated. Make sure to ...", "model_not_validated", False),
        ("Invalid audio data", "invalid_audio", False),
    ],
)
def test_vllm_complains_in_words_of_its_own(error: str, code: str, retryable: bool) -> None:
    with pytest.raises(APIError, match="vLLM reports a failure") as caught:
        tell(vllm(), "error", error=error, code=code)
    assert caught.value.retryable is retryable


def test_a_transcript_that_vllm_ends_too_early_is_made_again() -> None:
    ours = vllm()
    list(ours.audio(tone(0.1)))
    with pytest.raises(APIError, match="before the audio had ended") as caught:
        tell(ours, "transcription.done", text="good", usage=None)
    assert caught.value.retryable


# ---- what a dialect does not know


@pytest.mark.parametrize(
    ("dialect", "name", "value"),
    [
        ("vllm", "vad", True),
        ("vllm", "prompt", "names"),
        ("vllm", "silence_ms", 200),
        ("vllm", "noise_reduction", "near_field"),
        ("speaches", "prompt", "names"),
        ("speaches", "noise_reduction", "far_field"),
    ],
)
def test_an_option_that_a_dialect_does_not_have_is_refused(
    dialect: str, name: str, value: object
) -> None:
    with pytest.raises(ValueError, match=f"dialect='{dialect}' has no {name}, got .* leave it out"):
        OpenAIRealtimeSTT(base_url="ws://h", dialect=dialect, **{name: value})  # type: ignore[arg-type]


def test_a_dialect_that_nobody_speaks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"one of .*'vllm'.*, got 'klingon'"):
        OpenAIRealtimeSTT(base_url="ws://h", dialect="klingon")  # type: ignore[arg-type]
