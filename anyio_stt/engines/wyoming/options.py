"""What one can ask of a Wyoming server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

__all__ = ("WyomingOptions",)


@dataclass(frozen=True, slots=True)
class WyomingOptions:
    """
    The server, and options for it; `None` leaves an option to the server.

    Args:
        url: `tcp://host:port` or `unix:///path`.
        model: the name of a model.
        language: the language spoken.
        sample_rate: the rate to send, in samples a second; audio is resampled to it.

    Raises:
        ValueError: when the url is neither.
    """

    url: str = "tcp://localhost:10300"
    model: str | None = None
    language: str | None = None
    sample_rate: int = 16000

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        usable = parts.path if parts.scheme == "unix" else parts.hostname and parts.port
        if parts.scheme not in ("tcp", "unix") or not usable:
            raise ValueError(f"url must be tcp://host:port or unix:///path, got {self.url!r}")

    def transcribe(self, language: str | None) -> dict[str, Any]:
        """Return the data of the `transcribe` event."""
        wanted = {"name": self.model, "language": language or self.language}
        return {name: value for name, value in wanted.items() if value is not None}
