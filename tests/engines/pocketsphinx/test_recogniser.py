"""pocketsphinx itself, in this process."""

from __future__ import annotations

import pytest

pytest.importorskip("pocketsphinx")

from anyio_stt.engines.pocketsphinx.recogniser import SphinxRecogniser, load
from anyio_stt.testing import spoken
from anyio_stt.workers.serving import serve
from anyio_stt.workers.wire import Kind, Message

FIRST = "good morning and welcome to the show"
AUDIO = spoken().frame.slice(0, int(2.6 * 16000)).pcm
GRAMMAR = "#JSGF V1.0; grammar g; public <g> = good (morning | evening) and welcome to the show;"


def words(recogniser: SphinxRecogniser) -> str:
    return " ".join(word.text for word in recogniser.recognise(AUDIO).words or ())


def test_guesses_do_not_change_what_is_recognised_afterwards() -> None:
    recogniser = SphinxRecogniser()
    fresh = recogniser.recognise(AUDIO)
    recogniser.begin()
    for at in range(0, len(AUDIO), 3200):
        recogniser.hear(AUDIO[at : at + 3200])
    assert recogniser.guess() == FIRST
    recogniser.end()

    assert recogniser.recognise(AUDIO) == fresh
    assert fresh.text == FIRST


def test_words_carry_no_marks_of_the_decoder() -> None:
    found = SphinxRecogniser().recognise(bytes(16000) + AUDIO + bytes(16000)).words
    assert found
    assert all(word.text.isalpha() for word in found)
    assert all(0 < word.confidence <= 1 for word in found)


def test_nothing_is_recognised_in_nothing_or_in_silence() -> None:
    recogniser = SphinxRecogniser(key_phrases={"good morning": 1e-20})
    assert recogniser.recognise(b"").text == ""
    assert recogniser.recognise(bytes(32000)).text == ""


def test_a_grammar_is_all_that_is_recognised() -> None:
    assert words(SphinxRecogniser(grammar=GRAMMAR)) == FIRST
    assert words(SphinxRecogniser(grammar=GRAMMAR.replace("morning |", "afternoon |"))) != FIRST


def test_key_phrases_are_spotted_with_their_times() -> None:
    recogniser = SphinxRecogniser(key_phrases={"good morning": 1e-20, "the window": 1e-5})
    (found,) = recogniser.recognise(AUDIO).words or ()
    assert found.text == "good morning"
    assert found.start < 0.5 < found.end < 1.3


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"grammar": "#JSGF V1.0; nonsense"}, "refuses the grammar"),
        ({"grammar": GRAMMAR.replace("evening", "florbward")}, "refuses the grammar"),
        ({"key_phrases": {"good florbward": 1e-20}}, "'florbward' is not in the dictionary"),
        ({"hmm": "/nowhere"}, "/nowhere"),
    ],
)
def test_what_the_decoder_refuses_is_named_and_not_tried_again(
    options: dict[str, object], why: str
) -> None:
    said: list[Message] = []
    setup = Message(Kind.SETUP, fields={**options, "endpointing": {}})
    serve(iter([setup]), said.append, load)

    (fault,) = said
    assert fault.kind is Kind.FAULT
    assert why in fault.fields["error"]
    assert fault.fields["retryable"] is False


def test_a_worker_answers_every_request_in_order() -> None:
    said: list[Message] = []
    requests = [
        Message(Kind.SETUP, fields={"grammar": GRAMMAR, "endpointing": {}}),
        Message(Kind.BEGIN, fields={"interims": False}),
        Message(Kind.AUDIO, audio=AUDIO),
        Message(Kind.FLUSH),
        Message(Kind.END),
    ]
    serve(iter(requests), said.append, load)

    assert [message.kind for message in said if message.kind in (Kind.READY, Kind.HEARD)] == [
        Kind.READY,
        Kind.READY,
        Kind.HEARD,
        Kind.HEARD,
    ]
    assert said[-1].kind is Kind.DONE


def test_a_request_out_of_order_is_a_fault() -> None:
    said: list[Message] = []
    setup = Message(Kind.SETUP, fields={"grammar": GRAMMAR, "endpointing": {}})
    serve(iter([setup, Message(Kind.FLUSH)]), said.append, load)
    assert said[-1].kind is Kind.FAULT
    assert "FLUSH came before BEGIN" in said[-1].fields["error"]
