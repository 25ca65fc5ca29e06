"""Standard input as bytes that arrive, readable without a thread that could not be stopped."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import AsyncGenerator

import anyio
from anyio import to_thread

__all__ = ("read_standard_input",)

_PIECE = 1 << 16  # what a pipe holds on Linux


async def read_standard_input(fd: int | None = None) -> AsyncGenerator[bytes, None]:
    """Yield what arrives at *fd* (standard input) until its end; cancelling it ends it at once."""
    fd = sys.stdin.fileno() if fd is None else fd
    wait = _must_be_waited_for(fd)
    while True:
        if wait:
            await anyio.wait_readable(fd)
            data = os.read(fd, _PIECE)
        else:
            data = await to_thread.run_sync(os.read, fd, _PIECE)
        if not data:
            return
        yield data


def _must_be_waited_for(fd: int) -> bool:
    # A file is always ready, and the system's selectors refuse it, as they refuse /dev/null.
    # Windows can only wait for sockets: there a read blocks a thread.
    mode = os.fstat(fd).st_mode
    waitable = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(fd)
    return waitable and sys.platform != "win32"
