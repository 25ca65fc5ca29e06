"""What a person at a terminal sees."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console
from rich.live import Live

from anyio_stt.cli.display import TerminalDisplay, progress_text
from anyio_stt.cli.engine_list import print_engines
from anyio_stt.engines import engine_names


@pytest.mark.parametrize(
    ("position", "duration", "elapsed", "text"),
    [
        (0.0, 90.0, 0.0, "0:00/1:30"),
        (30.0, 90.0, 3.0, "0:30/1:30 10.0x 0:06 left"),
        (90.0, 90.0, 3.0, "1:30/1:30 30.0x 0:00 left"),
        (91.0, 90.0, 3.0, "1:31/1:30 30.3x 0:00 left"),  # the file said less than it holds
        (30.0, None, 60.0, "0:30 0.5x"),
        (3600.0, 7325.0, 3600.0, "1:00:00/2:02:05 1.0x 1:02:05 left"),
    ],
)
def test_progress_tells_place_speed_and_what_remains(
    position: float, duration: float | None, elapsed: float, text: str
) -> None:
    assert progress_text(position, duration, elapsed) == text


def screen(*steps: tuple[str, str]) -> str:
    """Return all that was written to a terminal of 40 columns."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=40, color_system=None)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        display = TerminalDisplay(live, shares_output=True)
        display.begin("a.wav", 10.0)
        for method, text in steps:
            getattr(display, method)(text)
            display.advance(1.0, 1.0)
    return file.getvalue()


def test_a_guess_is_shown_and_rewritten_by_the_next() -> None:
    written = screen(("guess", "go for"), ("guess", "go forward"))

    first, second = written.split("go for", 2)[1:]
    assert "\x1b[1A\x1b[2K" in first  # the cursor goes back up and the line is cleared
    assert second.startswith("ward")


def test_the_newest_words_of_a_long_guess_are_the_ones_shown() -> None:
    written = screen(("guess", "old " * 50 + "new"))

    assert "new" in written
    assert "…" in written


def test_a_final_stays_and_the_guess_goes() -> None:
    written = screen(("guess", "go four"), ("print", "go forward\n"))

    after = written[written.index("go forward") :]
    assert "go four" not in after
    assert after.startswith("go forward\n")


def test_text_that_looks_like_markup_is_shown_as_it_is() -> None:
    assert "[bold]x[/bold]" in screen(("print", "[bold]x[/bold]\n"))


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_names_of_engines_are_whole_on_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    terminal = _Terminal()

    print_engines(terminal)

    lines = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue()).splitlines()
    assert set(engine_names()) <= {word for line in lines for word in line.split()}
    assert "…" not in terminal.getvalue()
    assert max(map(len, lines)) <= 40
