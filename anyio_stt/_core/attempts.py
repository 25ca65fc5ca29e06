"""The attempt loop: the only retry in the library."""

from __future__ import annotations

import math
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from .._rules.backoff import GiveUp, RetryBudget
from ..exceptions import APIConnectionError
from ..options import APIConnectOptions
from .failures import sole_error

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
        own_task: whether it runs in a task that only our cancel scopes cancel. There, any other
            cancellation is an attempt that cancelled itself; in a caller's task it may be the
            caller's, such as `asyncio.wait_for`, and is none of our business.
    """

    __slots__ = ("_own_task", "_report", "budget", "last_error", "number")

    def __init__(
        self,
        options: APIConnectOptions,
        report: Callable[[Exception, bool, float], None],
        rng: random.Random,
        *,
        own_task: bool,
    ) -> None:
        self.budget = RetryBudget(options.max_retry, options.retry_interval, rng)
        self.number = 0
        self.last_error: Exception | None = None
        self._report = report
        self._own_task = own_task

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
            except anyio.get_cancelled_exc_class() as exc:
                if not self._own_task or anyio.current_effective_deadline() == -math.inf:
                    raise
                error: Exception = _cancelled_inside(exc)
            except Exception as exc:  # noqa: BLE001 - decided upon below, and reported
                error = sole_error(exc)
            await self._after(error)

    async def _after(self, error: Exception) -> None:
        self.last_error = error
        decision = self.budget.failed(error)
        if isinstance(decision, GiveUp):
            self._report(error, False, 0.0)
            raise decision.error
        self._report(error, True, decision.seconds)
        await anyio.sleep(decision.seconds)


def _cancelled_inside(cause: BaseException) -> APIConnectionError:
    """An engine that cancels itself has not finished: that is a failure, not a clean end."""
    error = APIConnectionError("the engine was cancelled from inside: something it awaited was")
    error.__cause__ = cause
    return error
