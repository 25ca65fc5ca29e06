"""Logging what a task failed with."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar

__all__ = ("log_exceptions",)

T = TypeVar("T")
Function = Callable[..., Awaitable[T]]


def log_exceptions(
    msg: str = "", logger: logging.Logger | None = None
) -> Callable[[Function[T]], Function[T]]:
    """
    Decorate a coroutine function: what it raises is logged at DEBUG, and raised.

    LiveKit logs it as an error; here whoever retries says so once.
    """
    log = logger or logging.getLogger("anyio_stt")

    def decorate(function: Function[T]) -> Function[T]:
        @wraps(function)
        async def logged(*args: Any, **kwargs: Any) -> T:
            try:
                return await function(*args, **kwargs)
            except Exception:
                name = getattr(function, "__name__", "a task")
                log.debug("Error in %s%s", name, f": {msg}" if msg else "", exc_info=True)
                raise

        return logged

    return decorate
