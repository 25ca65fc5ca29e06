"""The commands by name, each loaded when it is used."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click

from .errors import CommandError
from .options import read_config

__all__ = ("COMMANDS", "cli", "run")

COMMANDS = {
    "transcribe": "transcribe:transcribe",
    "listen": "listen:listen",
    "engines": "engine_list:engines",
    "models": "models:models",
    "serve": "serve:serve",
}
"""Where each command is: a module here, and what it is called in there. Add yours."""

_EXTRAS = {"serve": "cli,server", "listen": "cli,microphone"}
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


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        package = __package__ or ""
        return [name for name, place in COMMANDS.items() if _is_there(f"{package}.{place}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        try:
            command = getattr(import_module(f".{module}", __package__), name)
        except ModuleNotFoundError as exc:
            missing = (exc.name or "").partition(".")[0]
            raise CommandError(
                f"{cmd_name} needs {missing}, which is not installed: "
                f"pip install 'anyio-stt[{_EXTRAS.get(cmd_name, 'cli')}]'"
            ) from exc
        assert isinstance(command, click.Command)
        return command


def _is_there(place: str) -> bool:
    return find_spec(place.partition(":")[0]) is not None


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="anyio-stt", message="%(prog)s %(version)s")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="ANYIO_STT_CONFIG",
    metavar="FILE",
    help="Defaults for options, in TOML. Without it: anyio-stt/config.toml in the user's "
    "configuration folder.",
)
@click.pass_context
def cli(ctx: click.Context, config: Path | None) -> None:
    """Transcribe recordings or a microphone, or serve speech to text to other programs."""
    if os.getcwd() not in sys.path:  # where `--engine module:Class` is looked for
        sys.path.append(os.getcwd())
    place = config or Path(click.get_app_dir("anyio-stt")) / "config.toml"
    if config is not None or place.is_file():
        ctx.default_map = read_config(place, list(COMMANDS))
