"""
A picture of a real run: `python docs/_ext/terminal.py FILE.svg [--when TEXT] COMMAND...`.

Runs each COMMAND (a line of the shell, quoted) in a terminal of 88 columns, and draws what the
terminal shows at the end, or when the last command first wrote TEXT, the commands themselves
included. Needs the extra `docs`, and Unix.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from io import StringIO
from itertools import groupby
from typing import Any

import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

COLUMNS, LINES = 88, 200
_NAMES = {"brown": "yellow", "brightbrown": "bright_yellow", "default": None}


def shown(command: str, when: str | None = None) -> bytes:
    """Run *command* in a pseudo-terminal and return what it wrote there, until it writes *when*."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "LINES": "24", "TERM": "xterm-256color"}
    with subprocess.Popen(
        command, shell=True, stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        written = bytearray()
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # how Linux says that nobody holds the other end any more
                break
            if not piece:
                break
            written += piece
            if when is not None and when.encode() in written:
                process.terminate()
                break
        os.close(ours)
    if process.returncode and when is None:
        sys.exit(f"{command!r} ended with {process.returncode}:\n{written.decode()}")
    return bytes(written)


def screen_of(commands: list[str], when: str | None) -> pyte.Screen:
    """Return the terminal after all *commands*, or when the last one writes *when*."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    for number, command in enumerate(commands, 1):
        stream.feed(b"\x1b[32m$\x1b[0m " + command.encode() + b"\r\n")
        stream.feed(shown(command, when if number == len(commands) else None))
    return screen


def style_of(cell: Any) -> Style:
    """Return how *cell* is drawn."""
    color = _NAMES.get(cell.fg, cell.fg.replace("bright", "bright_"))
    if color is not None and re.fullmatch("[0-9a-f]{6}", color):
        color = f"#{color}"
    return Style(color=color, bold=cell.bold, italic=cell.italics)


def text_of(screen: pyte.Screen) -> Text:
    """Return what the terminal shows, with its colours."""
    used = max(index for index, line in enumerate(screen.display) if line.strip()) + 1
    text = Text()
    for row in range(used):
        cells = [screen.buffer[row][column] for column in range(COLUMNS)]
        for style, same in groupby(cells, style_of):
            text.append("".join(cell.data for cell in same), style)
        text.append("\n")
    return text


def draw(path: str, commands: list[str], when: str | None = None) -> None:
    """Write the picture."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), color_system="truecolor")
    console.print(text_of(screen_of(commands, when)), end="")
    console.save_svg(path, title="anyio-stt")


if __name__ == "__main__":
    picture, *rest = sys.argv[1:]
    text = rest[1] if rest[:1] == ["--when"] else None
    draw(picture, rest[2:] if text is not None else rest, text)
