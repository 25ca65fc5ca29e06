"""The commands and their options."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import anyio
import click

from anyio_stt.audio import PCMFormat

from .display import showing
from .engine_choice import choose_engine, parse_options
from .engine_list import print_engines
from .errors import CommandError
from .formats import FORMATS
from .interruption import run_until_interrupted
from .log import log_shown_on
from .models import models
from .recordings import STANDARD_INPUT
from .serve import serve
from .session import Session, Settings

__all__ = ("cli", "run")

_INTERRUPTED = 130


def run(arguments: list[str] | None = None) -> int:
    """Run the command with *arguments*, those of this process by default; return its exit code."""
    try:
        return int(cli.main(arguments, prog_name="anyio-stt", standalone_mode=False) or 0)
    except click.exceptions.Exit as exc:
        return exc.exit_code
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _INTERRUPTED


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="anyio-stt", message="%(prog)s %(version)s")
def cli() -> None:
    """Speech to text, live, on asyncio or trio."""


cli.add_command(models)
cli.add_command(serve)


@cli.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--engine",
    metavar="NAME",
    help="An engine `anyio-stt engines` lists, or a class as module:Class; the best one that "
    "works offline here unless told.",
)
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    help="An option of the engine; may be repeated.",
)
@click.option(
    "--backend",
    type=click.Choice(["asyncio", "trio"]),
    default="asyncio",
    show_default=True,
    help="The event loop to run on.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(sorted(FORMATS)),
    default="text",
    show_default=True,
    help="How to write what was said.",
)
@click.option(
    "--all-events",
    is_flag=True,
    help="With jsonl: write interim transcripts and every other event too.",
)
@click.option("--realtime", is_flag=True, help="Feed each recording at the pace it was spoken.")
@click.option("--language", metavar="TAG", help="What is spoken, for engines that can be told.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="OUT",
    help="The file to write to instead of standard output.",
)
@click.option(
    "--raw-rate",
    type=click.IntRange(min=1),
    metavar="HZ",
    help="Standard input is raw 16-bit samples at this rate, not WAV.",
)
@click.option(
    "--raw-channels",
    type=click.IntRange(min=1),
    metavar="N",
    help="Channels of the raw samples; 1 unless told.",
)
def transcribe(
    files: tuple[str, ...],
    options: tuple[str, ...],
    backend: Literal["asyncio", "trio"],
    raw_rate: int | None,
    raw_channels: int | None,
    **settings: Any,
) -> int:
    """
    Transcribe recordings: WAV, FLAC, MP3 or Ogg Vorbis files, or "-" for standard input.

    Recordings with several channels are mixed down to one. On a terminal the text appears while
    it is recognised; elsewhere only final transcripts go to standard output, and everything
    else to standard error.

    Exit codes: 0 all went well, 1 the engine failed or some of several recordings did, 2 what
    was asked for cannot be done, 130 interrupted.
    """
    raw_format = _raw_format(files, raw_rate, raw_channels)
    _check(files, backend, settings["format_name"], all_events=settings["all_events"])
    settings["engine"] = choose_engine(settings["engine"])
    wanted = Settings(files, options=parse_options(options), raw_format=raw_format, **settings)
    with showing() as display, log_shown_on(display):
        return anyio.run(run_until_interrupted, Session(wanted, display).run, backend=backend)


@cli.command()
def engines() -> None:
    """List the engines, what they can do, and what is missing to use them."""
    print_engines(sys.stdout)


def _raw_format(files: tuple[str, ...], rate: int | None, channels: int | None) -> PCMFormat | None:
    if rate is None and channels is None:
        return None
    if rate is None:
        raise CommandError("--raw-channels needs --raw-rate")
    if STANDARD_INPUT not in files:
        raise CommandError('--raw-rate is for standard input: give "-" as the file')
    return PCMFormat(rate, channels or 1)


def _check(files: tuple[str, ...], backend: str, format_name: str, *, all_events: bool) -> None:
    if backend == "trio" and find_spec("trio") is None:
        raise CommandError("trio is not installed: pip install 'anyio-stt[cli]'")
    if len(files) > 1 and FORMATS[format_name].one_recording:
        raise CommandError(
            f"--format {format_name} takes one recording, as its times begin at 0: run it once "
            "for each"
        )
    if all_events and format_name != "jsonl":
        raise CommandError(f"--all-events needs --format jsonl, not {format_name}")
