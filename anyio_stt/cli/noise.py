"""What C libraries write to standard error, kept from the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ("libraries_silenced",)


@contextmanager
def libraries_silenced() -> Iterator[None]:
    """
    Give standard error to Python alone.

    ALSA and PortAudio write a page of their own source lines there when a device is missing.
    """
    theirs = sys.stderr
    if theirs is None or theirs.closed or theirs.fileno() != 2:
        yield
        return
    theirs.flush()
    ours, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        with open(
            ours, "w", encoding=theirs.encoding, errors="replace", buffering=1, closefd=False
        ) as sys.stderr:
            os.dup2(nowhere, 2)
            yield
    finally:
        sys.stderr = theirs
        os.dup2(ours, 2)
        os.close(ours)
        os.close(nowhere)
