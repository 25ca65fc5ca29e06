"""A call that is computed beside the event loop and may never come back."""

from __future__ import annotations

import math
from collections.abc import Callable
from threading import Thread

import anyio

from ..audio.bell import soon_here

__all__ = ("OffLoopCall",)


class OffLoopCall:
    """
    Has something computed in a thread of its own, one call at a time.

    A worker thread of anyio's is waited for, by whoever cancels and when the program ends. This
    one is not: what hangs in it holds up nobody.

    Args:
        tell: called on the event loop when a call has ended.
    """

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._ended = anyio.Event()
        self.busy = False
        """Whether a call has not ended, however late it is."""
        self.deadline = -math.inf
        """Until when it is waited for."""
        self.outcome: float | BaseException | None = None
        """What the call returned or raised, until somebody takes it."""

    @property
    def awaited(self) -> bool:
        """Whether a call is under way, and in time."""
        return self.busy and anyio.current_time() < self.deadline

    def start(self, compute: Callable[[], float], deadline: float) -> None:
        """Begin to *compute*."""
        self.busy, self.deadline, self.outcome = True, deadline, None
        self._ended = anyio.Event()
        soon = soon_here()

        def run() -> None:
            try:
                outcome: float | BaseException = compute()
            except BaseException as exc:  # noqa: BLE001 - for whoever takes it
                outcome = exc
            soon(self._end, outcome)

        try:
            Thread(target=run, name="anyio_stt turn detector", daemon=True).start()
        except RuntimeError as exc:  # there are too many
            soon(self._end, exc)

    def take(self) -> float | BaseException | None:
        """Return what the call came to, once; `None` while it is under way."""
        outcome, self.outcome = self.outcome, None
        return outcome

    async def aclose(self) -> None:
        """Wait for a call that is in time, so that its thread does not outlive the stream."""
        if self.awaited:
            with anyio.move_on_after(self.deadline - anyio.current_time()):
                await self._ended.wait()

    def _end(self, outcome: float | BaseException) -> None:
        self.busy, self.outcome = False, outcome
        self._ended.set()
        self._tell()
