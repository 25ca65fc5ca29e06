"""Where transcripts are written: files that are whole or not there, and standard output."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol, TextIO

from anyio_stt.batch.in_order import Turn

from .display import Display
from .errors import CommandError
from .shown import shown_name

__all__ = ("FileSink", "SharedSink", "Sink", "StandardOutput")


class Sink(Protocol):
    """A place for text."""

    def write(self, text: str) -> None:
        """Write *text*, at once."""

    def close(self, *, complete: bool, said: bool) -> Path | None:
        """
        End it; return where the transcript lies, if it is not in its own place.

        Args:
            complete: whether the recording was transcribed to its end.
            said: whether anything was.
        """


class StandardOutput:
    """
    The display's standard output.

    Args:
        display: shows what goes to standard output.
    """

    def __init__(self, display: Display) -> None:
        self._display = display

    def write(self, text: str) -> None:
        """Write *text*, at once."""
        if text:
            self._display.print(text)

    def close(self, *, complete: bool, said: bool) -> Path | None:  # noqa: ARG002
        """Do nothing: it is not ours."""
        return None


class FileSink:
    """
    A file, written beside its place and put there at the end.

    What was there before stays until then, and for good when nothing was written. An incomplete
    transcript takes the place only where there is none.

    Args:
        path: the place.
        make_folder: whether to make the folder it is in.
        whole: whether an incomplete transcript never takes the place.

    Raises:
        CommandError: when the file cannot be made or written; also from the other methods.
    """

    def __init__(self, path: Path, *, make_folder: bool = False, whole: bool = False) -> None:
        self._make_folder = make_folder
        self._whole = whole
        self._shown = shown_name(path)
        self._place = Path(os.path.realpath(path))
        # A device or a pipe is written as it is.
        self._direct = self._place.exists() and not self._place.is_file()
        self._beside = self._place if self._direct else self._named("part")
        self._file: TextIO | None = None

    def _named(self, what: str) -> Path:
        return self._place.with_name(f"{self._place.stem}.{what}{self._place.suffix}")

    def open(self) -> None:
        """Make the file, and its folder."""
        try:
            if self._make_folder:
                self._beside.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._beside.open("w", encoding="utf-8", newline="\n", errors="replace")
        except OSError as exc:
            raise self._failed(exc) from exc

    def write(self, text: str) -> None:
        """Write *text*, at once."""
        if not text:
            return
        if self._file is None:
            self.open()
        assert self._file is not None
        try:
            self._file.write(text)
            self._file.flush()
        except OSError as exc:
            raise self._failed(exc) from exc

    def close(self, *, complete: bool, said: bool) -> Path | None:
        """Put the file in its place, or beside it when it is incomplete and the place is taken."""
        if self._file is None:
            if not complete:
                return None
            self.open()  # nobody said anything, and that is the transcript
        file, self._file = self._file, None
        assert file is not None
        taken = not complete and (self._whole or self._place.exists())
        place = self._named("partial") if taken else self._place
        try:
            file.close()
            if self._direct:
                return None
            if not complete and not said:
                self._beside.unlink()
                return None
            self._beside.replace(place)
        except OSError as exc:
            raise self._failed(exc) from exc
        return place if taken else None

    def _failed(self, error: OSError) -> CommandError:
        return CommandError(f"-o {self._shown}: {error.strerror or error}")


class SharedSink:
    """
    A recording's part of a sink that several recordings share.

    Args:
        turn: which part.
    """

    def __init__(self, turn: Turn[str]) -> None:
        self._turn = turn

    def write(self, text: str) -> None:
        """Write *text* when the turn has come."""
        if text:
            self._turn.put(text)

    def close(self, *, complete: bool, said: bool) -> Path | None:  # noqa: ARG002 - it goes on
        """Give the turn to the next."""
        self._turn.done()
        return None
