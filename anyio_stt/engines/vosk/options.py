"""What one can ask of a Vosk server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

__all__ = ("VoskOptions",)


@dataclass(frozen=True, slots=True)
class VoskOptions:
    """
    Options for the server.

    Args:
        language: the language of its model, which the server does not tell.
        words: whether to ask for word times.
        max_alternatives: how many transcripts; 0 for the best alone, with words.
        phrases: the only phrases to recognise, where the model allows it.
        sample_rate: the rate to send, in samples a second; audio is resampled to it.
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
