"""Whether to try again, and when."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from ..exceptions import APIConnectionError, APIError

__all__ = ("RetryBudget", "retry_delay")

_FIRST_DELAY = 0.1
_GROWTH = 4.0


def retry_delay(failures: int, longest: float, jitter: float) -> float:
    """
    Return the seconds to wait after so many failures in a row.

    The first retry comes almost at once, then the wait grows fourfold up to *longest*; jitter
    takes away up to half of it, so that streams which fail together do not return together:

        min(longest, 0.1 * 4 ** (failures - 1)) * (1 - jitter / 2)

    Args:
        failures: failed attempts in a row, 1 or more.
        longest: the most to wait, in seconds.
        jitter: a random number in [0, 1).
    """
    exponent = min(failures - 1, 32)  # far past any *longest*, far below an overflow
    return min(longest, _FIRST_DELAY * _GROWTH**exponent) * (1.0 - jitter / 2.0)


@dataclass(slots=True, eq=False)
class RetryBudget:
    """
    Counts the failures in a row and decides what follows each.

    Args:
        max_retry: attempts after the first.
        retry_interval: the longest wait, in seconds.
        rng: where the jitter comes from.
        max_retry_after: the longest wait that an engine may ask for, in seconds.
    """

    max_retry: int
    retry_interval: float
    rng: random.Random
    max_retry_after: float = math.inf
    failures: int = 0

    def progress(self) -> None:
        """Start the count anew: the engine got somewhere."""
        self.failures = 0

    def failed(self, error: Exception) -> float | Exception:
        """Count one failure; return the seconds to wait for a retry, or what to raise instead."""
        self.failures += 1
        if not isinstance(error, APIError) or not error.retryable or self.max_retry == 0:
            return error
        if error.retry_after is not None and error.retry_after > self.max_retry_after:
            return error
        if self.failures > self.max_retry:
            return _exhausted(error, self.failures)
        delay = retry_delay(self.failures, self.retry_interval, self.rng.random())
        return delay if error.retry_after is None else max(0.0, error.retry_after)


def _exhausted(last: APIError, attempts: int) -> APIConnectionError:
    error = APIConnectionError(
        f"failed to recognize speech after {attempts} attempts", retryable=False
    )
    error.__cause__ = last
    return error
