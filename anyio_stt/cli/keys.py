"""Keys that are pressed while the command runs."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator

import anyio

__all__ = ("pressed_keys",)


async def pressed_keys() -> AsyncGenerator[str, None]:
    """Yield each key pressed at the terminal; none where standard input is no terminal."""
    if sys.platform == "win32" or sys.stdin is None or not sys.stdin.isatty():
        return
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        while True:
            await anyio.wait_readable(descriptor)
            pressed = os.read(descriptor, 16)
            if not pressed:
                return
            for key in pressed.decode("ascii", "ignore"):
                yield key
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
