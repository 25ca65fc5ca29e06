"""`anyio-stt transcribe`: recordings in, transcripts out."""

from __future__ import annotations

import os
from typing import Any

import anyio
import click

from anyio_stt.audio import PCMFormat

from .display import showing
from .engine_choice import choose_engine, parse_options, without_interims
from .errors import CommandError
from .interruption import run_until_interrupted
from .log import log_shown_on
from .options import check_backend, engine_options, interim_option, option, output_options
from .session import Session
from .settings import STANDARD_STREAM, Settings

__all__ = ("transcribe",)

_RAW = {
    "u8": (1, "int"), "s16le": (2, "int"), "s24le": (3, "int"), "s32le": (4, "int"),
    "f32le": (4, "float"), "f64le": (8, "float"), "mulaw": (1, "mulaw"), "alaw": (1, "alaw"),
}  # fmt: skip
_TELEPHONE_RATE = 8000


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@engine_options
@output_options
@option(
    "--channels",
    default="mix",
    show_default=True,
    metavar="mix|each|N",
    help="What to do with several channels: mix them, transcribe each as its own speaker, or "
    "only number N.",
)
@option(
    "--jobs",
    type=click.IntRange(1, 256),
    metavar="N",
    help="How many recordings, or pieces of one, to transcribe at once. Default: one a core. With "
    "--cluster local: how many workers; with another cluster: how many tasks in flight.",
)
@option(
    "--vad/--no-vad",
    default=None,
    help="Cut the audio into utterances for an engine that takes whole recordings only. Default: "
    "only if the engine gives no times.",
)
@option(
    "--cluster",
    metavar="ADDRESS|local|dask-config",
    help="Transcribe on a Dask cluster: the address of its scheduler, local for workers on this "
    "machine, or dask-config for what Dask is configured for.",
)
@option("--skip-existing", is_flag=True, help="Skip recordings whose transcripts exist.")
@option(
    "--restart",
    is_flag=True,
    help="Start over, instead of going on where an interrupted run stopped.",
)
@interim_option
@option("--realtime", is_flag=True, help="Feed each recording at the pace it was spoken.")
@option(
    "--raw",
    type=click.Choice(list(_RAW)),
    help="The recordings are raw samples in this encoding.",
)
@option(
    "--raw-rate",
    type=click.IntRange(min=1),
    metavar="HZ",
    help="Sample rate of raw samples. Alone, it means --raw s16le. Default with u8, mulaw or alaw: "
    "8000.",
)
@option(
    "--raw-channels",
    type=click.IntRange(min=1),
    metavar="N",
    help="Number of channels of raw samples. Default: 1.",
)
def transcribe(
    files: tuple[str, ...],
    backend: str,
    raw: str | None,
    raw_rate: int | None,
    raw_channels: int | None,
    quiet: bool,
    verbose: int,
    options: tuple[str, ...],
    jobs: int | None,
    **settings: Any,
) -> int:
    """
    Transcribe recordings to text or subtitles.

    FILE is a file, a folder, a pattern, a URL (http, or s3, gs and others through fsspec), or "-"
    for standard input, which is transcribed as it arrives. Several channels are mixed down to one
    unless --channels says otherwise.

    On a terminal the text appears while it is recognised. Elsewhere, only final transcripts go to
    standard output, and everything else to standard error.

    Exit codes: 0 success; 1 the engine failed, or part of a recording is missing; 2 wrong usage;
    130 interrupted.
    """
    check_backend(backend)
    raw_format = _raw_format(files, raw, raw_rate, raw_channels)
    _check(settings)
    if settings["cluster"] is not None:
        _check_cluster(files, settings)
    settings["engine"] = choose_engine(settings["engine"], quiet=quiet)
    wanted = Settings(
        files,
        options=parse_options(options),
        raw_format=raw_format,
        jobs=jobs or os.cpu_count() or 1,
        jobs_given=jobs is not None,
        **settings,
    )
    with showing(quiet=quiet) as display, log_shown_on(display, verbose):
        seen = display.live or wanted.all_events
        if wanted.interim == "never" or (wanted.interim == "auto" and not seen):
            wanted = without_interims(wanted)
        session = Session(wanted, display)
        return anyio.run(run_until_interrupted, session.run, backend=backend)


def _raw_format(
    files: tuple[str, ...], raw: str | None, rate: int | None, channels: int | None
) -> PCMFormat | None:
    if raw is None and rate is None:
        if channels is not None:
            raise CommandError("--raw-channels needs --raw-rate")
        return None
    if raw is None and STANDARD_STREAM not in files:
        raise CommandError('--raw-rate without --raw is for standard input: give "-" as the file')
    width, encoding = _RAW[raw or "s16le"]
    if rate is None and width > 1:
        raise CommandError(f"--raw {raw} needs --raw-rate")
    try:
        return PCMFormat(rate or _TELEPHONE_RATE, channels or 1, width, encoding)  # type: ignore[arg-type]
    except ValueError as exc:
        raise CommandError(f"--raw: {exc}") from exc


def _check_cluster(files: tuple[str, ...], settings: dict[str, Any]) -> None:
    if STANDARD_STREAM in files:
        raise CommandError('--cluster takes recordings that its workers can open, not "-"')
    for name in ("realtime", "all_events"):
        if settings[name]:
            raise CommandError(f"--{name.replace('_', '-')} does not work with --cluster")


def _check(settings: dict[str, Any]) -> None:
    channels = settings["channels"]
    if channels not in ("mix", "each") and not (channels.isdecimal() and int(channels) > 0):
        raise CommandError(f"--channels {channels}: it must be mix, each, or a number from 1")
    formats = settings["formats"]
    endings = [output.lower().endswith(".jsonl") for output in settings["outputs"]]
    if settings["all_events"] and "jsonl" not in formats and not (any(endings) and not formats):
        given = ", ".join(formats) or "text"
        raise CommandError(f"--all-events needs --format jsonl, not {given}")
