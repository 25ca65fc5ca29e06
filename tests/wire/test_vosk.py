"""Vosk's messages, both ways, without a network."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import APIError, SpeechEvent, SpeechEventType
from anyio_stt.testing import silence
from anyio_stt.wire.vosk import VoskSession
from tests.wire.test_deepgram import JSON


def session(start: float = 0.0) -> VoskSession:
    return VoskSession(start, config="{}", language="en")


def tell(ours: VoskSession, **body: Any) -> list[SpeechEvent]:
    return ours.receive(json.dumps(body))


@given(
    st.binary(max_size=50)
    | st.text(max_size=50)
    | JSON.map(json.dumps)
    | st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("partial", "text", "result", "alternatives"), JSON)
    ).map(json.dumps)
)
def test_whatever_a_server_says_is_events_or_an_api_error(message: str | bytes) -> None:
    ours = session()
    list(ours.audio(silence(0.2)))
    with suppress(APIError):
        assert all(isinstance(event, SpeechEvent) for event in ours.receive(message))


@given(st.lists(st.text("ab c", max_size=5), min_size=1, max_size=6), st.floats(0, 100))
def test_each_answer_belongs_to_its_piece_of_audio(texts: list[str], start: float) -> None:
    ours = session(start)
    ends = []
    for _ in texts:
        list(ours.audio(silence(0.2)))
        ends.append(ours.sent)
    events = [event for text in texts for event in tell(ours, text=text)]
    finals = [event for event in events if event.type is SpeechEventType.FINAL_TRANSCRIPT]
    wanted = [end for end, text in zip(ends, texts, strict=True) if text.strip()]
    assert [event.alternatives[0].end_time for event in finals] == wanted
    silent = [(end, None) for end, text in zip(ends, texts, strict=True) if not text.strip()]
    assert ours.silences == silent


def test_the_commands_have_the_servers_own_spacing() -> None:
    ours = session()
    assert (*ours.flush(), *ours.ending()) == ('{"reset" : 1}', '{"eof" : 1}')


def test_words_keep_their_times_and_alternatives_their_order() -> None:
    ours = session(start=5.0)
    list(ours.audio(silence(1.0)))
    list(ours.audio(silence(1.0)))
    result = [{"conf": 0.5, "start": 0.1, "end": 0.4, "word": "yes"}]
    best = tell(ours, text="yes", result=result)[0].alternatives[0]
    assert best.words is not None
    assert (best.words[0].start_time, best.end_time, best.confidence) == (5.1, 5.4, 0.5)
    readings = tell(ours, alternatives=[{"text": "a"}, {"text": "b"}])[0].alternatives
    assert [reading.text for reading in readings] == ["a", "b"]
