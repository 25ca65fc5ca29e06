"""Bytes of a file descriptor as they arrive, without a thread that could not be stopped."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import AsyncGenerator
from typing import IO

import anyio
from anyio import to_thread

__all__ = ("open_once", "read_descriptor")

_PIECE = 1 << 16  # what a pipe holds on Linux


async def read_descriptor(fd: int) -> AsyncGenerator[bytes, None]:
    """Yield what arrives at *fd* until its end; cancelling it ends it at once."""
    wait = _must_be_waited_for(fd)
    while True:
        if wait:
            await anyio.wait_readable(fd)
            try:
                data = os.read(fd, _PIECE)
            except BlockingIOError:  # somebody else has read it
                continue
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


def open_once(path: str | os.PathLike[str]) -> IO[bytes] | int:
    """
    Open *path*, and return a file, or the descriptor of a pipe or device.

    A pipe can be opened once, as `<(command)` of a shell; one without a writer must not block.

    Raises:
        OSError: when it cannot be opened, or is a folder.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    fd = os.open(path, flags | getattr(os, "O_CLOEXEC", 0))
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(fd, "rb")
    if stat.S_ISDIR(mode):
        os.close(fd)
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    return fd
