"""Which of several exceptions is the one to show."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from ..exceptions import APIConnectionError, APIError

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup

__all__ = ("cancelled_inside", "not_an_end", "sole_error")


def sole_error(error: BaseException) -> BaseException:
    """
    Reduce an exception group to the error that matters; anything else comes back as it is.

    What ends programs matters most; then a bug more than a refusal, and a refusal more than a
    failure that may pass: retrying helps against the last only.
    """
    if not isinstance(error, BaseExceptionGroup):
        return error
    return min(_leaves(error), key=_rank, default=error)


def cancelled_inside(cause: BaseException) -> APIConnectionError:
    """Return the failure of an engine that cancelled itself: that is no clean end."""
    error = APIConnectionError("the engine was cancelled from inside: something it awaited was")
    error.__cause__ = cause
    return error


def not_an_end(error: BaseException) -> BaseException:
    """Return *error*, unless it would end an iteration as if all were well."""
    if not isinstance(error, StopAsyncIteration):
        return error
    bug = RuntimeError(
        "the engine raised StopAsyncIteration: it read on after the end of its input; write "
        "`async for item in self._input_ch`"
    )
    bug.__cause__ = error
    return bug


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _rank(error: BaseException) -> int:
    if isinstance(error, (KeyboardInterrupt, SystemExit)):
        return 0
    if isinstance(error, APIError):
        return 4 if error.retryable else 3
    if isinstance(error, Exception):
        return 2
    return 1 if isinstance(error, GeneratorExit) else 5  # the others say that a task is cancelled
