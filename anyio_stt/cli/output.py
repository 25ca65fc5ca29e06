"""Where transcripts are written."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from .display import Display
from .errors import CommandError

__all__ = ("Output",)


class Output:
    """
    The place for transcripts: a file, or the display's standard output.

    The file is made when there is something to write, so that a recording that cannot be read
    does not cost an older transcript.

    Args:
        display: shows what goes to standard output.
        path: the file, or None for standard output.
    """

    def __init__(self, display: Display, path: Path | None) -> None:
        self._display = display
        self._path = path
        self._file: TextIO | None = None

    def open(self) -> None:
        """
        Make the file; later calls do nothing.

        Raises:
            CommandError: when that is impossible.
        """
        if self._path is None or self._file is not None:
            return
        try:
            self._file = self._path.open("w", encoding="utf-8", newline="\n")
        except OSError as exc:
            raise CommandError(f"-o {self._path}: {exc.strerror}") from exc

    def write(self, text: str) -> None:
        """Write *text*, at once."""
        if not text:
            return
        if self._file is None:
            self._display.print(text)
        else:
            self._file.write(text)
            self._file.flush()

    def close(self) -> None:
        """Close the file, if it was made."""
        if self._file is not None:
            self._file.close()
