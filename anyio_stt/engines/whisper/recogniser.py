"""From a stream's utterances, or a whole recording, to words, whatever the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...workers.samples import SILERO_FRAME, Samples, as_samples
from ...workers.segmenter import SAMPLE_RATE, Segmenter
from ...workers.session import Heard, Session
from ...workers.wire import Kind, Message
from .agreement import LocalAgreement
from .endpointing import Endpointing

__all__ = ("AgreeingRecogniser", "Decode", "LoadedWhisper", "WholeRecording")

_WHOLE = 120 * SAMPLE_RATE  # samples that are recognised at once of a whole recording
_SEARCHED = 20 * SAMPLE_RATE  # in the last of them a quiet place to cut is looked for
_QUIET = SAMPLE_RATE // 5
_LEAST = SAMPLE_RATE // 10

Decode = Callable[[Samples, str], Heard]
"""Makes words of samples, given the text before them."""


class LoadedWhisper:
    """
    A model in memory; hears one stream at a time, or several in threads.

    Args:
        decode: makes words of an utterance.
        decode_batched: makes words of minutes of speech.
        make_flags: makes what judges the frames of one stream.
        endpointing: where speech begins and ends.
        interim_interval: seconds of audio between guesses.
    """

    def __init__(
        self,
        decode: Decode,
        decode_batched: Callable[[Samples], Heard],
        make_flags: Callable[[], Callable[[bytes], bool]],
        endpointing: Endpointing,
        interim_interval: float,
    ) -> None:
        self._decode = decode
        self._decode_batched = decode_batched
        self._make_flags = make_flags
        self._endpointing = endpointing
        self._interval = round(interim_interval * SAMPLE_RATE)

    def session(
        self,
        say: Callable[[Message], None],
        busy: Callable[[], bool],
        *,
        interims: bool,
        whole: bool = False,
        endpointing: dict[str, Any] | None = None,
    ) -> Session | WholeRecording:
        """Begin with a new stream, or a whole recording; by what was loaded unless told."""
        if whole:
            return WholeRecording(self._decode_batched, say)
        how = Endpointing(**endpointing) if endpointing else self._endpointing
        segmenter = Segmenter(self._make_flags(), how, SILERO_FRAME, eager=True)
        recogniser = AgreeingRecogniser(self._decode, self._interval)
        return Session(segmenter, recogniser, say, busy, interims=interims)


class AgreeingRecogniser:
    """
    Recognises utterances as wholes; guesses at open ones by local agreement.

    A guess hears only what no two guesses agreed on before, so that it takes no longer the
    longer an utterance is.

    Args:
        decode: makes words of samples.
        interval: samples between guesses.
    """

    def __init__(self, decode: Decode, interval: int) -> None:
        self._decode = decode
        self._interval = interval
        self._open = bytearray()
        self._next = 0
        self._agreement = LocalAgreement()

    def begin(self) -> None:
        """Begin an utterance to be guessed at."""
        self._open.clear()
        self._next, self._agreement = 2 * self._interval, LocalAgreement()

    def hear(self, audio: bytes) -> None:
        """Take more of it."""
        self._open += audio

    def guess(self, busy: Callable[[], bool]) -> str:
        """Return what it is so far; as before where there is little new or much else to do."""
        agreement = self._agreement
        if len(self._open) >= self._next and not busy():
            begin = 2 * round(agreement.agreed_until * SAMPLE_RATE)
            samples = as_samples(bytes(self._open[begin:]))
            if len(samples) >= _LEAST:
                heard = self._decode(samples, agreement.agreed_text)
                agreement.take(
                    [word.shifted(begin / 2 / SAMPLE_RATE) for word in heard.words or ()]
                )
            self._next = len(self._open) + 2 * self._interval
        return agreement.text

    def end(self) -> None:
        """End the utterance that is guessed at."""
        self._open.clear()

    def recognise(self, audio: bytes) -> Heard:
        """Return the words of a whole utterance."""
        samples = as_samples(audio)
        return self._decode(samples, "") if len(samples) >= _LEAST else Heard("")


class WholeRecording:
    """
    Recognises a recording in stretches of two minutes, cut where it is quiet.

    Args:
        decode: makes words of minutes of speech.
        say: takes the messages.
    """

    def __init__(self, decode: Callable[[Samples], Heard], say: Callable[[Message], None]) -> None:
        self._decode = decode
        self._say = say
        self._audio = bytearray()
        self._first = 0

    def hear(self, audio: bytes) -> None:
        """Take audio, and answer."""
        self._audio += audio
        while len(self._audio) >= 2 * _WHOLE:
            self._recognise(_quiet_place(as_samples(bytes(self._audio[: 2 * _WHOLE]))))
        self._tell(Kind.HEARD, quiet=self._first / SAMPLE_RATE)

    def flush(self) -> None:
        """Recognise what there is, and answer."""
        self._recognise(len(self._audio) // 2)
        self._tell(Kind.HEARD, quiet=self._first / SAMPLE_RATE)

    def end(self) -> None:
        """Recognise what there is, and say that all was said."""
        self._recognise(len(self._audio) // 2)
        self._tell(Kind.DONE)

    def _recognise(self, count: int) -> None:
        samples, offset = as_samples(bytes(self._audio[: 2 * count])), self._first / SAMPLE_RATE
        del self._audio[: 2 * count]
        self._first += count
        if len(samples) < _LEAST:
            return
        heard = self._decode(samples)
        if heard.text:
            words = [
                [word.text, round(offset + word.start, 3), round(offset + word.end, 3),
                 word.confidence]
                for word in heard.words or ()
            ]  # fmt: skip
            self._tell(Kind.FINAL, words=words, text=heard.text, language=heard.language)

    def _tell(self, kind: Kind, **fields: Any) -> None:
        self._say(Message(kind, fields=fields))


def _quiet_place(samples: Samples) -> int:
    """Return the middle of the quietest fifth of a second near the end of *samples*."""
    begin = len(samples) - _SEARCHED
    blocks = np.abs(samples[begin:]).reshape(-1, _QUIET).sum(axis=1)
    return begin + int(np.argmin(blocks)) * _QUIET + _QUIET // 2
