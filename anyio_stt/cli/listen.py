"""`anyio-stt listen`: a microphone in, a transcript out."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import Any

import anyio
import click

from anyio_stt.audio import MicrophoneError, microphones

from .detector import make_detector
from .display import showing
from .engine_choice import choose_engine, parse_options, without_interims
from .errors import CommandError
from .interruption import run_until_interrupted
from .listening import Listening
from .log import log_shown_on
from .noise import libraries_silenced
from .options import check_backend, engine_options, interim_option, option, output_options
from .session import Session
from .settings import MICROPHONE, Settings
from .shown import one_line

__all__ = ("listen",)


@click.command()
@engine_options
@output_options
@option(
    "--device",
    metavar="NAME|N",
    help="The microphone, by its number or part of its name. Default: the system's.",
)
@click.option("--list-devices", is_flag=True, help="List the microphones and exit.")
@option(
    "--until-silence",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Stop after this many seconds without speech.",
)
@interim_option
def listen(
    backend: str,
    quiet: bool,
    verbose: int,
    options: tuple[str, ...],
    device: str | None,
    list_devices: bool,
    until_silence: float | None,
    **settings: Any,
) -> int:
    """
    Transcribe a microphone until Ctrl-C.

    On a terminal, the space bar pauses and resumes. q or Ctrl-C stops: what was said until then is
    still transcribed. A second Ctrl-C stops at once.

    Exit codes: 0 success; 1 the engine failed, or audio was lost; 2 wrong usage; 130 interrupted
    twice.
    """
    check_backend(backend)
    with ExitStack() as stack:
        if not verbose:
            stack.enter_context(libraries_silenced())
        if list_devices:
            return _list_devices()
        settings["engine"] = choose_engine(settings["engine"], quiet=quiet)
        wanted = Settings((MICROPHONE,), options=parse_options(options), listens=True, **settings)
        detector = None if until_silence is None else make_detector("--until-silence")
        display = stack.enter_context(showing(quiet=quiet))
        stack.enter_context(log_shown_on(display, verbose))
        seen = display.live or wanted.all_events
        if wanted.interim == "never" or (wanted.interim == "auto" and not seen):
            wanted = without_interims(wanted)
        listening = Listening(
            int(device) if device is not None and device.isdecimal() else device,
            display,
            until_silence=until_silence,
            detector=detector,
        )
        session = Session(wanted, display, open_audio=listening.open)
        run = partial(run_until_interrupted, gently=listening.stop)
        return anyio.run(run, session.run, backend=backend)


def _list_devices() -> int:
    try:
        there = microphones()
    except (ImportError, MicrophoneError) as exc:
        raise CommandError(str(exc)) from exc
    if not there:
        raise CommandError("no microphone: the system has no recording device")
    for each in there:
        default = "\tdefault" if each.is_default else ""
        click.echo(f"{each.index}\t{one_line(each.name)}\t{each.sample_rate} Hz{default}")
    return 0
