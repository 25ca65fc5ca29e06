"""Deepgram's messages, both ways, without a network."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import APIError, AudioFrame, SpeechEvent, SpeechEventType
from anyio_stt.engines.deepgram import DeepgramOptions
from anyio_stt.testing import silence, tone
from anyio_stt.testing.servers.deepgram import DeepgramService
from anyio_stt.testing.servers.words import HeardWord, Utterance
from anyio_stt.wire.deepgram import DeepgramSession

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=True)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
TIMES = st.integers(0, 100_000).map(lambda number: number / 100)
FIELDS = ("channel", "channel_index", "start", "duration", "is_final", "timestamp", "metadata")


def session(start: float = 0.0, **options: Any) -> DeepgramSession:
    ours = DeepgramSession(start, **options)
    ours.sent = start + 2000.0
    return ours


def written(said: Utterance, channel: int = 0, channels: int = 1) -> str:
    """Return what a server says of an utterance."""
    query = {"encoding": "linear16", "sample_rate": "16000", "interim_results": "true"}
    stereo = {"multichannel": "true", "channels": str(channels)} if channels > 1 else {}
    service = DeepgramService(query | stereo)
    [reply] = service.bent(service.tell([said], channel))
    return str(reply.message)


@st.composite
def utterances(draw: st.DrawFn) -> Utterance:
    start, length = draw(TIMES), draw(st.integers(1, 500)) / 100
    texts = draw(st.lists(st.text("abc", min_size=1, max_size=4), max_size=4))
    words = tuple(HeardWord(text, start, start + length) for text in texts)
    final = draw(st.booleans())
    return Utterance(words, start, start + length, final, final and draw(st.booleans()))


@given(utterances(), TIMES)
def test_what_a_server_writes_is_what_an_event_says(said: Utterance, offset: float) -> None:
    ours = session(offset)
    events = ours.receive(written(said))
    transcripts = [event for event in events if event.alternatives]
    if not said.words:
        assert not transcripts
        expected = (
            [(offset + said.start + round(said.end - said.start, 3), None)] if said.final else []
        )
        assert ours.silences == expected
        return
    final, interim = SpeechEventType.FINAL_TRANSCRIPT, SpeechEventType.INTERIM_TRANSCRIPT
    assert [event.type for event in transcripts] == [final if said.final else interim]
    best = transcripts[0].alternatives[0]
    assert best.text == said.text
    assert (best.start_time, best.end_time) == pytest.approx(
        (offset + said.start, offset + said.end)
    )
    assert best.words is not None
    assert [word.text for word in best.words] == [word.text for word in said.words]
    assert [word.start_time for word in best.words] == [offset + w.start for w in said.words]
    ends = [event for event in events if event.type is SpeechEventType.END_OF_SPEECH]
    assert len(ends) == said.endpoint


@given(
    st.binary(max_size=50)
    | st.text(max_size=50)
    | JSON.map(json.dumps)
    | st.fixed_dictionaries(
        {
            "type": st.sampled_from(
                ["Results", "SpeechStarted", "UtteranceEnd", "Metadata", "Error"]
            )
        },
        optional=dict.fromkeys(FIELDS, JSON),
    ).map(json.dumps)
)
def test_whatever_a_server_says_is_events_or_an_api_error(message: str | bytes) -> None:
    with suppress(APIError):
        assert all(isinstance(event, SpeechEvent) for event in session().receive(message))


@given(st.lists(st.integers(1, 2000), min_size=1, max_size=10))
def test_the_audio_goes_out_whole_whatever_the_cut(lengths: list[int]) -> None:
    ours = session()
    before = ours.sent
    frames = [AudioFrame(bytes(range(256)) * 16, 16000, 1, 2048).slice(0, size) for size in lengths]
    sent = b"".join(
        part for frame in frames for part in ours.audio(frame) if isinstance(part, bytes)
    )
    assert sent == b"".join(frame.pcm for frame in frames)
    assert ours.sent - before == pytest.approx(sum(lengths) / 16000)


def test_two_channels_are_mixed_down_unless_two_were_promised() -> None:
    stereo = tone(0.1, num_channels=2)
    (mixed,) = session().audio(stereo)
    (kept,) = session(channels=2).audio(stereo)
    assert (len(mixed), len(kept)) == (3200, 6400)
    with pytest.raises(APIError, match="channels=1") as caught:
        session(channels=2).audio(silence(0.1))
    assert not caught.value.retryable


def test_commands_are_what_deepgram_documents() -> None:
    ours = session()
    kinds = [
        json.loads(part)["type"] for part in (*ours.keep_alive(), *ours.flush(), *ours.ending())
    ]
    assert kinds == ["KeepAlive", "Finalize", "CloseStream"]


def test_metadata_ends_the_session_only_if_it_covers_what_was_sent_and_the_end_was_asked_for() -> (
    None
):
    ours = DeepgramSession(10.0)
    list(ours.audio(silence(3.0)))
    ours.receive('{"type": "Metadata", "duration": 3.0}')
    assert not ours.done
    ours.ending()
    ours.receive('{"type": "Metadata", "duration": 0.0}')
    ours.receive('{"type": "Metadata"}')
    assert not ours.done
    with pytest.raises(APIError, match="before it had said everything"):
        ours.closed()
    ours.receive('{"type": "Metadata", "duration": 2.98}')
    assert ours.done


def test_a_bare_close_is_a_goodbye_only_if_finals_reach_the_end() -> None:
    ours = DeepgramSession(0.0)
    list(ours.audio(silence(3.0)))
    ours.ending()
    for end in (1.0, 3.0):
        said = Utterance((), 0.0, end, final=True)
        with pytest.raises(APIError, match="before it had said everything"):
            ours.closed()
        ours.receive(written(said))
    ours.closed()
    assert ours.done


def test_each_channel_speaks_for_itself() -> None:
    ours = session(channels=2, multichannel=True)
    said = Utterance((HeardWord("hello", 0.1, 0.5),), 0.0, 1.0, final=True, endpoint=True)
    events = ours.receive(written(said, 1, 2))
    assert [event.channel for event in events] == [1, 1]
    ours.receive(written(Utterance((), 0.0, 1.0, final=True), 0, 2))
    assert ours.silences == [(1.0, 0)]


def test_the_query_says_what_was_asked_for() -> None:
    options = DeepgramOptions(
        language="en", diarize=True, keyterms=("a", "b"), endpointing=0, extra=(("tag", "x"),)
    )
    query = options.stream_query("de")
    assert ("language", "de") in query
    assert [value for name, value in query if name == "keyterm"] == ["a", "b"]
    assert {"endpointing": "false", "tag": "x", "diarize": "true"}.items() <= dict(query).items()


def test_speakers_and_languages_are_told() -> None:
    words = [{"word": "hi", "punctuated_word": "Hi.", "start": 1, "end": 2, "speaker": 3}]
    reading = {"transcript": "Hi.", "confidence": 0.5, "words": words, "languages": ["fr"]}
    body = {
        "type": "Results",
        "channel_index": [0, 1],
        "start": 1,
        "duration": 1,
        "is_final": True,
        "channel": {"alternatives": [reading]},
    }
    best = session().receive(json.dumps(body))[0].alternatives[0]
    assert (best.language, best.speaker_id, best.confidence) == ("fr", "S3", 0.5)
    assert best.words is not None
    assert best.words[0].text == "Hi."
