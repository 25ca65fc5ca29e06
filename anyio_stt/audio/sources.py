"""Bytes for a decoder that reads when it wants: of a file, or as they arrive."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import IO

__all__ = ("SPOOL_LIMIT", "ArrivingBytes", "Seekable", "spooled")

SPOOL_LIMIT = 2 << 30
"""Bytes that are kept on the disk of a recording that has to be sought in: a day of podcasts."""
_TAIL = 1 << 16  # the longest page of Ogg, whose last one says whether the recording is whole


class ArrivingBytes:
    """
    A file that can be read once, from its beginning to its end; it has no `seek`.

    A read gives what is there, so that a live recording is heard while it goes on.

    Args:
        pull: gives the next bytes, none at the end; called in the thread that reads.
        beginning: what has arrived already.
    """

    def __init__(self, pull: Callable[[], bytes], beginning: bytes = b"") -> None:
        self._pull = pull
        self._waiting = beginning
        self._ended = False
        self.error: BaseException | None = None
        """What ended the bytes early; decoders take the end for an end, their callers look here."""
        self.tail: bytes = b""
        """The last bytes that were read."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to *size* bytes, at least one unless the end has come."""
        if not self._waiting:
            self._fetch()
        data, self._waiting = self._waiting[:size], self._waiting[size:]
        self.tail = (self.tail + data)[-_TAIL:]
        return data

    def peek(self, size: int) -> bytes:
        """Return the next *size* bytes, fewer if the end comes first; they can be read again."""
        while len(self._waiting) < size and not self._ended:
            self._fetch()
        return self._waiting[:size]

    def _fetch(self) -> None:
        if self._ended:
            return
        try:
            data = self._pull()
        except BaseException as exc:  # noqa: BLE001 - cancellation too must not pass through C
            self.error, data = exc, b""
        self._ended = not data
        self._waiting += data


class Seekable:
    """
    A file that says -1 of a place where it cannot go, as FFmpeg expects.

    What a file raises PyAV prints, and raises in place of what is wrong with the recording.

    Args:
        file: is read and sought in.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.read: Callable[[int], bytes] = file.read
        self.tell: Callable[[], int] = file.tell
        self._seek = file.seek

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a place, and return where that is."""
        try:
            return self._seek(offset, whence)
        except (OSError, ValueError, OverflowError):
            return -1


def spooled(source: ArrivingBytes, name: str) -> IO[bytes]:
    """
    Copy what *source* has to a file without a name, and return that at its beginning.

    Raises:
        ValueError: when it is more than `SPOOL_LIMIT`.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it is returned
    try:
        while data := source.read(1 << 20):
            if file.tell() + len(data) > SPOOL_LIMIT:
                raise ValueError(
                    f"{name} has its index at its end and is longer than {SPOOL_LIMIT >> 20} MiB: "
                    "save it to a file, or have it written with its index first "
                    "(ffmpeg -movflags +faststart)"
                )
            file.write(data)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file
