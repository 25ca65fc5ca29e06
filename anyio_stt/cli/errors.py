"""What the command says when it cannot go on."""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError, distribution
from typing import IO, Any

import click

__all__ = ("CommandError",)


class CommandError(click.ClickException):
    """Raised when what was asked for cannot be done: one line on stderr, exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the line."""
        told = self.format_message()
        extras = re.findall(r"pip install 'anyio-stt(\[[\w,-]+\])'", told)
        if extras and _from_a_folder():
            here = " or ".join(f"'.{extra}'" for extra in extras)
            told += f" (in a clone: pip install {here})"
        click.echo(f"anyio-stt: {told}", file=file, err=file is None)


def _from_a_folder() -> bool:
    """Say whether this was installed out of a clone, perhaps without a release in the index."""
    try:
        origin = distribution("anyio-stt").read_text("direct_url.json")
    except PackageNotFoundError:
        return False
    return "dir_info" in json.loads(origin or "{}")
