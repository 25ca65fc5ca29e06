"""The list that `anyio-stt engines` prints."""

from __future__ import annotations

import sys
from functools import partial
from typing import TextIO

import anyio
import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from anyio_stt import STTCapabilities
from anyio_stt.engines import EngineDescription, describe_engines

from .engine_trial import try_engines
from .interruption import run_until_interrupted
from .shown import one_line

__all__ = ("capability_words", "engines", "print_engines")

_UNKNOWN = "known once it is made with its options"


def print_engines(file: TextIO) -> None:
    """Print a table of the engines to a terminal, or a line for each elsewhere."""
    found = describe_engines()
    if not file.isatty():
        file.writelines(f"{engine.name}\t{_state(engine)}\t{engine.summary}\n" for engine in found)
        return
    table = Table("engine", "what it can do", "about", box=None, header_style="bold")
    for engine in found:
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
        return one_line(engine.missing)
    return capability_words(engine.capabilities) if engine.capabilities else _UNKNOWN


@click.command()
@click.option("--try", "try_each", is_flag=True, help="Ask each engine to recognise a recording.")
def engines(try_each: bool) -> int:
    """List the engines, what they can do, and what is missing to use them."""
    if try_each:
        return anyio.run(run_until_interrupted, partial(try_engines, sys.stdout))
    print_engines(sys.stdout)
    return 0
