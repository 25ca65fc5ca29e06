"""A model that hears speech as it comes, and what it says of one stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from ...workers.samples import Samples, as_samples
from ...workers.segmenter import SAMPLE_RATE
from ...workers.session import SpokenWord
from ...workers.wire import Kind, Message
from .tokens import timed_words

__all__ = ("LoadedOnline", "OnlineModel", "OnlineSession", "OnlineStream", "Said")

# A model looks ahead by up to a second, and knows a word when it is over: what came before that
# and made no word makes none any more.
_DOUBT = round(1.5 * SAMPLE_RATE)
_TAIL: Samples = np.zeros(round(1.5 * SAMPLE_RATE), np.float32)
"""Silence behind the end, so that the model gets to see all of what is before it."""


class OnlineStream(Protocol):
    """A stream of sherpa-onnx."""

    def accept_waveform(self, sample_rate: float, waveform: Samples) -> None: ...


class Said(Protocol):
    """What sherpa-onnx has made of a stream since it was reset."""

    @property
    def text(self) -> str: ...
    @property
    def tokens(self) -> Sequence[str]: ...
    @property
    def timestamps(self) -> Sequence[float]: ...
    @property
    def ys_probs(self) -> Sequence[float]: ...
    @property
    def start_time(self) -> float: ...


class OnlineModel(Protocol):
    """The part of sherpa-onnx's `OnlineRecognizer` that is used."""

    def create_stream(self) -> OnlineStream: ...
    def is_ready(self, s: Any) -> bool: ...
    def decode_stream(self, s: Any) -> None: ...
    def get_result_all(self, s: Any) -> Said: ...
    def is_endpoint(self, s: Any) -> bool: ...
    def reset(self, s: Any) -> object: ...


class LoadedOnline:
    """
    A model in memory that any number of streams share.

    Args:
        model: with its endpoint rules.
    """

    def __init__(self, model: OnlineModel) -> None:
        self._model = model

    def session(
        self,
        say: Callable[[Message], None],
        busy: Callable[[], bool],  # noqa: ARG002 - its guesses cost nothing
        *,
        interims: bool,
    ) -> OnlineSession:
        """Begin with a new stream."""
        return OnlineSession(self._model, say, interims=interims)


class OnlineSession:
    """
    Recognises one stream and says what it hears, as the model says it.

    What is said depends on the audio only, not on the pieces that it comes in: the model is
    asked after each of its own steps.

    Args:
        model: hears it.
        say: takes the messages.
        interims: whether to tell of words before their end is sure.
    """

    def __init__(
        self, model: OnlineModel, say: Callable[[Message], None], *, interims: bool
    ) -> None:
        self._model = model
        self._say = say
        self._interims = interims
        self._heard = 0
        self._quiet = 0
        """No later word holds a sample before this one."""
        self._text = ""
        self._begin()

    def hear(self, audio: bytes) -> None:
        """Take audio, and answer."""
        self._heard += len(audio) // 2
        self._stream.accept_waveform(SAMPLE_RATE, as_samples(audio))
        self._decode()
        if not self._text:
            self._quiet = max(self._quiet, self._heard - _DOUBT)
        self._answer()

    def flush(self) -> None:
        """End the open utterance, and answer."""
        self._finish()
        self._answer()

    def end(self) -> None:
        """End the open utterance, and say that all was said."""
        self._finish()
        self._tell(Kind.DONE)

    def _begin(self) -> None:
        self._stream = self._model.create_stream()
        self._first = self._heard
        """The position of the stream's first sample."""

    def _finish(self) -> None:
        if self._heard > self._first:
            self._stream.accept_waveform(SAMPLE_RATE, _TAIL)
            self._decode()
            self._conclude()
            self._begin()
        self._quiet = self._heard

    def _decode(self) -> None:
        model, stream = self._model, self._stream
        while model.is_ready(stream):
            model.decode_stream(stream)
            self._look()
            if model.is_endpoint(stream):
                self._conclude()
                model.reset(stream)

    def _look(self) -> None:
        said = self._model.get_result_all(self._stream)
        text = said.text.strip()
        if not text or text == self._text:
            return
        start = self._words(said)[0].start
        if not self._text:
            self._tell(Kind.ONSET, time=start)
        self._text = text
        if self._interims:
            self._tell(Kind.INTERIM, text=text, start=start, end=_seconds(self._heard))

    def _conclude(self) -> None:
        if not self._text:
            return
        said = self._model.get_result_all(self._stream)
        words = self._words(said)
        end = words[-1].end
        timed = [[word.text, word.start, word.end, word.confidence] for word in words]
        self._tell(Kind.FINAL, words=timed, text=said.text.strip(), language="")
        self._tell(Kind.OFFSET, time=end)
        self._text, self._quiet = "", max(self._quiet, round(end * SAMPLE_RATE))

    def _words(self, said: Said) -> list[SpokenWord]:
        """Return the words on the session's clock, none outside of what can hold them."""
        least, most = _seconds(self._quiet), _seconds(self._heard)
        begun = _seconds(self._first) + said.start_time
        found = timed_words(said.tokens, said.timestamps, most - begun, said.ys_probs)
        words = found or [SpokenWord(said.text.strip(), least - begun, most - begun)]
        return [
            SpokenWord(
                word.text,
                round(min(max(begun + word.start, least), most), 3),
                round(min(max(begun + word.end, least), most), 3),
                word.confidence,
            )
            for word in words
        ]

    def _answer(self) -> None:
        self._tell(Kind.HEARD, quiet=_seconds(self._quiet))

    def _tell(self, kind: Kind, **fields: Any) -> None:
        self._say(Message(kind, fields=fields))


def _seconds(samples: int) -> float:
    return samples / SAMPLE_RATE
