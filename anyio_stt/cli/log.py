"""What the library logs, as lines for a person."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from .display import Display

__all__ = ("log_shown_on",)


class _DisplayHandler(logging.Handler):
    def __init__(self, display: Display, verbosity: int) -> None:
        level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbosity, 2)]
        super().__init__(level)
        self._display = display
        self._verbose = verbosity > 1

    def emit(self, record: logging.LogRecord) -> None:
        if self._verbose:
            for line in self.format(record).splitlines():
                self._display.warn(f"anyio-stt: {line}")
            return
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and record.levelno >= logging.ERROR:
            return  # it will be raised, and told then
        reason = f": {error}" if error is not None else ""
        self._display.warn(f"anyio-stt: {record.getMessage()}{reason}")


def _not_a_broken_pipe(record: logging.LogRecord) -> bool:
    # Python 3.10 complains when an engine's process is ended while a message waits in its pipe.
    return not (record.exc_info and isinstance(record.exc_info[1], BrokenPipeError))


@contextmanager
def log_shown_on(display: Display, verbosity: int = 0) -> Iterator[None]:
    """
    Send the library's warnings to *display*, one line each and without tracebacks.

    Args:
        display: where they are shown.
        verbosity: 1 shows what goes well too, 2 everything, with tracebacks.
    """
    logger = logging.getLogger("anyio_stt")
    handlers, propagate, level = logger.handlers, logger.propagate, logger.level
    handler = _DisplayHandler(display, verbosity)
    logger.handlers, logger.propagate = [handler], False
    if verbosity:
        logger.setLevel(handler.level)
    event_loop = logging.getLogger("asyncio")
    event_loop.addFilter(_not_a_broken_pipe)
    try:
        yield
    finally:
        event_loop.removeFilter(_not_a_broken_pipe)
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
