"""
A picture of a real run: `python docs/_ext/terminal.py FILE.svg COMMAND...`.

Runs each COMMAND (a line of the shell, quoted) in a terminal of 88 columns, and draws what the
terminal shows at the end, the commands themselves included. Needs the extra `docs`, and Unix.
"""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from io import StringIO

import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

COLUMNS, LINES = 88, 200
_NAMES = {"brown": "yellow", "brightbrown": "bright_yellow", "default": None}


def shown(command: str) -> bytes:
    """Run *command* in a pseudo-terminal and return what it wrote there."""
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
        os.close(ours)
    if process.returncode:
        sys.exit(f"{command!r} ended with {process.returncode}:\n{written.decode()}")
    return bytes(written)


def screen_of(commands: list[str]) -> pyte.Screen:
    """Return the terminal after all *commands*."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    for command in commands:
        stream.feed(b"\x1b[32m$\x1b[0m " + command.encode() + b"\r\n")
        stream.feed(shown(command))
    return screen


def text_of(screen: pyte.Screen) -> Text:
    """Return what the terminal shows, with its colours."""
    used = max(index for index, line in enumerate(screen.display) if line.strip()) + 1
    text = Text()
    for row in range(used):
        for column in range(COLUMNS):
            cell = screen.buffer[row][column]
            color = _NAMES.get(cell.fg, cell.fg.replace("bright", "bright_"))
            style = Style(color=color, bold=cell.bold, italic=cell.italics)
            text.append(cell.data, style)
        text.append("\n")
    return text


def draw(path: str, commands: list[str]) -> None:
    """Write the picture."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), color_system="truecolor")
    console.print(text_of(screen_of(commands)), end="")
    console.save_svg(path, title="anyio-stt")


if __name__ == "__main__":
    draw(sys.argv[1], sys.argv[2:])
