"""Phrases that are likely to be said, and whether a model can listen for them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from .model_kinds import FoundModel

__all__ = ("check_hotwords", "check_phrases", "hotword_options")

_KIND = "streaming-transducer"
_VOCABULARY = "bpe.vocab"


def check_phrases(hotwords: Sequence[str]) -> None:
    """
    Check what does not depend on the model.

    Raises:
        ValueError: for one string instead of several, an empty phrase, or one with a slash or
            a line's end, by which sherpa-onnx tells one phrase from the next.
    """
    if isinstance(hotwords, str):
        raise ValueError(f"hotwords must be a list of phrases, got the one string {hotwords!r}")
    for phrase in hotwords:
        if not _words(phrase) or re.search(r"[/\n\r]", phrase):
            raise ValueError(f"hotwords has {phrase!r}: a phrase has words, and no slash")


def check_hotwords(hotwords: Sequence[str], model: FoundModel) -> None:
    """
    Check that *model* can listen for *hotwords*.

    Raises:
        ValueError: when its kind cannot, or it has no tokens for a word; says which.
    """
    if model.kind != _KIND:
        raise ValueError(f"a {model.kind} model cannot listen for hotwords; a {_KIND} can")
    pieces = "bpe_vocab" in hotword_options(model)
    lines = Path(model.files["tokens"]).read_text(encoding="utf-8").splitlines()
    tokens = {line.split()[0] for line in lines if line.strip()}
    for phrase in hotwords:
        for word in _words(phrase):
            if not (_is_made_of(f"▁{word}", tokens) if pieces else set(_units(word)) <= tokens):
                raise ValueError(
                    f"hotwords has {word!r}, for which tokens.txt has nothing; words are written "
                    f"as there, and a model of pieces of words needs its {_VOCABULARY}"
                )


def hotword_options(model: FoundModel) -> dict[str, str]:
    """Return what sherpa-onnx has to be told of how *model* spells words."""
    vocabulary = Path(model.files["tokens"]).with_name(_VOCABULARY)
    if vocabulary.is_file():
        return {"modeling_unit": "bpe", "bpe_vocab": str(vocabulary)}
    return {"modeling_unit": "cjkchar"}


def _words(phrase: str) -> list[str]:
    """Return the words of a phrase, without its score."""
    return [word for word in phrase.split() if not word.startswith(":")]


def _units(word: str) -> list[str]:
    return re.findall(r"[!-~]+|[^!-~]", word)


def _is_made_of(word: str, pieces: set[str]) -> bool:
    reached = {0}
    for begin in range(len(word)):
        if begin in reached:
            reached |= {end for end in range(begin, len(word) + 1) if word[begin:end] in pieces}
    return len(word) in reached
