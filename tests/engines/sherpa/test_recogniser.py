"""What becomes of utterances, with a model that is none: it says how loud and how long."""

from __future__ import annotations

from array import array
from collections.abc import Callable

import numpy as np

from anyio_stt.engines.sherpa import Endpointing
from anyio_stt.engines.sherpa.recogniser import LoadedSherpa, UtteranceRecogniser
from anyio_stt.workers.samples import SILERO_FRAME as FRAME
from anyio_stt.workers.samples import Samples, as_samples
from anyio_stt.workers.session import Heard
from anyio_stt.workers.wire import Kind, Message

LOUD = array("h", [1000] * FRAME).tobytes()
QUIET = bytes(2 * FRAME)


def never() -> bool:
    return False


class Decoder:
    """Counts how often it is asked, and for how many frames."""

    def __init__(self, *, loop: bool = False) -> None:
        self.asked: list[int] = []
        self.loop = loop

    def __call__(self, samples: Samples) -> Heard:
        self.asked.append(len(samples) // FRAME)
        if self.loop and len(self.asked) == 1:
            return Heard("over and over " * 3)
        return Heard(f"{len(samples) // FRAME} frames")


def talk(
    frames: bytes,
    decoder: Decoder,
    busy: Callable[[], bool] = never,
    *,
    interims: bool = False,
) -> list[Message]:
    loaded = LoadedSherpa(decoder, lambda: lambda frame: frame[1] > 0, Endpointing(), 1.0)
    said: list[Message] = []
    session = loaded.session(said.append, busy, interims=interims)
    for at in range(0, len(frames), 2 * FRAME):
        session.hear(frames[at : at + 2 * FRAME])
    session.end()
    return said


def finals(said: list[Message]) -> list[str]:
    return [message.fields["text"] for message in said if message.kind is Kind.FINAL]


def test_an_utterance_is_decoded_before_it_is_known_to_have_ended_and_once() -> None:
    decoder = Decoder()

    said = talk(QUIET * 30 + LOUD * 20 + QUIET * 40, decoder)

    padded = (9600 + (20 + 22) * FRAME) // FRAME  # 0.6 s before, 0.7 s behind
    assert decoder.asked == [padded]
    assert finals(said) == [f"{padded} frames"]


def test_speech_that_goes_on_after_a_pause_is_one_utterance() -> None:
    decoder = Decoder()

    said = talk(LOUD * 20 + QUIET * 22 + LOUD * 20 + QUIET * 40, decoder)

    assert finals(said) == [f"{20 + 22 + 20 + 22} frames"]
    assert decoder.asked[0] == 20 + 22  # the pause might have been the end


def test_while_others_wait_nothing_is_decoded_ahead_or_guessed_at() -> None:
    decoder = Decoder()

    said = talk(LOUD * 100 + QUIET * 40, decoder, busy=lambda: True, interims=True)

    assert len(decoder.asked) == len(finals(said)) == 1


def test_an_open_utterance_is_guessed_at_each_second() -> None:
    decoder = Decoder()

    said = talk(LOUD * 110, decoder, interims=True)

    guesses = [message.fields["text"] for message in said if message.kind is Kind.INTERIM]
    assert guesses == ["32 frames", "64 frames", "96 frames"]
    assert finals(said) == ["110 frames"]


def test_a_decoder_that_repeats_itself_is_asked_again_with_less() -> None:
    decoder = Decoder(loop=True)

    heard = UtteranceRecogniser(decoder, 16000).recognise(LOUD * 100)

    assert decoder.asked == [100, 100 - 10]
    assert heard.text == "90 frames"


def test_what_is_too_short_for_a_model_is_not_given_to_it() -> None:
    decoder = Decoder()
    recogniser = UtteranceRecogniser(decoder, 16000)
    assert recogniser.recognise(b"").text == recogniser.recognise(LOUD).text == ""
    assert decoder.asked == []


def test_unbroken_speech_is_cut_at_its_quietest_place_and_no_sample_is_lost() -> None:
    decoder = Decoder()
    softer = array("h", [300] * FRAME).tobytes()

    said = talk(LOUD * 300 + softer * 10 + LOUD * 200 + QUIET * 40, decoder)

    heard = [int(text.split()[0]) for text in finals(said)]
    assert len(heard) == 2
    assert abs(heard[0] - 305) <= 3
    assert abs(sum(heard) - (510 + 22)) <= 1


def test_samples_are_numbers_from_minus_one_to_one() -> None:
    samples = as_samples(array("h", [-32768, 0, 16384]).tobytes())
    assert samples.dtype == np.float32
    assert samples.tolist() == [-1.0, 0.0, 0.5]
