"""What one can ask of a Vosk server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

__all__ = ("VoskOptions",)


@dataclass(frozen=True, slots=True)
class VoskOptions:
    """
    What the server is asked to do.

    Args:
        language: what its model speaks; the server does not say.
        words: whether words come with times.
        max_alternatives: how many readings; 0 for the best alone, with words.
        phrases: the only phrases to recognise, where the model allows it.
        sample_rate: samples a second that are sent; the base resamples.
    """

    language: str = ""
    words: bool = True
    max_alternatives: int = 0
    phrases: tuple[str, ...] = ()
    sample_rate: int = 16000

    def config(self, sample_rate: int) -> str:
        """Return the first message."""
        config: dict[str, Any] = {"sample_rate": sample_rate, "words": self.words}
        if self.max_alternatives:
            config["max_alternatives"] = self.max_alternatives
        if self.phrases:
            config["phrase_list"] = list(self.phrases)
        return json.dumps({"config": config})
