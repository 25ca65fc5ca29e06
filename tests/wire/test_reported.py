"""What people report of every provider, in the words of each protocol."""

from __future__ import annotations

import json
from typing import Any

import pytest

from anyio_stt import APIError, AudioFrame, SpeechEvent, SpeechEventType
from anyio_stt.testing import silence, tone
from anyio_stt.wire.deepgram import DeepgramSession
from anyio_stt.wire.openai import StreamedTranscript, read_transcription
from anyio_stt.wire.openai_realtime import RealtimeSession
from anyio_stt.wire.session import ClientSession
from anyio_stt.wire.speaches import SpeachesSession
from anyio_stt.wire.vosk import VoskSession
from anyio_stt.wire.wyoming import WyomingPeer, WyomingSession
from anyio_stt.wire.wyoming_events import WyomingDecoder

START, END = SpeechEventType.START_OF_SPEECH, SpeechEventType.END_OF_SPEECH
FINAL, INTERIM = SpeechEventType.FINAL_TRANSCRIPT, SpeechEventType.INTERIM_TRANSCRIPT
USAGE = SpeechEventType.RECOGNITION_USAGE
ITEM = "conversation.item.input_audio_transcription"


def tell(session: ClientSession, kind: str, **fields: Any) -> list[SpeechEvent]:
    return session.receive(json.dumps({"type": kind, **fields}))


def deepgram(seconds: float = 10.0, **options: Any) -> DeepgramSession:
    ours = DeepgramSession(0.0, **options)
    list(ours.audio(silence(seconds)))
    return ours


def results(
    start: float, end: float, *words: tuple[str, float, float, int | None], final: bool = True
) -> dict[str, Any]:
    """Say words with their times and speakers; no `speech_final`."""
    heard = [
        {"word": text, "start": begins, "end": ends, "speaker": speaker}
        for text, begins, ends, speaker in words
    ]
    reading = {"transcript": " ".join(word[0] for word in words), "words": heard}
    return {
        "channel_index": [0, 1],
        "start": start,
        "duration": end - start,
        "is_final": final,
        "channel": {"alternatives": [reading]},
    }


# ---- an answer covers no more than was heard


@pytest.mark.parametrize("make", [RealtimeSession, SpeachesSession])
def test_an_utterance_whose_end_nobody_tells_covers_what_was_charged_for(make: Any) -> None:
    ours = make(0.0, update={})
    list(ours.audio(tone(10.0, sample_rate=24000)))
    tell(ours, "input_audio_buffer.speech_started", item_id="a", audio_start_ms=0)
    tell(ours, "input_audio_buffer.committed", item_id="a")
    usage = {"type": "duration", "seconds": 0.8}
    events = tell(ours, f"{ITEM}.completed", item_id="a", transcript="one", usage=usage)
    assert [(e.type, e.alternatives[0].end_time) for e in events if e.type is FINAL] == [
        (FINAL, 0.8)
    ]
    assert [event.time for event in events if event.type is END] == [0.8]
    assert all(until <= 0.8 for until, _ in ours.silences)


# ---- A: an end that only words could bring


@pytest.mark.parametrize(
    "before",
    [
        [],
        [results(0.0, 1.0, ("noise", 0.8, 1.0, None), final=False)],
        [results(0.0, 1.0, ("yes", 0.8, 1.0, None))],
    ],
    ids=["a cough", "an interim that comes to nothing", "a final without speech_final"],
)
def test_silence_behind_a_start_ends_it(before: list[dict[str, Any]]) -> None:
    ours = deepgram()
    tell(ours, "SpeechStarted", channel=[0, 1], timestamp=0.8)
    for message in before:
        tell(ours, "Results", **message)
    assert not ours.quiet
    events = tell(ours, "Results", **results(1.0, 4.0))
    assert [event.type for event in events] == [END]
    assert ours.quiet


def test_silence_before_a_start_does_not_end_it() -> None:
    ours = deepgram()
    tell(ours, "SpeechStarted", channel=[0, 1], timestamp=3.5)
    assert tell(ours, "Results", **results(0.0, 3.0)) == []
    assert not ours.quiet


def test_a_guess_of_vosk_that_comes_to_nothing_is_ended() -> None:
    ours = VoskSession(0.0, config="{}")
    for _ in range(2):
        list(ours.audio(tone(0.2)))
    ours.receive('{"partial": "huh"}')
    assert [event.type for event in ours.receive('{"text": ""}')] == [END]


# ---- C: starts swallowed


def test_a_start_is_told_while_the_transcript_before_is_awaited() -> None:
    ours = RealtimeSession(0.0, update={})
    list(ours.audio(tone(10.0, sample_rate=24000)))
    kinds = []
    for item, begins, ends in (("a", 0, 900), ("b", 2000, 2900)):
        for what, fields in (
            ("speech_started", {"audio_start_ms": begins}),
            ("speech_stopped", {"audio_end_ms": ends}),
            ("committed", {}),
        ):
            kinds += tell(ours, f"input_audio_buffer.{what}", item_id=item, **fields)
    assert [event.type for event in kinds] == [START, END, START, END]
    said = [
        *tell(ours, f"{ITEM}.completed", item_id="a", transcript="one"),
        *tell(ours, f"{ITEM}.completed", item_id="b", transcript="two"),
    ]
    assert [event.type for event in said] == [FINAL, FINAL]


def test_what_is_told_of_an_utterance_that_was_said_already_is_no_error() -> None:
    ours = RealtimeSession(0.0, update={})
    list(ours.audio(tone(10.0, sample_rate=24000)))
    tell(ours, f"{ITEM}.completed", item_id="a", transcript="one")
    for what in ("speech_started", "speech_stopped", "committed"):
        fields = {"item_id": "a", "audio_start_ms": 0, "audio_end_ms": 900}
        assert tell(ours, f"input_audio_buffer.{what}", **fields) == []


# ---- D, E: speakers


def test_a_final_of_two_people_is_split_where_the_speaker_changes() -> None:
    said = results(
        2.0,
        5.0,
        ("turn", 2.2, 2.5, 1),
        ("it", 2.6, 2.8, 1),
        ("a", 3.0, 3.2, 0),
        ("table", 3.3, 4.0, 0),
    )
    best = [event.alternatives[0] for event in tell(deepgram(), "Results", **said)]
    assert [(each.text, each.speaker_id) for each in best] == [("turn it", "S1"), ("a table", "S0")]
    assert [(each.start_time, each.end_time) for each in best] == [(2.2, 2.8), (3.0, 5.0)]


def test_labels_of_another_connection_are_other_labels() -> None:
    labels = []
    for number in (1, 2, 3):
        ours = deepgram()
        ours.number = number
        (event,) = tell(ours, "Results", **results(0.0, 1.0, ("hi", 0.1, 0.5, 0)))
        labels.append(event.alternatives[0].speaker_id)
    assert labels == ["S0", "S0.2", "S0.3"]


# ---- F: times of silence


def test_a_final_begins_with_its_first_word() -> None:
    (event,) = tell(deepgram(), "Results", **results(0.0, 5.0, ("hi", 3.3, 3.9, None)))
    assert (event.alternatives[0].start_time, event.alternatives[0].end_time) == (3.3, 5.0)
    vosk = VoskSession(0.0, config="{}")
    list(vosk.audio(tone(5.0)))
    word = {"word": "hi", "start": 3.3, "end": 3.9, "conf": 1.0}
    said = vosk.receive(json.dumps({"text": "hi", "result": [word]}))[0].alternatives[0]
    assert (said.start_time, said.end_time) == (3.3, 3.9)
    body = {"text": "hi", "words": [{"word": "hi", "start": 3.3, "end": 3.9}]}
    whole = read_transcription(body, "en", start=10.0, end=15.0).alternatives[0]
    assert (whole.start_time, whole.end_time) == (13.3, 15.0)


# ---- G: tokens


def test_what_an_utterance_cost_is_said_beside_its_final() -> None:
    ours = RealtimeSession(0.0, update={})
    list(ours.audio(tone(10.0, sample_rate=24000)))
    usage = {"type": "tokens", "input_tokens": 100, "output_tokens": 10}
    tell(ours, "input_audio_buffer.speech_started", item_id="a", audio_start_ms=1000)
    tell(ours, "input_audio_buffer.speech_stopped", item_id="a", audio_end_ms=3000)
    said = tell(ours, f"{ITEM}.completed", item_id="a", transcript="one", usage=usage)
    told = [event.recognition_usage for event in said if event.type is USAGE]
    assert [
        (each.audio_duration, each.input_tokens, each.output_tokens) for each in told if each
    ] == [(3.0, 100, 10)]


# ---- H: an end of words that others have followed


def test_an_end_that_names_older_words_ends_nothing() -> None:
    ours = deepgram()
    tell(ours, "SpeechStarted", channel=[0, 1], timestamp=0.2)
    tell(ours, "Results", **results(0.0, 1.4, ("book", 0.2, 1.0, None)))
    tell(ours, "Results", **results(1.4, 2.4, ("for", 2.1, 2.3, None), final=False))
    for last in (1.0, -1.0):
        assert tell(ours, "UtteranceEnd", channel=[0, 1], last_word_end=last) == []
    tell(ours, "Results", **results(1.4, 3.0, ("for", 2.1, 2.3, None), ("two", 2.3, 2.6, None)))
    (end,) = tell(ours, "UtteranceEnd", channel=[0, 1], last_word_end=2.6)
    assert (end.type, end.time) == (END, 2.6)


# ---- B: what is refused for good


def test_an_utterance_that_realtime_cannot_transcribe_is_refused_and_others_go_on() -> None:
    ours = RealtimeSession(0.0, update={})
    list(ours.audio(tone(10.0, sample_rate=24000)))
    tell(ours, "input_audio_buffer.speech_started", item_id="a", audio_start_ms=1000)
    tell(ours, "input_audio_buffer.speech_stopped", item_id="a", audio_end_ms=3000)
    error = {"type": "transcription_error", "code": "audio_unintelligible", "message": "no"}
    assert tell(ours, f"{ITEM}.failed", item_id="a", error=error) == []
    ((why, start, end),) = ours.refusals
    assert (start, end) == (1.0, 3.0)
    assert "audio_unintelligible" in str(why)
    busy = {"type": "server_error", "message": "later"}
    with pytest.raises(APIError, match="later") as caught:
        tell(ours, f"{ITEM}.failed", item_id="b", error=busy)
    assert caught.value.retryable


# ---- goodbyes and answers of servers that copy a provider


def test_a_server_that_takes_no_finalize_is_asked_no_more() -> None:
    refused = []
    ours = deepgram(on_finalize_refused=lambda: refused.append(True))
    list(ours.flush())
    with pytest.raises(APIError, match="takes no Finalize") as caught:
        tell(ours, "Error", description="Finalize is not supported")
    assert caught.value.retryable
    assert refused == [True]
    again = deepgram(finalizes=False)
    assert list(again.flush()) == []
    assert again.over  # what follows takes a new session, so the flush is answered


def test_a_complaint_about_what_is_there_already_is_no_failure() -> None:
    ours = RealtimeSession(0.0, update={})
    for error in (
        {"code": "item_create_duplicate", "message": "x"},
        {"code": None, "message": "the item with id 'a' already exists"},
    ):
        assert tell(ours, "error", error={"type": "invalid_request_error", **error}) == []


def test_speaches_is_not_asked_to_commit_while_it_may_hear_speech() -> None:
    ours = SpeachesSession(0.0, update={"type": "session.update"})
    list(ours.audio(tone(2.0, sample_rate=24000)))
    kinds = [json.loads(message)["type"] for message in ours.ending()]
    assert set(kinds) == {"input_audio_buffer.append", "session.update"}
    assert kinds[-1] == "session.update"
    assert ours.sent == 2.0  # silence of our own is no audio
    tell(ours, "input_audio_buffer.speech_started", item_id="a", audio_start_ms=500)
    tell(ours, "session.updated")
    done = [ours.done]  # not yet: what has begun will be transcribed
    tell(ours, "input_audio_buffer.speech_stopped", item_id="a", audio_end_ms=3500)
    tell(ours, "input_audio_buffer.committed", item_id="a")
    usage = {"seconds": 4.5}
    (said, *_) = tell(ours, f"{ITEM}.completed", item_id="a", transcript="hi", usage=usage)
    assert (said.alternatives[0].start_time, said.alternatives[0].end_time) == (0.5, 2.0)
    assert [*done, ours.done] == [False, True]


def test_silence_that_a_flush_put_in_does_not_move_what_comes_after() -> None:
    ours = SpeachesSession(0.0, update={})
    list(ours.audio(tone(2.0, sample_rate=24000)))
    list(ours.flush())
    tell(ours, "input_audio_buffer.speech_started", item_id="a", audio_start_ms=500)
    tell(ours, "input_audio_buffer.speech_stopped", item_id="a", audio_end_ms=3500)
    tell(ours, "input_audio_buffer.committed", item_id="a")
    list(ours.audio(tone(4.0, sample_rate=24000)))
    tell(ours, f"{ITEM}.completed", item_id="a", transcript="hi", usage={"seconds": 4.0})
    # 4 s were padded; 2 s of them went with what came before, so 2 s come before what is next
    tell(ours, "input_audio_buffer.speech_started", item_id="b", audio_start_ms=3000)
    tell(ours, "input_audio_buffer.speech_stopped", item_id="b", audio_end_ms=4000)
    (said, *_) = tell(ours, f"{ITEM}.completed", item_id="b", transcript="you")
    assert (said.alternatives[0].start_time, said.alternatives[0].end_time) == (3.0, 4.0)


@pytest.mark.parametrize("done", ["", '{"segments": []}', "Go forward 10 meters.", None])
def test_what_was_said_piece_by_piece_counts_where_the_end_disagrees(done: str | None) -> None:
    transcript = StreamedTranscript("somewhere")
    for delta in (" Go forward", " 10 meters."):
        assert transcript.add(json.dumps({"type": "transcript.text.delta", "delta": delta}))
    transcript.add(json.dumps({"type": "transcript.text.done", "text": done or ""}))
    assert transcript.done
    assert transcript.answer()["text"].strip() == "Go forward 10 meters."


def test_a_language_that_is_unknown_is_none() -> None:
    for tag in ("unknown", "Unknown", "und", "", None, 5):
        body = {"text": "hi", "language": tag}
        assert read_transcription(body, "fr", start=0.0, end=1.0).alternatives[0].language == "fr"


def test_a_word_without_times_costs_no_transcript() -> None:
    body = {"text": "a b", "words": [{"word": "a"}, {"word": "b", "start": 0.1, "end": 0.2}]}
    said = read_transcription(body, "en", start=0.0, end=1.0).alternatives[0]
    assert (said.text, said.words) == ("a b", None)


# ---- a Wyoming server that ends utterances by itself


def speech(*parts: tuple[bool, float]) -> list[AudioFrame]:
    """Make frames of 0.1 s, loud or not."""
    return [
        tone(0.1) if loud else silence(0.1)
        for loud, seconds in parts
        for _ in range(round(seconds * 10))
    ]


def transcript(ours: WyomingSession, text: str) -> list[SpeechEvent]:
    return tell(ours, "transcript", data={"text": text})


def test_what_came_after_an_answer_that_nobody_asked_for_is_sent_again() -> None:
    peer = WyomingPeer(described=True)
    ours = WyomingSession(0.0, transcribe={}, peer=peer)
    for frame in speech((True, 1.0), (False, 0.8), (True, 0.7)):
        list(ours.audio(frame))
    (said,) = transcript(ours, "one")
    assert said.alternatives[0].end_time == pytest.approx(1.0)
    assert sum(frame.duration for frame in ours.unheard()) == pytest.approx(1.5)
    assert ours.sent == pytest.approx(1.0)
    assert ours.done
    assert peer.ends_utterances
    assert peer.longest == pytest.approx(1.25)


def test_a_server_that_ends_utterances_is_ended_before_at_each_pause() -> None:
    ours = WyomingSession(0.0, transcribe={}, peer=WyomingPeer(ends_utterances=True))
    frames = speech((False, 0.5), (True, 1.0), (False, 0.3))
    over = []
    for frame in frames:
        list(ours.audio(frame))
        over.append(ours.over)
    assert over == [False] * 17 + [True]


def test_an_answer_that_was_on_its_way_when_it_was_asked_for_covers_the_first_pause() -> None:
    peer = WyomingPeer()
    ours = WyomingSession(0.0, transcribe={}, peer=peer)
    assert peer.described is False
    decoder = WyomingDecoder()
    for message in ours.opening():
        decoder.feed(message if isinstance(message, bytes) else message.encode())
    event = decoder.next()
    assert event is not None
    assert event[0]["type"] == "describe"
    for frame in speech((True, 1.0), (False, 1.0), (True, 1.0)):
        list(ours.audio(frame))
    list(ours.ending())
    tell(ours, "info", data={"asr": [{"requires_external_vad": False}]})
    (said,) = transcript(ours, "one")
    assert said.alternatives[0].end_time == pytest.approx(1.0)
    assert sum(frame.duration for frame in ours.unheard()) == pytest.approx(2.0)


def test_a_server_that_needs_to_be_told_covers_all_that_was_sent() -> None:
    ours = WyomingSession(0.0, transcribe={}, peer=WyomingPeer(described=True))
    for frame in speech((True, 1.0), (False, 1.0), (True, 1.0)):
        list(ours.audio(frame))
    list(ours.ending())
    tell(ours, "info", data={"asr": [{"requires_external_vad": True}]})
    (said,) = transcript(ours, "one two")
    assert said.alternatives[0].end_time == pytest.approx(3.0)
    assert ours.unheard() == []


# ---- a server of another kind


@pytest.mark.parametrize(
    ("session", "said"),
    [
        (DeepgramSession(0.0), '{"partial": ""}'),
        (VoskSession(0.0, config="{}"), '{"type": "session.created"}'),
        (RealtimeSession(0.0, update={}), "<html>"),
        (WyomingSession(0.0, transcribe={}), '{"text": "a"}'),
    ],
)
def test_a_server_of_another_kind_gets_our_own_sentence(session: ClientSession, said: str) -> None:
    list(session.audio(tone(0.2)))
    with pytest.raises(APIError) as caught:
        session.receive(said)
    text = str(caught.value)
    assert f"the server answered {said!r}" in text
    assert f"{session.name}'s protocol" in text
    assert "base_url" in text
    assert "caused by" not in text
