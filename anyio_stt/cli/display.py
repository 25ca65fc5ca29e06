"""What a person at a terminal sees while a recording is transcribed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from .errors import CommandError
from .shown import clean, one_line

__all__ = ("Display", "TerminalDisplay", "progress_text", "showing")

_BAR_WIDTH = 30
_GUESS_LINES = 2
_LAG_SHOWN = 1.0


class Display:
    """Shows nothing; what there is to say goes straight to the standard streams."""

    live = False
    """Whether anybody sees progress and interim text."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet

    def expect(self, count: int) -> None:
        """Say how many recordings there are."""

    def begin(self, name: str, duration: float | None) -> None:
        """Start with the recording *name*, which takes *duration* seconds."""

    def finish(self) -> None:
        """Be done with a recording."""

    def guess(self, text: str) -> None:
        """Show *text* as what may be said; a later one replaces it."""

    def advance(self, position: float, elapsed: float, *, lag: float = 0.0) -> None:
        """Show that *position* seconds of audio were heard in *elapsed*, and how many wait."""

    def level(self, level: float | None) -> None:
        """Show how loud it is, from 0 to 1, or None: nothing is heard for now."""

    def print(self, text: str) -> None:
        """
        Print a piece of the transcript on standard output, at once.

        Raises:
            CommandError: when standard output is closed, or full.
        """
        if sys.stdout is None:
            raise CommandError("standard output is closed: give a file with -o")
        try:
            sys.stdout.write(clean(text) if sys.stdout.isatty() else text)
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as exc:
            raise CommandError(f"standard output: {exc.strerror}") from exc

    def warn(self, line: str) -> None:
        """Print *line* on standard error."""
        if sys.stderr is not None:
            with suppress(OSError):
                sys.stderr.write(f"{one_line(line)}\n")
                sys.stderr.flush()

    def note(self, line: str) -> None:
        """Print *line* like a warning, unless it shall be quiet."""
        if not self._quiet:
            self.warn(line)


class TerminalDisplay(Display):
    """
    Keeps the interim text and a progress bar at the bottom of a terminal.

    Args:
        live: the bottom of the terminal.
        shares_output: whether standard output goes to the same terminal.
    """

    live = True

    def __init__(self, live: Live, *, shares_output: bool, quiet: bool = False) -> None:
        super().__init__(quiet=quiet)
        self._console = live.console
        self._shares_output = shares_output
        self._live = live
        self._guess = ""
        self._name = ""
        self._duration: float | None = None
        self._position = self._elapsed = self._lag = 0.0
        self._count = self._number = 1
        self._done = 0
        self._listens = False
        self._level: float | None = None

    def expect(self, count: int) -> None:
        self._count = count

    def finish(self) -> None:
        self._done += 1
        self._number = min(self._done + 1, self._count)

    def begin(self, name: str, duration: float | None) -> None:
        self._name, self._duration = name, duration
        self._guess, self._position, self._elapsed = "", 0.0, 0.0
        self._refresh()

    def guess(self, text: str) -> None:
        self._guess = text

    def advance(self, position: float, elapsed: float, *, lag: float = 0.0) -> None:
        self._position, self._elapsed, self._lag = position, elapsed, lag
        self._refresh()

    def level(self, level: float | None) -> None:
        self._listens, self._level = True, level

    def print(self, text: str) -> None:
        self._guess = ""
        if self._shares_output:
            self._refresh()  # what is printed pushes down what was shown last
            self._console.print(Text(clean(text.rstrip("\n"))), soft_wrap=True)
        else:
            super().print(text)

    def warn(self, line: str) -> None:
        if sys.stderr is not None and sys.stderr.isatty():
            self._console.print(Text(one_line(line), style="yellow"), soft_wrap=True)
        else:
            super().warn(line)

    def _refresh(self) -> None:
        self._live.update(Group(self._guess_line(), self._progress_line()), refresh=True)

    def _guess_line(self) -> Text:
        room = self._console.width * _GUESS_LINES - 1
        text = one_line(self._guess)
        text = text if len(text) <= room else f"…{text[1 - room :]}"
        return Text(text, style="dim italic")

    def _progress_line(self) -> Table:
        line = Table.grid(padding=(0, 1))
        bar = ProgressBar(self._duration or 1.0, min(self._position, self._duration or 0.0))
        if self._listens:
            bar = ProgressBar(1.0, self._level or 0.0)
        bar.width = max(min(_BAR_WIDTH, self._console.width - 40), 1)
        numbers = progress_text(self._position, self._duration, self._elapsed)
        if self._listens:
            numbers = _clock(self._position) + (" paused" if self._level is None else "")
        if self._lag > _LAG_SHOWN and self._duration is None:
            numbers += f" lag {self._lag:.0f} s"
        if self._count > 1:
            numbers = f"{self._number} of {self._count} {numbers}"
        line.add_row(
            Text(self._name, style="bold", overflow="ellipsis", no_wrap=True), bar, numbers
        )
        return line


def progress_text(position: float, duration: float | None, elapsed: float) -> str:
    """Return how far it is, how fast it goes and what remains, for seconds of each."""
    parts = [_clock(position) if duration is None else f"{_clock(position)}/{_clock(duration)}"]
    if elapsed > 0 and position > 0:
        speed = position / elapsed
        parts.append(f"{speed:.1f}x")
        if duration is not None:
            parts.append(f"{_clock(max(duration - position, 0.0) / speed)} left")
    return " ".join(parts)


@contextmanager
def showing(*, quiet: bool = False) -> Iterator[Display]:
    """
    Give the display for where the standard streams go, and clear it up afterwards.

    Args:
        quiet: whether to show neither progress nor notes.
    """
    streams = [file for file in (sys.stdout, sys.stderr) if file is not None]
    terminal = next((file for file in streams if file.isatty()), None)
    if terminal is None or quiet:
        yield Display(quiet=quiet)
        return
    # No refreshing thread, and the standard streams stay what they are.
    live = Live(
        console=Console(file=terminal),
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with live:
        yield TerminalDisplay(live, shares_output=terminal is sys.stdout)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
