"""Bodies of HTTP answers, as they come in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

import anyio

__all__ = ("abandon",)


async def abandon(body: AsyncIterator[bytes]) -> None:
    """
    Let go of a body that may not have been read to its end.

    Closing a generator does not close those it reads from, and trio complains of each that is
    left. A read that is cancelled ends them all, and what is in memory already is soon read.
    """
    with anyio.CancelScope() as scope, suppress(Exception):
        scope.cancel()
        async for _ in body:
            pass
