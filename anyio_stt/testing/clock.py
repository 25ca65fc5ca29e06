"""
Virtual time: a test that waits for an hour takes no time, on every event loop.

When every task waits, the clock jumps to the next deadline. Worker threads, processes and
sockets do not wait on this clock: a test that uses them runs on the real one.
"""

from __future__ import annotations

import asyncio
import math
import selectors
import sys
from typing import Any

__all__ = ("AutojumpLoop", "EagerAutojumpLoop", "autojump_backends")


_A_DAY = 24 * 3600.0  # asyncio never waits for longer at once


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits for time: it adds what it should have waited to the loop's clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:  # nothing is scheduled: only a thread or a signal can wake the loop
            return super().select(None)
        # With nothing due for a day, a thread is the likelier cause to wake: let it work.
        ready = super().select(0.005 if timeout >= _A_DAY else 0)
        if not ready and timeout > 0:
            self.now += timeout
        return ready


class AutojumpLoop(asyncio.SelectorEventLoop):
    """An asyncio event loop on virtual time."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        now = self._jumping.now
        # asyncio runs what is due before now plus this; after days, 1 ns is lost to rounding.
        self._clock_resolution = max(1e-9, 2 * math.ulp(now))
        return now


class EagerAutojumpLoop(AutojumpLoop):
    """The same, starting tasks eagerly (Python 3.12 and later)."""

    def __init__(self) -> None:
        super().__init__()
        self.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]


def autojump_backends() -> dict[str, tuple[str, dict[str, Any]]]:
    """
    Return the backends with virtual time, by name, as the `anyio_backend` fixture takes them.

        @pytest.fixture(params=autojump_backends().values(), ids=autojump_backends())
        def anyio_backend(request):
            return request.param

    "asyncio" is always there, "asyncio-eager" on Python 3.12 and later, "trio" where trio is
    installed.
    """
    backends: dict[str, tuple[str, dict[str, Any]]] = {
        "asyncio": ("asyncio", {"loop_factory": AutojumpLoop})
    }
    if sys.version_info >= (3, 12):
        backends["asyncio-eager"] = ("asyncio", {"loop_factory": EagerAutojumpLoop})
    try:
        from trio.testing import MockClock
    except ImportError:
        return backends
    backends["trio"] = ("trio", {"clock": MockClock(autojump_threshold=0)})
    return backends
