"""The attempt loop: the only retry in the library."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

import anyio

from .._rules.backoff import RetryBudget
from .._util.emitter import logger
from .._util.failures import sole_error
from ..options import APIConnectOptions

__all__ = ("AttemptLoop",)

T = TypeVar("T")


class AttemptLoop:
    """
    Makes attempts until one succeeds or the budget is spent.

    Args:
        options: how often, and how long to wait in between.
        report: told of each failure, before the wait: the error, whether another attempt
            follows, and after how many seconds.
        rng: where the jitter comes from.
    """

    __slots__ = ("_report", "budget", "last_error", "number")

    def __init__(
        self,
        options: APIConnectOptions,
        report: Callable[[Exception, bool, float], None],
        rng: random.Random,
    ) -> None:
        self.budget = RetryBudget(
            options.max_retry, options.retry_interval, rng, options.max_retry_after
        )
        self.number = 0
        self.last_error: Exception | None = None
        self._report = report

    async def run(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """
        Return what *attempt* returns once it succeeds.

        Raises:
            Exception: what the last attempt raised, unwrapped from groups, or the
                `APIConnectionError` that says how many attempts there were.
        """
        while True:
            self.number += 1
            try:
                return await attempt()
            except BaseException as exc:
                error = sole_error(exc)
                if not isinstance(error, Exception):
                    if error is exc or isinstance(error, anyio.get_cancelled_exc_class()):
                        raise
                    raise error from None
            await anyio.sleep(self.failed(error))

    def failed(self, error: Exception) -> float:
        """
        Report a failed attempt, and return after how many seconds to make another one.

        Raises:
            Exception: what `run` raises, when there is to be no other one.
        """
        self.last_error = error
        decision = self.budget.failed(error)
        if isinstance(decision, Exception):
            self._report(error, False, 0.0)
            raise decision
        self._report(error, True, decision)
        return decision

    def failed_for_good(self, error: Exception) -> NoReturn:
        """Report *error* as the last, and raise it."""
        self._report(error, False, 0.0)
        raise error

    def log_retry(self, label: str, error: Exception, delay: float) -> None:
        """Log in one line that another attempt follows; the traceback is for debugging."""
        logger.warning(
            "%s failed to recognize speech in attempt %d, retrying in %.1f s: %s: %s",
            label,
            self.number,
            delay,
            type(error).__name__,
            error,
        )
        logger.debug("attempt %d of %s failed so:", self.number, label, exc_info=error)
