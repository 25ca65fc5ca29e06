"""One run of `anyio-stt transcribe`: several recordings, one engine, one exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anyio_stt import STT, APIConnectionError, APIError, SpeechEvent, SpeechEventType
from anyio_stt.audio import AudioFileError, PCMFormat

from .display import Display
from .engine_choice import make_engine
from .errors import CommandError
from .formats import Formatter, make_formatter
from .output import Output
from .recordings import open_recording
from .transcription import Transcription

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup

__all__ = ("Session", "Settings")


@dataclass(frozen=True)
class Settings:
    """What was asked for on the command line."""

    files: tuple[str, ...]
    engine: str
    options: dict[str, Any] = field(default_factory=dict)
    format_name: str = "text"
    language: str | None = None
    realtime: bool = False
    all_events: bool = False
    output: Path | None = None
    raw_format: PCMFormat | None = None


class Session:
    """
    Transcribes the recordings one after the other.

    Args:
        settings: what was asked for.
        display: what the user sees.
    """

    def __init__(self, settings: Settings, display: Display) -> None:
        self._settings = settings
        self._display = display
        self._output = Output(display, settings.output)
        self._several = len(settings.files) > 1

    async def run(self) -> int:
        """
        Return the exit code: 0, or 1 when a recording failed and the others were transcribed.

        Raises:
            CommandError: when nothing could be done at all.
        """
        with closing(self._output):
            async with make_engine(self._settings.engine, self._settings.options) as stt:
                failed = [name for name in self._settings.files if not await self._one(stt, name)]
        return 1 if failed else 0

    async def _one(self, stt: STT, name: str) -> bool:
        try:
            return await self._transcribe(stt, name)
        except Exception as exc:
            error = _told_error(exc)
            message = _explain(name, error)
            if message is None:
                raise error from exc
            if not self._several and not isinstance(error, APIError):
                raise CommandError(message) from exc
            self._display.warn(f"anyio-stt: {message}")
            return False

    async def _transcribe(self, stt: STT, name: str) -> bool:
        settings = self._settings
        formatter = make_formatter(settings.format_name, name, named=self._several)
        async with open_recording(name, settings.raw_format) as audio:
            self._output.open()
            self._output.write(formatter.begin())
            self._display.begin(Path(audio.name).name, audio.duration)
            transcription = Transcription(
                stt,
                self._display,
                lambda event: self._tell(formatter, event),
                language=settings.language,
                realtime=settings.realtime,
            )
            await transcription.run(audio)
            return not audio.lost  # what, was told as it was met

    def _tell(self, formatter: Formatter, event: SpeechEvent) -> None:
        if self._settings.all_events or event.type is SpeechEventType.FINAL_TRANSCRIPT:
            self._output.write(formatter.event(event))


def _told_error(error: BaseException) -> BaseException:
    """Return the error in a group that can be explained, or the first one."""
    leaves = list(_leaves(error))
    return next((leaf for leaf in leaves if _explain("", leaf) is not None), leaves[0])


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if not isinstance(error, BaseExceptionGroup):
        yield error
        return
    for inner in error.exceptions:
        yield from _leaves(inner)


def _explain(name: str, error: BaseException) -> str | None:
    """Return what went wrong with *name* in one line, or None for what is not its fault."""
    if isinstance(error, BrokenPipeError):  # whoever read our output has seen enough
        return None
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, (APIError, ValueError, ImportError, OSError)):
        message = _with_cause(error)
        told = isinstance(error, AudioFileError) or name in message
        return message if told else f"{name}: {message}"
    return None


def _with_cause(error: BaseException) -> str:
    """Return what *error* says in one line; that attempts ran out does not say why they failed."""
    message = error.message if isinstance(error, APIConnectionError) else str(error)
    cause = str(error.__cause__ or "")
    if isinstance(error, APIError) and cause not in message:
        message = f"{message}: {cause}"
    return " ".join(message.split())
