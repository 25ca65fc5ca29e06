"""Utterances and recordings, with a model that is none: a word for each second."""

from __future__ import annotations

from array import array

from anyio_stt.engines.whisper import Endpointing
from anyio_stt.engines.whisper.recogniser import LoadedWhisper
from anyio_stt.workers.samples import Samples
from anyio_stt.workers.session import Heard, SpokenWord
from anyio_stt.workers.wire import Kind, Message

SECOND = 32000
LOUD = array("h", [1000] * 16000).tobytes()
QUIET = bytes(SECOND)


class Model:
    """Says `w0 w1 ...`, one for each whole second, after what it is told was before."""

    def __init__(self) -> None:
        self.heard: list[float] = []
        self.batches: list[float] = []

    def __call__(self, samples: Samples, before: str) -> Heard:
        self.heard.append(len(samples) / 16000)
        first = len(before.split())
        words = [
            SpokenWord(f"w{first + at}", float(at), at + 1.0, 0.9)
            for at in range(len(samples) // 16000)
        ]
        return Heard(" ".join(word.text for word in words), words, "en")

    def batched(self, samples: Samples) -> Heard:
        self.batches.append(len(samples) / 16000)
        return self(samples, "")


def talk(
    audio: bytes, model: Model, *, interims: bool = False, whole: bool = False, chunk: int = 2048
) -> list[Message]:
    loaded = LoadedWhisper(
        model, model.batched, lambda: lambda frame: frame[1] > 0, Endpointing(), 1.0
    )
    said: list[Message] = []
    session = loaded.session(said.append, lambda: False, interims=interims, whole=whole)
    for at in range(0, len(audio), chunk):
        session.hear(audio[at : at + chunk])
    session.end()
    return said


def texts(said: list[Message], kind: Kind) -> list[str]:
    return [message.fields["text"] for message in said if message.kind is kind]


def test_silence_never_reaches_the_model() -> None:
    model = Model()
    assert texts(talk(QUIET * 20, model), Kind.FINAL) == []
    assert model.heard == []


def test_guesses_hear_only_what_is_not_agreed_on_yet() -> None:
    model = Model()

    said = talk(LOUD * 8, model, interims=True)

    guesses = texts(said, Kind.INTERIM)
    assert guesses == [" ".join(f"w{n}" for n in range(count)) for count in range(1, 8)]
    assert max(model.heard[:-1]) < 3  # however long the utterance is
    assert texts(said, Kind.FINAL) == [" ".join(f"w{n}" for n in range(8))]


def test_words_keep_their_times_and_what_the_model_is_sure_of() -> None:
    (final,) = (m for m in talk(QUIET * 2 + LOUD * 3 + QUIET, Model()) if m.kind is Kind.FINAL)
    assert final.fields["language"] == "en"
    starts = [start for _, start, _, _ in final.fields["words"]]
    assert abs(starts[0] - 1.6) < 0.05  # padding
    assert [confidence for *_, confidence in final.fields["words"]] == [0.9] * len(starts)


def test_a_recording_is_recognised_in_stretches_cut_where_it_is_quiet_and_none_is_lost() -> None:
    model = Model()
    audio = LOUD * 110 + QUIET + LOUD * 150

    said = talk(audio, model, whole=True, chunk=SECOND)

    assert len(model.batches) == 3
    assert 110 <= model.batches[0] <= 111
    assert all(seconds <= 120 for seconds in model.batches)
    assert sum(model.batches) == 261
    words = [word for m in said if m.kind is Kind.FINAL for word in m.fields["words"]]
    starts = [start for _, start, _, _ in words]
    assert starts == sorted(starts)
    assert starts[-1] > 255
    assert said[-1].kind is Kind.DONE


def test_a_recording_is_never_kept_for_longer_than_two_minutes() -> None:
    said = talk(LOUD * 300, Model(), whole=True, chunk=SECOND)
    for number, message in enumerate((m for m in said if m.kind is Kind.HEARD), 1):
        assert number - message.fields["quiet"] <= 120


def test_an_empty_recording_says_nothing() -> None:
    assert [message.kind for message in talk(b"", Model(), whole=True)] == [Kind.DONE]
