"""Where in an utterance its words are: by pocketsphinx, in worker processes that have it."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any

from ...workers.session import SpokenWord

__all__ = ("SphinxAligner", "make_aligner")

_FRAME_RATE = 100


def make_aligner() -> SphinxAligner | None:
    """Return what aligns, or `None` where pocketsphinx is not installed."""
    return SphinxAligner() if find_spec("pocketsphinx") is not None else None


class SphinxAligner:
    """
    Finds the words of a transcript in its audio, a hundredth of a core for it.

    It holds the interpreter's lock, so it is for worker processes only.
    """

    def __init__(self) -> None:
        self._decoder: Any = None

    def align(self, audio: bytes, text: str) -> list[SpokenWord] | None:
        """Return the words of *text* with their times in *audio*; `None` when that fails."""
        written = text.split()
        spoken = [_spoken(word) for word in written]
        if not written or not all(spoken):
            return None
        try:
            found = self._found(audio, " ".join(" ".join(parts) for parts in spoken))
        except (RuntimeError, ValueError):  # a word that it does not know, or audio it cannot fit
            return None
        if len(found) != sum(map(len, spoken)):
            return None
        words = []
        for word, parts in zip(written, spoken, strict=True):
            (start, _), (_, end) = found[0], found[len(parts) - 1]
            del found[: len(parts)]
            words.append(SpokenWord(word, start, end))
        return words

    def _found(self, audio: bytes, text: str) -> list[tuple[float, float]]:
        import pocketsphinx

        if self._decoder is None:
            self._decoder = pocketsphinx.Decoder(loglevel="FATAL", lm=None)
        decoder = self._decoder
        decoder.set_align_text(text)
        decoder.start_utt()
        decoder.process_raw(audio, full_utt=True)
        decoder.end_utt()
        return [
            (each.start_frame / _FRAME_RATE, (each.end_frame + 1) / _FRAME_RATE)
            for each in decoder.seg() or ()
            if not each.word.startswith(("<", "[", "+", "("))
        ]


def _spoken(word: str) -> list[str]:
    """Return a written word as the dictionary has it; "ill-disposed" is two."""
    return re.findall(r"[a-z']+", word.lower()) if not re.search(r"\d", word) else []
