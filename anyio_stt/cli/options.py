"""Options that several commands have; each may come from the environment or the config file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import click

from .errors import CommandError
from .formats import FORMATS
from .shown import shown_name

if sys.version_info < (3, 11):
    import tomli as tomllib
else:
    import tomllib

__all__ = (
    "check_backend",
    "engine_options",
    "interim_option",
    "option",
    "output_options",
    "read_config",
)

F = TypeVar("F", bound=Callable[..., Any])

_PREFIX = "ANYIO_STT_"
_LISTS = ("options", "formats", "outputs")


def option(*names: str, **settings: Any) -> Callable[[F], F]:
    """Make an option that `ANYIO_STT_NAME` in the environment sets too."""
    long = next(name for name in names if name.startswith("--")).partition("/")[0]
    envvar = _PREFIX + long.removeprefix("--").upper().replace("-", "_")
    return click.option(*names, envvar=envvar, **settings)


def engine_options(command: F) -> F:
    """Add the options that choose an engine and how it runs."""
    for add in reversed(
        (
            option(
                "--engine",
                metavar="NAME",
                help="An engine that `anyio-stt engines` lists, or a class as module:Class. "
                "Default: the best offline engine that is installed.",
            ),
            option(
                "--option",
                "options",
                multiple=True,
                metavar="KEY=VALUE",
                help="An option of the engine, such as model=nova-3. Repeatable.",
            ),
            option(
                "--language",
                metavar="TAG",
                help="The language spoken, such as en, for engines that take one.",
            ),
            option(
                "--timeout",
                type=click.FloatRange(min=0, min_open=True),
                metavar="SECONDS",
                help="How long the engine may take to begin; 10 unless told.",
            ),
            option(
                "--backend",
                type=click.Choice(["asyncio", "trio"]),
                default="asyncio",
                show_default=True,
                help="The event loop to run on.",
            ),
            option("-q", "--quiet", is_flag=True, help="Show no progress and no notices."),
            option("-v", "--verbose", count=True, help="Log more; -vv logs everything."),
        )
    ):
        command = add(command)
    return command


def output_options(command: F) -> F:
    """Add the options that say what is written where."""
    for add in reversed(
        (
            option(
                "-f",
                "--format",
                "formats",
                multiple=True,
                callback=_formats,
                metavar="NAME[,NAME...]",
                help=f"Formats of the transcript: {', '.join(FORMATS)}, or all.",
            ),
            option(
                "-o",
                "--output",
                "outputs",
                multiple=True,
                metavar="OUT",
                help="Write to a file, whose suffix names the format, or into a folder. Default: "
                "standard output (-).",
            ),
            option(
                "--all-events",
                is_flag=True,
                help="With jsonl: write every event, interim transcripts included; a long "
                "recording is then not cut for --jobs.",
            ),
        )
    ):
        command = add(command)
    return command


def interim_option(command: F) -> F:
    """Add the option that says whether the engine guesses while somebody speaks."""
    return option(
        "--interim",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Whether to ask for interim transcripts; auto: only where they are shown.",
    )(command)


def _formats(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    chosen: dict[str, None] = {}
    for name in ",".join(values).split(",") if values else ():
        name = {"text": "txt"}.get(name.strip(), name.strip())
        if name != "all" and name not in FORMATS:
            raise click.BadParameter(f"{name!r} is none of {', '.join(FORMATS)}, all")
        chosen |= dict.fromkeys(FORMATS if name == "all" else (name,))
    return tuple(chosen)


def check_backend(backend: str) -> None:
    """Raise a CommandError when the event loop of that name is not installed."""
    if backend == "trio" and find_spec("trio") is None:
        raise CommandError("trio is not installed: pip install 'anyio-stt[cli]'")


def read_config(path: Path, commands: list[str]) -> dict[str, Any]:
    """
    Read defaults for options from a TOML file: its own keys for every command, its tables for one.

    Raises:
        CommandError: when it cannot be read.
    """
    try:
        config = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise CommandError(f"{shown_name(path)}: {reason}") from exc
    common = {key: value for key, value in config.items() if key not in commands}
    return {
        command: {
            _parameter(key): _default(_parameter(key), value)
            for key, value in (common | config.get(command, {})).items()
        }
        for command in commands
    }


def _parameter(key: str) -> str:
    name = key.replace("-", "_")
    return f"{name}s" if f"{name}s" in _LISTS else name


def _default(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return [f"{key}={each}" for key, each in value.items()]
    if name in _LISTS and isinstance(value, str):
        return [value]
    return value
