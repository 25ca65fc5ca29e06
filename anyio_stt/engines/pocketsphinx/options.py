"""What may be chosen about pocketsphinx."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...workers.wire import Kind, Message
from .endpointing import Endpointing

__all__ = ("PocketSphinxOptions",)

_BUNDLED = ("en-us", "en")


@dataclass(frozen=True)
class PocketSphinxOptions:
    """
    What to recognise, with which model, and how long to wait. Times are in seconds.

    Args:
        language: the language spoken. The model in the package knows US English; for another
            language give *hmm*, *lm* (or a grammar) and *dictionary*.
        grammar: a JSGF grammar, as text or as the path of a file: nothing else is recognised.
        key_phrases: phrases to spot, with thresholds from 1e-50 (hears it everywhere) to 1
            (hears it nowhere): nothing else is recognised.
        hmm: folder of an acoustic model.
        lm: file of a language model.
        dictionary: file of pronunciations.
        interim_results: whether streams send interim transcripts. Without them, a stream costs half
            the computing.
        endpointing: where speech begins and ends.
        worker_timeout: how long a worker process may take to answer; loading its decoder takes
            half a second, recognising the longest utterance a few, and a busy machine more.
        turn_timeout: how long a stream may wait for a worker.

    Raises:
        ValueError: for a language without a model, a grammar that is neither JSGF nor a file,
            or a threshold out of range.
    """

    language: str = "en-US"
    grammar: str | os.PathLike[str] | None = None
    key_phrases: Mapping[str, float] | None = None
    hmm: str | os.PathLike[str] | None = None
    lm: str | os.PathLike[str] | None = None
    dictionary: str | os.PathLike[str] | None = None
    interim_results: bool = True
    endpointing: Endpointing = field(default_factory=Endpointing)
    worker_timeout: float = 60.0
    turn_timeout: float = 300.0

    def __post_init__(self) -> None:
        if self.grammar is not None and self.key_phrases:
            raise ValueError("give a grammar or key_phrases, not both: one search runs at a time")
        for name in ("worker_timeout", "turn_timeout"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)!r}")
        self._check_language()
        self._check_files()
        _check_phrases(self.key_phrases or {})
        _grammar_text(self.grammar)

    def speaks(self, language: str) -> bool:
        """Whether *language* is the one of these options; "en" is any English."""
        wanted, own = _tag(language), _tag(self.language)
        return wanted == own or own.startswith(f"{wanted}-") or wanted.startswith(f"{own}-")

    def setup(self) -> Message:
        """Return the message that tells a worker what to load."""
        fields: dict[str, Any] = {
            "hmm": _path(self.hmm),
            "lm": _path(self.lm),
            "dictionary": _path(self.dictionary),
            "grammar": _grammar_text(self.grammar),
            "key_phrases": dict(self.key_phrases) if self.key_phrases else None,
            "endpointing": asdict(self.endpointing),
        }
        return Message(Kind.SETUP, fields=fields)

    def _check_language(self) -> None:
        if _tag(self.language) not in _BUNDLED and self.hmm is None:
            raise ValueError(
                f"pocketsphinx comes with a model for en-US only, got language="
                f"{self.language!r}; give hmm=, lm= and dictionary= of a model for it"
            )

    def _check_files(self) -> None:
        for name in ("hmm", "lm", "dictionary"):
            path = getattr(self, name)
            if path is not None and not Path(path).exists():
                raise ValueError(f"{name}={os.fspath(path)!r} does not exist")


def _tag(language: str) -> str:
    return language.replace("_", "-").lower()


def _path(path: str | os.PathLike[str] | None) -> str | None:
    return None if path is None else str(Path(path).resolve())


def _grammar_text(grammar: str | os.PathLike[str] | None) -> str | None:
    if grammar is None or (isinstance(grammar, str) and "#JSGF" in grammar):
        return grammar
    try:
        return Path(grammar).read_text("utf-8")
    except OSError as exc:
        raise ValueError(
            f"grammar={os.fspath(grammar)[:200]!r} is neither JSGF text, which begins with "
            f"'#JSGF V1.0;', nor a file that can be read: {exc}"
        ) from exc


def _check_phrases(key_phrases: Mapping[str, float]) -> None:
    for phrase, threshold in key_phrases.items():
        if not phrase.strip():
            raise ValueError("a key phrase has no words")
        if not 0 < threshold <= 1:
            raise ValueError(
                f"the threshold of {phrase!r} must be above 0 and at most 1, such as 1e-20, "
                f"got {threshold!r}"
            )
