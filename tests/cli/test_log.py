"""What the library logs, as lines for a person."""

from __future__ import annotations

import logging

import pytest

from anyio_stt.cli.display import Display
from anyio_stt.cli.log import log_shown_on

library = logging.getLogger("anyio_stt")
event_loop = logging.getLogger("asyncio")


def test_a_warning_is_one_line_with_its_reason_and_no_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with log_shown_on(Display()):
        library.warning("retrying in %d s", 3, exc_info=OSError("the line is dead"))

    assert capsys.readouterr().err == "anyio-stt: retrying in 3 s: the line is dead\n"


def test_an_error_that_is_raised_anyway_is_not_told_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with log_shown_on(Display()):
        library.error("failed", exc_info=OSError("the line is dead"))
        library.error("the engine ignores that it was cancelled")

    assert capsys.readouterr().err == "anyio-stt: the engine ignores that it was cancelled\n"


def test_the_loggers_are_left_as_they_were(caplog: pytest.LogCaptureFixture) -> None:
    before = library.handlers, library.propagate, event_loop.filters[:]

    with log_shown_on(Display()):
        pass

    assert before == (library.handlers, library.propagate, event_loop.filters)


def test_the_event_loop_is_silent_about_broken_pipes_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with log_shown_on(Display()):
        event_loop.error("never retrieved", exc_info=BrokenPipeError())
        event_loop.error("something else", exc_info=OSError())

    assert caplog.messages == ["something else"]
