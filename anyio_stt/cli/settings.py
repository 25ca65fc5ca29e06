"""What was asked for on the command line."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from anyio_stt import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions
from anyio_stt.audio import PCMFormat

__all__ = ("MICROPHONE", "STANDARD_STREAM", "Settings")

STANDARD_STREAM = "-"
"""The name that means standard input, or standard output."""
MICROPHONE = "microphone:"
"""The name that `listen` gives to what it hears."""


@dataclass(frozen=True)
class Settings:
    """What was asked for on the command line, each as its option says."""

    files: tuple[str, ...]
    engine: str
    options: dict[str, Any] = field(default_factory=dict)
    formats: tuple[str, ...] = ()
    language: str | None = None
    timeout: float | None = None
    realtime: bool = False
    all_events: bool = False
    outputs: tuple[str, ...] = ()
    raw_format: PCMFormat | None = None
    channels: str = "mix"
    jobs: int = 1
    jobs_given: bool = False
    cluster: str | None = None
    interim: str = "auto"
    skip_existing: bool = False
    restart: bool = False
    vad: bool | None = None
    listens: bool = False
    """Whether somebody speaks right now, and wants to see it even when it goes to a file."""

    @property
    def conn_options(self) -> APIConnectOptions:
        """Retries, deadlines and bounds."""
        if self.timeout is None:
            return DEFAULT_API_CONNECT_OPTIONS
        return replace(DEFAULT_API_CONNECT_OPTIONS, timeout=self.timeout)
