"""The list that `anyio-stt engines` prints."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from anyio_stt import STTCapabilities
from anyio_stt.engines import EngineDescription, describe_engines

__all__ = ("capability_words", "print_engines")

_UNKNOWN = "known once it is made with its options"


def print_engines(file: TextIO) -> None:
    """Print a table of the engines to a terminal, or a line for each elsewhere."""
    engines = describe_engines()
    if not file.isatty():
        file.writelines(
            f"{engine.name}\t{_state(engine)}\t{engine.summary}\n" for engine in engines
        )
        return
    table = Table("engine", "what it can do", "about", box=None, header_style="bold")
    for engine in engines:
        style = "yellow" if engine.missing else ""
        table.add_row(engine.name, Text(_state(engine), style=style), Text(engine.summary))
    Console(file=file).print(table)


def capability_words(capabilities: STTCapabilities) -> str:
    """Return *capabilities* in words."""
    times = capabilities.aligned_transcript
    words = {
        "streaming": capabilities.streaming,
        "interim results": capabilities.interim_results,
        "word times": times == "word",
        "times": times == "chunk",
        "speakers": capabilities.diarization,
        "whole recordings": capabilities.offline_recognize,
    }
    return ", ".join(word for word, can in words.items() if can)


def _state(engine: EngineDescription) -> str:
    if engine.missing:
        return engine.missing
    return capability_words(engine.capabilities) if engine.capabilities else _UNKNOWN
