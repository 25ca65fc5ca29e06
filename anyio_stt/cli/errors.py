"""What the command says when it cannot go on."""

from __future__ import annotations

from typing import IO, Any

import click

__all__ = ("CommandError",)


class CommandError(click.ClickException):
    """Raised when what was asked for cannot be done: one line on stderr, exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the line."""
        click.echo(f"anyio-stt: {self.format_message()}", file=file, err=file is None)
