"""Deepgram's turn-based messages, both ways, without a network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import APIConnectionError, APIError, AudioFrame, SpeechEvent, SpeechEventType
from anyio_stt.engines.deepgram import DeepgramOptions, DeepgramSTT
from anyio_stt.testing import cut, silence, tone
from anyio_stt.testing.servers import say_words
from anyio_stt.testing.servers.deepgram_flux import FluxService, turn_info
from anyio_stt.testing.servers.words import HeardWord
from anyio_stt.wire.deepgram_flux import FluxSession
from anyio_stt.wire.padding import PaddedClock

START = SpeechEventType.START_OF_SPEECH
INTERIM = SpeechEventType.INTERIM_TRANSCRIPT
PREFLIGHT = SpeechEventType.PREFLIGHT_TRANSCRIPT
FINAL = SpeechEventType.FINAL_TRANSCRIPT
END = SpeechEventType.END_OF_SPEECH
LETTERS = {START: "S", INTERIM: "i", PREFLIGHT: "p", FINAL: "f", END: "e"}


def session(sent: float = 10.0) -> FluxSession:
    ours = FluxSession(0.0, language="en")
    list(ours.audio(silence(sent)))
    return ours


def told(event: str, text: str, index: int = 0, until: float = 1.0, **more: Any) -> str:
    words = [
        HeardWord(each, until - 0.5, until - 0.1 * number)
        for number, each in enumerate(reversed(text.split()))
    ][::-1]
    return json.dumps({**turn_info(event, words, index, window=(0.0, until)), **more})


def letters(events: Iterable[SpeechEvent]) -> str:
    return "".join(LETTERS[event.type] for event in events)


def texts(events: Iterable[SpeechEvent]) -> list[str]:
    return [event.alternatives[0].text for event in events if event.type is FINAL]


def receive(ours: FluxSession, *messages: str) -> list[SpeechEvent]:
    return [event for message in messages for event in ours.receive(message)]


def test_the_five_events_are_a_segment_with_guesses_a_preflight_and_one_final() -> None:
    ours = session()
    events = receive(
        ours,
        '{"type": "Connected"}',
        told("Update", "", until=0.2),
        told("StartOfTurn", "so", until=1.0),
        told("Update", "so well", until=1.2),
        told("Update", "so well", until=1.4),
        told("EagerEndOfTurn", "so well", until=1.6),
        told("TurnResumed", "so well then", until=2.0),
        told("EagerEndOfTurn", "so well then", until=2.5),
        told("EndOfTurn", "so well then", until=3.0),
    )
    assert letters(events) == "Siipipfe"
    final = events[-2].alternatives[0]
    assert (final.text, final.language, final.end_time) == ("so well then", "en", 3.0)
    assert final.metadata == {"turn_index": 0, "end_of_turn_confidence": 0.9}
    assert ours.quiet
    receive(ours, told("Update", "", 1, until=9.0))
    assert ours.silences == [(7.0, None)]  # what is said in the last two may not be told yet


def test_an_end_that_is_told_twice_or_late_or_not_at_all_costs_no_turn() -> None:
    twice = [told("StartOfTurn", "so"), told("EndOfTurn", "so"), told("EndOfTurn", "so")]
    assert letters(receive(session(), *twice)) == "Sife"
    forgotten = [told("StartOfTurn", "so"), told("Update", "", 1), told("EndOfTurn", "well", 1, 2)]
    events = receive(session(), *forgotten)
    assert letters(events) == "SifeSfe"
    assert texts(events) == ["so", "well"]


def test_an_index_that_begins_anew_or_repeats_is_another_turn_all_the_same() -> None:
    same = [
        told(event, "yes", index, until=until)
        for index, until in ((0, 1.0), (0, 3.0), (1, 5.0), (0, 7.0))
        for event in ("StartOfTurn", "EndOfTurn")
    ]
    assert texts(receive(session(), *same)) == ["yes"] * 4


def test_who_wants_no_guesses_gets_none_but_what_may_be_the_end() -> None:
    ours = FluxSession(0.0, interims=False)
    list(ours.audio(silence(2.0)))
    said = [told("StartOfTurn", "so"), told("EagerEndOfTurn", "so"), told("EndOfTurn", "so")]
    assert letters(receive(ours, *said)) == "Spfe"


def test_a_turn_nobody_announced_begins_with_its_words() -> None:
    events = receive(session(), told("Update", "so"), told("EndOfTurn", "so"))
    assert letters(events) == "Sife"


def test_the_close_that_was_asked_for_makes_the_last_update_final() -> None:
    ours = session(2.0)
    receive(ours, told("StartOfTurn", "so", until=1.0))
    with pytest.raises(APIConnectionError, match="Deepgram Flux closed the connection before"):
        ours.closed()
    assert ours.flush() == ()
    assert ours.over
    assert [json.loads(str(each)) for each in ours.ending()] == [{"type": "CloseStream"}]
    receive(ours, told("Update", "so well", until=1.5))
    events = list(ours.closed())
    assert letters(events) == "fe"
    assert texts(events) == ["so well"]
    assert ours.done
    assert ours.silences == [(2.0, None)]


def test_a_close_with_speech_that_was_never_answered_is_no_goodbye() -> None:
    ours = FluxSession(0.0)
    list(ours.audio(say_words(range(1, 10))))  # 4 s
    list(ours.ending())
    receive(ours, told("Update", "so", until=1.0))
    with pytest.raises(APIConnectionError, match="before it had said everything"):
        ours.closed()


def test_nothing_is_said_that_flux_does_not_know() -> None:
    ours, service = FluxSession(0.0), FluxService({"sample_rate": "16000"})
    said = [*ours.audio(tone(0.1)), *ours.flush(), *ours.keep_alive(), *ours.ending()]
    for message in said:
        for reply in service.hear(message):
            assert json.loads(reply.message)["type"] == "TurnInfo"
    assert not list(FluxSession(0.0).flush())


@pytest.mark.parametrize(
    ("code", "retryable"), [("INTERNAL_SERVER_ERROR", True), ("UNPARSABLE_CLIENT_MESSAGE", False)]
)
def test_an_error_is_one_that_may_pass_unless_it_says_that_we_are_wrong(
    code: str, retryable: bool
) -> None:
    error = json.dumps({"type": "Error", "code": code, "description": "no", "sequence_id": 3})
    with pytest.raises(APIError, match="Deepgram Flux reports a failure: no") as caught:
        session().receive(error)
    assert caught.value.retryable is retryable


def test_words_without_times_lie_between_what_was_settled_and_what_was_heard() -> None:
    words = [{"word": "so", "confidence": 0.5}]
    ours = session()
    (start, interim) = receive(ours, told("StartOfTurn", "so", until=4.0, words=words))
    assert start.time == 0.0
    said = interim.alternatives[0]
    assert (said.start_time, said.end_time, said.words) == (0.0, 4.0, None)


# ---- silence while nobody pushes audio


def test_a_turn_of_somebody_who_was_muted_gets_silence_and_times_stay_the_audios() -> None:
    ours = session(2.0)
    kept = [part for _ in range(8) for part in ours.keep_alive()]
    assert [len(part) for part in kept] == [2560, 2560]  # 0.08 s, twice in eight seconds
    receive(ours, told("StartOfTurn", "so", until=1.9))
    (quiet,) = ours.keep_alive()
    assert len(quiet) == 32000
    list(ours.audio(silence(2.0)))
    end = 2.0 + 0.16 + 1.0 + 1.5
    (*_, final, over) = receive(ours, told("EndOfTurn", "so well", until=end))
    assert final.alternatives[0].end_time == pytest.approx(3.5)
    assert over.time == pytest.approx(3.5)


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), max_size=20), st.integers(0, 2000)
)
def test_a_time_is_the_audios_wherever_silence_was_put_in(
    parts: list[tuple[int, int]], wanted: int
) -> None:
    clock, samples, at = PaddedClock(1.0), list[float](), 0
    for audio, pad in parts:
        samples += [float(at + each) for each in range(audio)]
        at += audio
        clock.pad(1.0 + at, float(pad))
        samples += [float(at)] * pad
    if wanted < len(samples):
        assert clock.ours(float(wanted)) == 1.0 + samples[wanted]
    times = [clock.ours(float(each)) for each in range(len(samples))]
    assert times == sorted(times)


# ---- both halves


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    st.lists(st.sampled_from([0.1, 0.25, 0.5, 2.5]), min_size=4, max_size=4),
    st.sampled_from([0.02, 0.08, 0.1, 0.37]),
    st.sets(st.sampled_from(["StartOfTurn", "EagerEndOfTurn", "TurnResumed", "EndOfTurn"])),
    st.booleans(),
)
def test_whatever_the_server_forgets_each_word_is_in_one_final(
    counts: list[int], pauses: list[float], piece: float, forgets: set[str], restarts: bool
) -> None:
    service = FluxService(
        {"sample_rate": "16000", "eager_eot_threshold": "0.5"}, forgets=forgets, restarts=restarts
    )
    ours = FluxSession(0.0)
    events: list[SpeechEvent] = []
    number = 0

    def say(messages: Iterable[Any]) -> None:
        for message in messages:
            for reply in service.hear(message):
                events.extend(ours.receive(reply.message))

    for count, pause in zip(counts, pauses, strict=False):
        words = say_words(range(number + 1, number + count + 1), pause=pause, per_utterance=count)
        number += count
        for frame in cut(words, piece):
            say(ours.audio(frame))
    say(ours.ending())
    events += ours.closed()
    assert re.fullmatch("(S[ip]*fe)*", letters(events))
    said = " ".join(texts(events)).split()
    if not (restarts and {"StartOfTurn", "EndOfTurn"} <= forgets):  # else nothing parts turns
        assert said == [f"w{each}" for each in range(1, number + 1)]
    ends = [event.time for event in events if event.type is END]
    assert ends == sorted(ends, key=float)  # type: ignore[arg-type]


def test_two_channels_are_mixed_down() -> None:
    (mixed,) = FluxSession(0.0).audio(tone(0.1, num_channels=2))
    assert len(mixed) == 3200


# ---- what is asked for


def query(**options: Any) -> dict[str, str]:
    return dict(DeepgramOptions(**options).turns_query(None))


def test_the_query_asks_for_turns() -> None:
    assert query(model="flux-general-en", eot_timeout_ms=3000, eager_eot_threshold=0.5) == {
        "model": "flux-general-en",
        "encoding": "linear16",
        "sample_rate": "16000",
        "eager_eot_threshold": "0.5",
        "eot_timeout_ms": "3000",
    }
    assert query(model="flux-general-multi", language="de")["language_hint"] == "de"
    asked = DeepgramOptions(model="flux-general-en", keyterms=("anyio", "trio")).turns_query(
        "en-GB"
    )
    assert [value for name, value in asked if name == "keyterm"] == ["anyio", "trio"]
    assert "language_hint" not in dict(asked)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": "flux-general-en", "diarize": True}, "flux-general-en has no diarize.* nova-3"),
        ({"model": "flux-general-en", "endpointing": 300}, "has no endpointing, got 300"),
        ({"model": "flux-general-en", "channels": 2}, "has no channels, got 2"),
        (
            {"model": "nova-3", "eot_threshold": 0.5},
            "nova-3 has no eot_threshold.* flux-general",
        ),
        ({"model": "flux-general-en", "eager_eot_threshold": 0.8}, "must not be above"),
    ],
)
def test_what_the_model_does_not_have_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        DeepgramSTT(api_key="k", **options)


def test_the_english_model_is_not_asked_for_german() -> None:
    stt = DeepgramSTT(api_key="k", model="flux-general-en")
    with pytest.raises(ValueError, match=r"understands English.*flux-general-multi"):
        stt.stream(language="de")
    assert stt.capabilities.turns
    assert not DeepgramSTT(api_key="k").capabilities.turns


def test_a_long_turn_is_ended_before_it_is_more_than_is_kept() -> None:
    ours = FluxSession(0.0)
    loud = AudioFrame.from_array(np.full(16000, 9000, dtype=np.int16), 16000)
    seconds = 0
    while not ours.over:
        list(ours.audio(loud))
        seconds += 1
    assert seconds == 240


def test_a_model_is_changed_for_one_of_its_own_protocol_only() -> None:
    stt = DeepgramSTT(api_key="k", model="flux-general-en")
    stt.update_options(eot_threshold=0.9, model="flux-general-multi")
    assert stt.model == "flux-general-multi"
    with pytest.raises(ValueError, match="another protocol"):
        DeepgramSTT(api_key="k", model="flux-general-en").update_options(model="nova-3")
    with pytest.raises(ValueError, match="nova-3 has no eot_threshold"):
        DeepgramSTT(api_key="k").update_options(eot_threshold=0.9)
