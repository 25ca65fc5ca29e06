"""What a model that hears speech as it comes says of a stream; one that hears loud blocks."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt.engines.sherpa.online import LoadedOnline
from anyio_stt.workers.samples import Samples
from anyio_stt.workers.session import Hearing
from anyio_stt.workers.wire import Kind, Message

STEP = 1600  # samples of the model's steps
LOUD = array("h", [1000] * STEP).tobytes()
QUIET = bytes(2 * STEP)


@dataclass
class Said:
    tokens: list[str] = field(default_factory=list)
    timestamps: list[float] = field(default_factory=list)
    ys_probs: list[float] = field(default_factory=list)
    start_time: float = 0.0

    @property
    def text(self) -> str:
        return "".join(self.tokens)


@dataclass
class Stream:
    waiting: Samples = field(default_factory=lambda: np.zeros(0, np.float32))
    steps: int = 0
    silent: int = 0
    loud: bool = False
    said: Said = field(default_factory=Said)

    def accept_waveform(self, sample_rate: float, waveform: Samples) -> None:
        assert sample_rate == 16000
        self.waiting = np.concatenate([self.waiting, waveform])


class Model:
    """Says "word" when a loud block is over, with a look at one step ahead."""

    def __init__(self, longest: int = 10_000) -> None:
        self.longest = longest
        self.streams = 0

    def create_stream(self) -> Stream:
        self.streams += 1
        return Stream()

    def is_ready(self, s: Stream) -> bool:
        return len(s.waiting) >= 2 * STEP

    def decode_stream(self, s: Stream) -> None:
        loud = bool(np.abs(s.waiting[:STEP]).max() > 0.01)
        s.waiting = s.waiting[STEP:]
        begun = s.steps - round(s.said.start_time * 10)
        if s.loud and not loud:
            s.said.tokens.append(" word")
            s.said.timestamps.append(begun / 10)
        s.silent = s.silent + 1 if not loud else 0
        s.loud, s.steps = loud, s.steps + 1

    def get_result_all(self, s: Stream) -> Said:
        return s.said

    def is_endpoint(self, s: Stream) -> bool:
        length = s.steps - round(s.said.start_time * 10)
        return length > self.longest or bool(s.said.tokens and s.silent >= 5)

    def reset(self, s: Stream) -> None:
        s.said = Said(start_time=s.steps / 10)


def hear(audio: bytes, sizes: Sequence[int] = (2 * STEP,), model: Model | None = None,
         *, interims: bool = True) -> list[Message]:  # fmt: skip
    said: list[Message] = []
    loaded = LoadedOnline(model or Model())
    session: Hearing = loaded.session(said.append, lambda: False, interims=interims)
    at = number = 0
    while at < len(audio):
        size = sizes[number % len(sizes)]
        session.hear(audio[at : at + size])
        at, number = at + size, number + 1
    session.end()
    return said


def kinds(said: list[Message]) -> list[str]:
    return [message.kind.name for message in said if message.kind is not Kind.HEARD]


def of(said: list[Message], kind: Kind) -> list[Message]:
    return [message for message in said if message.kind is kind]


def test_words_come_as_guesses_and_then_for_sure_with_their_times() -> None:
    said = hear(QUIET * 5 + LOUD * 3 + QUIET * 2 + LOUD * 3 + QUIET * 20)

    assert kinds(said) == ["ONSET", "INTERIM", "INTERIM", "FINAL", "OFFSET", "DONE"]
    assert [each.fields["text"] for each in of(said, Kind.INTERIM)] == ["word", "word word"]
    (final,) = of(said, Kind.FINAL)
    assert final.fields["text"] == "word word"
    assert final.fields["words"] == [["word", 0.8, 1.3, 0.0], ["word", 1.3, 1.8, 0.0]]
    assert of(said, Kind.ONSET)[0].fields["time"] == 0.8
    assert of(said, Kind.OFFSET)[0].fields["time"] == 1.8


def test_without_interims_there_are_none() -> None:
    assert "INTERIM" not in kinds(hear(LOUD * 3 + QUIET * 10, interims=False))


def test_a_second_utterance_has_times_from_the_streams_beginning() -> None:
    said = hear((QUIET * 5 + LOUD * 3 + QUIET * 20) * 2)

    starts = [each.fields["words"][0][1] for each in of(said, Kind.FINAL)]
    assert starts == [0.8, 3.6]


@given(sizes=st.lists(st.integers(1, 9000).map(lambda n: 2 * n), min_size=1, max_size=5))
def test_what_is_said_does_not_depend_on_the_pieces(sizes: list[int]) -> None:
    audio = QUIET * 5 + LOUD * 3 + QUIET * 2 + LOUD * 3 + QUIET * 20 + LOUD * 2 + QUIET

    finals = [
        [(each.fields["text"], [word[1] for word in each.fields["words"]])
         for each in of(hear(audio, pieces), Kind.FINAL)]
        for pieces in (sizes, [2 * STEP])
    ]  # fmt: skip

    assert finals[0] == finals[1]
    assert len(finals[0]) == 2


def test_the_end_hears_what_the_model_had_not_looked_at() -> None:
    said = hear(LOUD * 3)  # it is over when the stream is

    assert [each.fields["text"] for each in of(said, Kind.FINAL)] == ["word"]
    assert of(said, Kind.FINAL)[0].fields["words"] == [["word", 0.3, 0.3, 0.0]]


def test_after_a_flush_the_clock_goes_on() -> None:
    said: list[Message] = []
    model = Model()
    session = LoadedOnline(model).session(said.append, lambda: False, interims=True)

    session.hear(QUIET * 2 + LOUD * 3)
    session.flush()
    session.flush()
    session.hear(LOUD * 3 + QUIET * 10)
    session.end()

    starts = [each.fields["words"][0][1] for each in of(said, Kind.FINAL)]
    assert starts == [0.5, 0.8]
    assert model.streams == 3  # a flush without audio needs none
    assert [each.fields["quiet"] for each in of(said, Kind.HEARD)][1:3] == [0.5, 0.5]


def test_silence_is_told_of_with_a_doubt_and_never_inside_of_an_utterance() -> None:
    said = hear(QUIET * 40 + LOUD * 30 + QUIET * 3)

    quiet = [each.fields["quiet"] for each in of(said, Kind.HEARD)]
    assert quiet == sorted(quiet)
    assert quiet[39] == pytest.approx(2.5)
    (final,) = of(said, Kind.FINAL)
    assert final.fields["words"][0][1] == 7.0


def test_speech_that_goes_on_is_cut_and_goes_on() -> None:
    said = hear((LOUD * 3 + QUIET) * 20, model=Model(longest=20))

    texts = [each.fields["text"] for each in of(said, Kind.FINAL)]
    assert len(texts) == 4
    assert " ".join(texts).split() == ["word"] * 20
