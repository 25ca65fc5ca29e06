"""The list that `anyio-stt engines` prints."""

from __future__ import annotations

import sys
from functools import partial
from importlib.metadata import distributions
from importlib.util import find_spec
from typing import TextIO

import anyio
import click
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from anyio_stt import STTCapabilities
from anyio_stt.engines import EngineDescription, describe_engines

from .engine_trial import try_engines
from .interruption import run_until_interrupted
from .shown import one_line

__all__ = ("capability_words", "engines", "print_engines")

_NEEDS_OPTIONS = "installed; it needs options, such as a key, before it says what it can do"
_PLUGIN = "livekit-plugins-"


def print_engines(file: TextIO) -> None:
    """Print a table of the engines to a terminal, or a line for each elsewhere."""
    found = describe_engines()
    if not file.isatty():
        file.writelines(f"{engine.name}\t{_state(engine)}\t{engine.summary}\n" for engine in found)
        file.writelines("\t".join(row) + "\n" for row in _bridged())
        return
    table = Table(
        Column("engine", no_wrap=True, min_width=max(len(engine.name) for engine in found)),
        Column("what it can do", overflow="fold"),
        Column("about", overflow="fold"),
        box=None,
        header_style="bold",
    )
    for engine in found:
        style = "yellow" if engine.missing else ""
        table.add_row(engine.name, Text(_state(engine), style=style), Text(engine.summary))
    for name, state, about in _bridged():
        table.add_row(name, Text(state), Text(about))
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
    return capability_words(engine.capabilities) if engine.capabilities else _NEEDS_OPTIONS


def _bridged() -> list[tuple[str, str, str]]:
    """Return a row for each framework whose engines are taken by name."""
    names = {str(each.metadata["Name"]).lower().replace("_", "-") for each in distributions()}
    plugins = sorted(name.removeprefix(_PLUGIN) for name in names if name.startswith(_PLUGIN))
    livekit = f"installed: {', '.join(plugins)}" if plugins else f"pip install {_PLUGIN}NAME"
    pipecat = "installed" if find_spec("pipecat") else "pip install 'anyio-stt[pipecat]'"
    return [
        ("livekit:NAME", livekit, "LiveKit's plugins, such as livekit:deepgram."),
        ("pipecat:NAME", pipecat, "Pipecat's services, such as pipecat:deepgram."),
    ]


@click.command()
@click.option(
    "--try", "try_each", is_flag=True, help="Let each engine transcribe three seconds of speech."
)
def engines(try_each: bool) -> int:
    """List the engines: what each can do, or what to install for it."""
    if try_each:
        return anyio.run(run_until_interrupted, partial(try_engines, sys.stdout))
    print_engines(sys.stdout)
    return 0
