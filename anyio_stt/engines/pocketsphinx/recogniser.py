"""pocketsphinx itself, in a worker process: what it makes of audio, as words with times."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from typing import Any

import pocketsphinx

from ...workers.segmenter import SAMPLE_RATE, Segmenter
from ...workers.session import Heard, Session, SpokenWord
from ...workers.wire import Message
from .endpointing import Endpointing

__all__ = ("LoadedSphinx", "SphinxRecogniser", "load", "make_detector")

_FRAME_RATE = 100  # of the decoder: its times are frames of 10 ms
_ALTERNATE = re.compile(r"\(\d+\)$")  # "for(2)" is "for", pronounced another way
_FILLERS = ("<", "[", "+")  # <s> </s> <sil> [NOISE] ++NOISE++
_SEARCH = "words"


def load(*, endpointing: dict[str, Any], **options: Any) -> LoadedSphinx:
    """Load a decoder for a worker process."""
    return LoadedSphinx(SphinxRecogniser(**options), Endpointing(**endpointing))


class LoadedSphinx:
    """
    A decoder that hears one stream at a time.

    Args:
        recogniser: the decoder.
        endpointing: where speech begins and ends.
    """

    def __init__(self, recogniser: SphinxRecogniser, endpointing: Endpointing) -> None:
        self._recogniser = recogniser
        self._endpointing = endpointing

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
        detector = make_detector(how.vad_mode)
        segmenter = Segmenter(detector.is_speech, how)
        self._recogniser.reset()
        return Session(segmenter, self._recogniser, say, busy, interims=interims)


def make_detector(mode: int) -> pocketsphinx.Vad:
    """Return pocketsphinx's voice activity detector for frames of 30 ms."""
    return pocketsphinx.Vad(mode, SAMPLE_RATE, 0.03)


class SphinxRecogniser:
    """
    One decoder, which only one thread may touch.

    Args:
        hmm: folder of an acoustic model, or `None` for the US English one in the package.
        lm: file of a language model, likewise.
        dictionary: file of pronunciations, likewise.
        grammar: a JSGF grammar: nothing else is recognised.
        key_phrases: phrases with their thresholds: nothing else is recognised.

    Raises:
        ValueError: when the decoder does not take one of these; the message says which.
    """

    def __init__(
        self,
        *,
        hmm: str | None = None,
        lm: str | None = None,
        dictionary: str | None = None,
        grammar: str | None = None,
        key_phrases: dict[str, float] | None = None,
    ) -> None:
        paths = {"hmm": hmm, "lm": lm, "dict": dictionary}
        config: dict[str, Any] = {name: path for name, path in paths.items() if path is not None}
        # The second pass over an utterance makes finals late and measured no better.
        config["fwdflat"] = False
        if grammar or key_phrases:
            config["lm"] = None
        try:
            self._decoder = pocketsphinx.Decoder(loglevel="FATAL", **config)
        except RuntimeError as exc:
            raise ValueError(f"pocketsphinx cannot load its model {config}: {exc}") from exc
        if grammar:
            self._use_grammar(grammar)
        elif key_phrases:
            self._use_key_phrases(key_phrases)
        self._cmn = self._decoder.get_cmn(False)

    def reset(self) -> None:
        """Forget the last speaker, so that what is recognised depends on the audio only."""
        self._decoder.reinit_feat()
        self._decoder.set_cmn(self._cmn)

    # ---- while it is spoken

    def begin(self) -> None:
        """Begin an utterance to be guessed at."""
        self._decoder.start_utt()

    def hear(self, audio: bytes) -> None:
        """Take more of it."""
        if audio:  # the decoder raises for none
            self._decoder.process_raw(audio)

    def guess(self, busy: Callable[[], bool] = lambda: False) -> str:  # noqa: ARG002 - it costs nothing
        """Return what it is so far."""
        hypothesis = self._decoder.hyp()
        words = hypothesis.hypstr.split() if hypothesis else []
        return " ".join(_ALTERNATE.sub("", word) for word in words)

    def end(self) -> None:
        """End the utterance that is guessed at."""
        self._decoder.end_utt()

    # ---- when it was spoken

    def recognise(self, audio: bytes) -> Heard:
        """Return the words of a whole utterance, timed from its beginning."""
        words = self._words(audio) if audio else []
        return Heard(" ".join(word.text for word in words), words)

    def _words(self, audio: bytes) -> list[SpokenWord]:
        self._decode_whole(audio)
        if self._decoder.hyp() is None:
            return []
        return [
            SpokenWord(
                _ALTERNATE.sub("", segment.word.strip()),
                segment.start_frame / _FRAME_RATE,
                (segment.end_frame + 1) / _FRAME_RATE,
                min(max(segment.prob, 0.0), 1.0),
            )
            for segment in self._decoder.seg()
            if not segment.word.startswith(_FILLERS)
        ]

    def _decode_whole(self, audio: bytes) -> None:
        # Once it has heard speech in pieces, a decoder normalises whole utterances the way it
        # does pieces, from a guess at the channel, until its front end is made anew (0.2 ms).
        self._decoder.reinit_feat()
        self._decoder.start_utt()
        self._decoder.process_raw(audio, full_utt=True)
        self._decoder.end_utt()
        # What is known of the channel now helps the guesses at the next utterance.
        self._decoder.set_cmn(self._decoder.get_cmn(False))

    # ---- what is listened for

    def _use_grammar(self, grammar: str) -> None:
        try:
            self._decoder.add_jsgf_string(_SEARCH, grammar)
        except ValueError as exc:
            raise ValueError(
                "pocketsphinx refuses the grammar: it is no JSGF, or has words that the "
                f"dictionary has not: {grammar[:200]!r}"
            ) from exc
        self._decoder.activate_search(_SEARCH)

    def _use_key_phrases(self, key_phrases: dict[str, float]) -> None:
        for word in sorted({word for phrase in key_phrases for word in phrase.split()}):
            if self._decoder.lookup_word(word) is None:  # it would be left out without a word
                raise ValueError(f"the key phrase word {word!r} is not in the dictionary")
        lines = (f"{phrase} /{threshold:g}/\n" for phrase, threshold in key_phrases.items())
        handle, path = tempfile.mkstemp(suffix=".kws")
        try:
            with open(handle, "w", encoding="utf-8") as file:
                file.writelines(lines)
            self._decoder.add_kws(_SEARCH, path)
        finally:
            os.unlink(path)
        self._decoder.activate_search(_SEARCH)
