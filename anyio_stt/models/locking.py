"""One pull of a model at a time: a lock that the system lets go of when its process dies."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import anyio

from .errors import ModelError

__all__ = ("locked",)

_INTERVAL = 0.2


@asynccontextmanager
async def locked(path: Path, patience: float) -> AsyncIterator[None]:
    """
    Hold the lock file *path* for the block; nobody else does meanwhile.

    Raises:
        ModelError: when another process holds it for longer than *patience* seconds.
    """
    with path.open("ab") as file:
        late = anyio.current_time() + patience
        while not _take(file):
            if anyio.current_time() >= late:
                raise ModelError(
                    f"another process has been pulling into {path.parent} for {patience:g} s"
                )
            await anyio.sleep(_INTERVAL)
        yield


if sys.platform == "win32":  # pragma: no cover - not run here
    import msvcrt

    def _take(file: IO[bytes]) -> bool:
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _take(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
