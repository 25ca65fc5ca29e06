"""From a stream's utterances to words, whatever the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ...workers.samples import SILERO_FRAME, Samples, as_samples
from ...workers.segmenter import SAMPLE_RATE, Segmenter
from ...workers.session import Heard, Session, SpokenWord
from ...workers.wire import Message
from .endpointing import Endpointing
from .loops import loops

__all__ = (
    "Align",
    "Decode",
    "LoadedSherpa",
    "UtteranceRecogniser",
)

_LOOP_CUT = round(0.3 * SAMPLE_RATE)
_LEAST = round(0.1 * SAMPLE_RATE)  # samples: models fail on less

Decode = Callable[[Samples], Heard]
Align = Callable[[bytes, str], Sequence[SpokenWord] | None]


class LoadedSherpa:
    """
    A model in memory that any number of streams share.

    Args:
        decode: makes words of samples; may be called by several threads at once.
        make_flags: makes what judges the frames of one stream.
        endpointing: where speech begins and ends.
        interim_interval: seconds of audio between guesses.
        align: finds the words of a transcript in its audio, for models that give no times.
    """

    def __init__(
        self,
        decode: Decode,
        make_flags: Callable[[], Callable[[bytes], bool]],
        endpointing: Endpointing,
        interim_interval: float,
        align: Align | None = None,
    ) -> None:
        self._align = align
        self._decode = decode
        self._make_flags = make_flags
        self._endpointing = endpointing
        self._interval = round(interim_interval * SAMPLE_RATE)

    def session(
        self,
        say: Callable[[Message], None],
        busy: Callable[[], bool],
        *,
        interims: bool,
        endpointing: dict[str, Any] | None = None,
    ) -> Session:
        """Begin with a new stream, which may have other endpointing than was loaded."""
        how = Endpointing(**endpointing) if endpointing else self._endpointing
        segmenter = Segmenter(self._make_flags(), how, SILERO_FRAME, eager=True)
        recogniser = UtteranceRecogniser(self._decode, self._interval, self._align)
        return Session(segmenter, recogniser, say, busy, interims=interims)


class UtteranceRecogniser:
    """
    Recognises utterances as wholes; guesses by recognising what there is of one so far.

    Args:
        decode: makes words of samples.
        interval: samples between guesses.
        align: finds the words of a transcript in its audio.
    """

    def __init__(self, decode: Decode, interval: int, align: Align | None = None) -> None:
        self._align = align
        self._decode = decode
        self._interval = interval
        self._open = bytearray()
        self._next = 0
        self._guess = ""

    def begin(self) -> None:
        """Begin an utterance to be guessed at."""
        self._open.clear()
        self._next, self._guess = 2 * self._interval, ""

    def hear(self, audio: bytes) -> None:
        """Take more of it."""
        self._open += audio

    def guess(self, busy: Callable[[], bool]) -> str:
        """Return what it is so far; as before where there is little new or much else to do."""
        if len(self._open) >= self._next and not busy():
            self._guess = self._decode(as_samples(bytes(self._open))).text
            self._next = len(self._open) + 2 * self._interval
        return self._guess

    def end(self) -> None:
        """End the utterance that is guessed at."""
        self._open.clear()

    def recognise(self, audio: bytes) -> Heard:
        """
        Return the words of a whole utterance.

        A decoder that repeats itself is given a little less to hear, which ends that.
        """
        samples = as_samples(audio)
        if len(samples) < _LEAST:
            return Heard("")
        heard = self._decode(samples)
        if loops(heard.text) and len(samples) > 2 * _LOOP_CUT:
            again = self._decode(samples[:-_LOOP_CUT])
            heard = min(heard, again, key=lambda each: len(each.text))
        if heard.words is None and heard.text and self._align is not None:
            heard = replace(heard, words=self._align(audio, heard.text))
        return heard
