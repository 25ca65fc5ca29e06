"""The server's half of each protocol against the client's: what is told is what is understood."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import AudioFrame, SpeechData, SpeechEvent, SpeechEventType, Word
from anyio_stt.testing import silence
from anyio_stt.wire.deepgram import DeepgramSession
from anyio_stt.wire.deepgram_server import DeepgramServerSession
from anyio_stt.wire.openai_realtime import RealtimeSession
from anyio_stt.wire.openai_realtime_server import RealtimeServerSession
from anyio_stt.wire.server_session import ClientError, End, Flush, Say, ServerSession
from anyio_stt.wire.session import ClientSession, Message
from anyio_stt.wire.vosk import VoskSession
from anyio_stt.wire.vosk_server import VoskServerSession
from anyio_stt.wire.wyoming import WyomingSession
from anyio_stt.wire.wyoming_events import WyomingDecoder
from anyio_stt.wire.wyoming_server import WyomingServerSession
from tests.wire.test_deepgram import JSON

KINDS = SpeechEventType
WORDS = st.text(alphabet="abcdefghijäöüß'", min_size=1, max_size=8)


@st.composite
def utterances(draw: st.DrawFn) -> list[list[SpeechEvent]]:
    """Utterances in order, each of one or two finals, with silence between them."""
    told = []
    time = 0.0
    for _ in range(draw(st.integers(1, 4))):
        time += draw(st.integers(1, 20)) / 10
        events = [SpeechEvent(KINDS.START_OF_SPEECH, time=time)]
        for _ in range(draw(st.integers(1, 2))):
            words = []
            for text in draw(st.lists(WORDS, min_size=1, max_size=4)):
                words.append(Word(text, time, time + 0.2, 0.5))
                time = round(time + 0.3, 3)
            text = " ".join(word.text for word in words)
            end = words[-1].end_time
            said = SpeechData("en", text, words[0].start_time, end, 0.5, words=words)
            if draw(st.booleans()):
                events.append(SpeechEvent(KINDS.INTERIM_TRANSCRIPT, alternatives=[said]))
            events.append(SpeechEvent(KINDS.FINAL_TRANSCRIPT, alternatives=[said]))
        ended = SpeechEvent(KINDS.END_OF_SPEECH, time=time)
        late = draw(st.booleans())
        told.append([*events[:-1], ended, events[-1]] if late else [*events, ended])
    return told


class Talk:
    """Both halves, and what they say to each other."""

    def __init__(self, client: ClientSession, server: ServerSession) -> None:
        self.client = client
        self.server = server
        self.heard: list[SpeechEvent] = []
        self.decoder = WyomingDecoder()

    def understand(self, messages: Iterable[Message]) -> None:
        for message in messages:
            if isinstance(self.server, WyomingServerSession):
                assert isinstance(message, bytes)
                self.decoder.feed(message)
                while (event := self.decoder.next()) is not None:
                    self.heard += self.client.receive(json.dumps(event[0]))
            else:
                self.heard += self.client.receive(message)

    def obey(self, messages: Iterable[Message]) -> None:
        """Let the server understand what the client says."""
        flushes = []
        for message in messages:
            for command in self._read(message):
                if isinstance(command, AudioFrame):
                    self.server.heard(command.duration)
                elif isinstance(command, Say):
                    self.understand([command.message])
                elif isinstance(command, Flush):
                    flushes.append(command)
                else:
                    assert isinstance(command, End)
                    self.understand(self.server.finished())
        for flush in flushes:
            self.understand(self.server.flushed(flush))

    def _read(self, message: Message) -> list[Any]:
        if not isinstance(self.server, WyomingServerSession):
            return list(self.server.receive(message))
        assert isinstance(message, bytes)
        decoder = WyomingDecoder()
        decoder.feed(message)
        event = decoder.next()
        assert event is not None
        return list(self.server.hear(*event))

    def run(self, told: list[list[SpeechEvent]]) -> None:
        self.understand(self.server.greet())
        self.obey(self.client.opening())
        last = told[-1][-1] if told[-1][-1].alternatives else told[-1][-2]
        length = last.alternatives[0].end_time + 1.0
        for _ in range(round(length / 0.1)):
            self.obey(self.client.audio(silence(0.1)))
        for utterance in told:
            for event in utterance:
                self.understand(self.server.tell(event))
        self.obey(self.client.ending())


def deepgram() -> Talk:
    query = {
        "encoding": ["linear16"], "sample_rate": ["16000"], "interim_results": ["true"],
        "vad_events": ["true"],
    }  # fmt: skip
    server = DeepgramServerSession(query, request_id="1", created="", model="m")
    return Talk(DeepgramSession(0.0, language="en"), server)


def realtime() -> Talk:
    entry = {"format": {"type": "audio/pcm", "rate": 16000}}
    update = {
        "type": "session.update",
        "session": {"type": "transcription", "audio": {"input": entry}},
    }
    return Talk(RealtimeSession(0.0, update=update, language="en"), RealtimeServerSession("s"))


def vosk() -> Talk:
    config = json.dumps({"config": {"sample_rate": 16000, "words": True}})
    return Talk(VoskSession(0.0, config=config, language="en"), VoskServerSession())


def wyoming() -> Talk:
    return Talk(WyomingSession(0.0, transcribe={}, language="en"), WyomingServerSession({}))


HALVES = {"deepgram": deepgram, "realtime": realtime, "vosk": vosk, "wyoming": wyoming}


def finals_of(events: list[SpeechEvent]) -> list[SpeechData]:
    return [each.alternatives[0] for each in events if each.type is KINDS.FINAL_TRANSCRIPT]


@pytest.mark.parametrize("name", HALVES)
@given(told=utterances())
def test_every_word_that_is_told_is_understood_in_order(
    name: str, told: list[list[SpeechEvent]]
) -> None:
    talk = HALVES[name]()
    talk.run(told)
    expected = [data for each in told for data in finals_of(each)]
    understood = " ".join(data.text for data in finals_of(talk.heard))
    assert understood == " ".join(data.text for data in expected)
    assert talk.client.done


@given(told=utterances())
def test_deepgram_finals_keep_their_words_and_times(told: list[list[SpeechEvent]]) -> None:
    talk = deepgram()
    talk.run(told)
    expected = [data for each in told for data in finals_of(each)]
    understood = finals_of(talk.heard)
    assert [[w.text for w in data.words or ()] for data in understood] == [
        [w.text for w in data.words or ()] for data in expected
    ]
    for ours, theirs in zip(understood, expected, strict=True):
        assert ours.end_time == pytest.approx(theirs.end_time, abs=0.002)
        for one, other in zip(ours.words or (), theirs.words or (), strict=True):
            assert one.start_time == pytest.approx(other.start_time, abs=0.002)


@given(told=utterances())
def test_realtime_transcripts_are_the_utterances(told: list[list[SpeechEvent]]) -> None:
    talk = realtime()
    talk.run(told)
    expected = [" ".join(data.text for data in finals_of(each)) for each in told]
    assert " ".join(data.text for data in finals_of(talk.heard)) == " ".join(expected)
    starts = [event for event in talk.heard if event.type is KINDS.START_OF_SPEECH]
    assert len(starts) == len(told)


@pytest.mark.parametrize("name", [name for name in HALVES if name != "wyoming"])
@given(message=st.binary(max_size=50) | st.text(max_size=50) | JSON.map(json.dumps))
def test_whatever_a_client_says_is_commands_or_a_client_error(
    name: str, message: str | bytes
) -> None:
    session = HALVES[name]().server
    with suppress(ClientError):
        for command in session.receive(message):
            assert isinstance(command, (AudioFrame, Say, Flush, End))


KNOWN = ("session", "audio", "type", "config", "eof", "reset", "input", "format", "transcription")


@given(
    st.sampled_from(
        ["session.update", "transcription_session.update", "input_audio_buffer.append"]
    ),
    st.fixed_dictionaries({}, optional=dict.fromkeys(KNOWN, JSON)),
    st.fixed_dictionaries({}, optional=dict.fromkeys(KNOWN, JSON)),
)
def test_whatever_fields_hold_is_settings_or_a_client_error(
    kind: str, outer: dict[str, Any], inner: dict[str, Any]
) -> None:
    session = RealtimeServerSession("s")
    nested = {**inner, "audio": {"input": inner}} if inner.get("input") else inner
    with suppress(ClientError):
        list(session.receive(json.dumps({**outer, "session": nested, "type": kind})))
    with suppress(ClientError):
        list(VoskServerSession().receive(json.dumps({"config": inner})))


@given(JSON, JSON, st.binary(max_size=20))
def test_whatever_a_wyoming_event_holds_is_commands_or_a_client_error(
    one: Any, other: Any, payload: bytes
) -> None:
    session = WyomingServerSession({})
    for kind in ("transcribe", "audio-start", "audio-chunk", "ping", "describe", "audio-stop"):
        data = {"rate": one, "width": 2, "channels": other, "language": one, "name": other}
        with suppress(ClientError):
            list(session.hear({"type": kind, "data": data}, payload))
