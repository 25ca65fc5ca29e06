"""Which of several exceptions is the one to show."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from ..exceptions import APIConnectionError, APIError

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup

__all__ = ("cancelled_inside", "sole_error")


def sole_error(error: Exception) -> Exception:
    """
    Reduce an exception group to the error that matters; anything else comes back as it is.

    A bug matters more than a refusal, a refusal more than a failure that may pass: retrying
    helps against the last only.
    """
    if not isinstance(error, BaseExceptionGroup):
        return error
    leaves = [leaf for leaf in _leaves(error) if isinstance(leaf, Exception)]
    return min(leaves, key=_rank) if leaves else error


def cancelled_inside(cause: BaseException) -> APIConnectionError:
    """Return the failure of an engine that cancelled itself: that is no clean end."""
    error = APIConnectionError("the engine was cancelled from inside: something it awaited was")
    error.__cause__ = cause
    return error


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _rank(error: Exception) -> int:
    if not isinstance(error, APIError):
        return 0
    return 2 if error.retryable else 1
