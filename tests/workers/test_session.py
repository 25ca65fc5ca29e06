"""From audio to messages, with a recogniser that hears nothing but lengths."""

from __future__ import annotations

from array import array
from collections.abc import Callable

from anyio_stt.workers.endpointing import Endpointing
from anyio_stt.workers.segmenter import Segmenter
from anyio_stt.workers.session import Heard, Session, SpokenWord
from anyio_stt.workers.wire import Kind, Message

QUIET, LOUD = bytes(3200), array("h", [1000] * 1600).tobytes()  # 0.1 s each


class LengthRecogniser:
    """Says how many tenths of a second an utterance has."""

    def __init__(self, *, deaf: bool = False) -> None:
        self.deaf = deaf
        self.calls: list[str] = []
        self._heard = 0

    def begin(self) -> None:
        self.calls.append("begin")
        self._heard = 0

    def hear(self, audio: bytes) -> None:
        self._heard += len(audio)

    def guess(self, busy: Callable[[], bool]) -> str:
        return "" if self.deaf else f"{self._heard // 9600} so far"

    def end(self) -> None:
        self.calls.append("end")

    def recognise(self, audio: bytes) -> Heard:
        self.calls.append("recognise")
        if self.deaf:
            return Heard("")
        return Heard("word", [SpokenWord("word", 0.5, len(audio) / 32000, 0.9)])


def talk(
    parts: list[bytes], recogniser: LengthRecogniser, *, interims: bool = True
) -> list[Message]:
    said: list[Message] = []
    segmenter = Segmenter(lambda frame: frame[1] > 0, Endpointing())
    session = Session(segmenter, recogniser, said.append, interims=interims)
    for part in parts:
        session.hear(part)
    session.end()
    return said


def kinds(messages: list[Message]) -> list[Kind]:
    """Return the kinds, without answers and repeated guesses."""
    found: list[Kind] = []
    for message in messages:
        again = bool(found) and found[-1] is message.kind is Kind.INTERIM
        if message.kind is not Kind.HEARD and not again:
            found.append(message.kind)
    return found


def test_an_utterance_is_guessed_at_and_then_recognised_as_a_whole() -> None:
    recogniser = LengthRecogniser()
    said = talk([QUIET] * 10 + [LOUD] * 10 + [QUIET] * 10, recogniser)

    assert kinds(said) == [Kind.ONSET, Kind.INTERIM, Kind.FINAL, Kind.OFFSET, Kind.DONE]
    assert recogniser.calls == ["begin", "end", "recognise"]


def test_word_times_count_from_the_first_sample_of_the_session() -> None:
    said = talk([QUIET] * 10 + [LOUD] * 10 + [QUIET] * 10, LengthRecogniser())
    (final,) = (message for message in said if message.kind is Kind.FINAL)
    ((text, start, end, confidence),) = final.fields["words"]

    assert (text, confidence) == ("word", 0.9)
    assert abs(start - (1.0 - 0.3 + 0.5)) < 0.04  # padding, and half a second into it
    assert abs(end - 2.3) < 0.07


def test_a_guess_is_told_when_it_is_new() -> None:
    said = talk([LOUD] * 12, LengthRecogniser())
    guesses = [message.fields["text"] for message in said if message.kind is Kind.INTERIM]
    assert guesses == ["1 so far", "2 so far", "3 so far", "4 so far"]


def test_without_interims_nothing_is_decoded_twice() -> None:
    recogniser = LengthRecogniser()
    said = talk([LOUD] * 10, recogniser, interims=False)
    assert kinds(said) == [Kind.ONSET, Kind.FINAL, Kind.OFFSET, Kind.DONE]
    assert recogniser.calls == ["recognise"]


def test_speech_without_words_gives_no_final_and_counts_as_quiet() -> None:
    said = talk([LOUD] * 10 + [QUIET] * 20, LengthRecogniser(deaf=True))
    assert kinds(said) == [Kind.ONSET, Kind.OFFSET, Kind.DONE]
    answers = [message for message in said if message.kind is Kind.HEARD]
    assert answers[-1].fields["quiet"] > 1.0


def test_each_piece_of_audio_is_answered_once_after_what_it_gave() -> None:
    said = talk([LOUD] * 10 + [QUIET] * 10, LengthRecogniser())
    assert sum(message.kind is Kind.HEARD for message in said) == 20
    assert said[-1].kind is Kind.DONE


def test_audio_is_called_quiet_only_after_the_final_that_covers_it() -> None:
    quiet = 0.0
    for message in talk([QUIET] * 10 + [LOUD] * 10 + [QUIET] * 20, LengthRecogniser()):
        if message.kind is Kind.HEARD:
            quiet = message.fields["quiet"]
        elif message.kind is Kind.FINAL:
            assert quiet <= 1.0
    assert quiet > 2.0


class UntimedRecogniser(LengthRecogniser):
    """Says words and no times."""

    def recognise(self, audio: bytes) -> Heard:
        return Heard("a longer word", language="en")


def test_words_without_times_share_the_speech_in_proportion_to_their_letters() -> None:
    said = talk([QUIET] * 10 + [LOUD] * 14 + [QUIET] * 10, UntimedRecogniser())
    (final,) = (message for message in said if message.kind is Kind.FINAL)

    starts = [start for _, start, _, _ in final.fields["words"]]
    ends = [end for _, _, end, _ in final.fields["words"]]
    assert starts[1:] == ends[:-1]
    assert abs(starts[0] - 1.0) < 0.04  # the speech, without its padding
    assert abs(ends[-1] - 2.4) < 0.07
    lengths = [end - start for start, end in zip(starts, ends, strict=True)]
    assert abs(lengths[1] / lengths[0] - 7 / 2) < 0.05
    assert (final.fields["text"], final.fields["language"]) == ("a longer word", "en")
