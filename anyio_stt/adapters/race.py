"""Two engines that hear the same audio until one of them answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio

from ..audio.frame import AudioFrame
from .fallback_members import Member

__all__ = ("Lane", "Race")


class Race:
    """
    Lets members contend for one attempt of a stream; the first to answer wins it.

    Each hears everything, at its own pace: whoever is ahead reads the input, and what was read
    is kept for the others. When `limit` seconds are kept, whoever is ahead has won, since no
    more can be kept for those behind.

    Args:
        items: the attempt's input.
        limit: seconds of audio to keep.
        keep: called with each frame that is read.
        on_overtaken: called with each member that is in it no more, as another one answered.
    """

    def __init__(
        self,
        items: AsyncIterator[Any],
        limit: float,
        keep: Callable[[AudioFrame], None],
        on_overtaken: Callable[[Member], None],
    ) -> None:
        self.winner: Member | None = None
        self._on_overtaken = on_overtaken
        self.contested: bool = False
        """Whether more than one was ever in it."""
        self.items: AsyncIterator[Any] = items
        self.turn: anyio.Lock = anyio.Lock()
        self.log: list[Any] = []
        self._limit = limit
        self.keep: Callable[[AudioFrame], None] = keep
        self._seconds = 0.0
        self._begun = anyio.Event()
        self._settled = anyio.Event()
        self._running: dict[Member, anyio.CancelScope] = {}
        self._outcome: Exception | None = None

    @property
    def running(self) -> bool:
        """Whether a member is still at it."""
        return bool(self._running)

    def is_alone(self, member: Member) -> bool:
        """Whether nobody but *member* is at it."""
        return not any(each is not member for each in self._running)

    async def run(
        self, member: Member, listen: Callable[[Member], Awaitable[Exception | None]]
    ) -> Exception | None:
        """Return what *member* failed with; one that lost is cancelled, and has not failed."""
        if self.winner not in (None, member):  # decided before this one could start
            self._on_overtaken(member)
            return None
        self.contested = self.contested or bool(self._running)
        with anyio.CancelScope() as self._running[member]:
            failure = await listen(member)
        if self._running.pop(member).cancel_called:
            self._on_overtaken(member)
            return None
        if failure is None:
            self.answer(member)
        if self.winner in (None, member):
            self._outcome = failure
        if not self._running:
            self._settle()
        return failure

    def answer(self, member: Member) -> bool:
        """Note that *member* has something to say, and return whether it may."""
        if self.winner is None:
            self.winner = member
            self._settle()
            for other, scope in self._running.items():
                if other is not member:
                    scope.cancel()
        return self.winner is member

    async def settled_within(self, seconds: float) -> bool:
        """Return whether one had answered, or all had ended, so long after the first audio."""
        await self._begun.wait()
        with anyio.move_on_after(seconds):
            await self._settled.wait()
        return self._settled.is_set()

    def outcome(self) -> Exception | None:
        """Return what who went on to the end failed with."""
        return self._outcome

    def note(self, item: Any, member: Member) -> None:
        """Take what *member*, who is ahead, has read."""
        self.log.append(item)
        if isinstance(item, AudioFrame):
            self.keep(item)
            self._begun.set()
            self._seconds += item.duration
            if self._seconds > self._limit:
                self.answer(member)

    def _settle(self) -> None:
        self._begun.set()
        self._settled.set()


class Lane(AsyncIterator[Any]):
    """The input as one contender hears it."""

    def __init__(self, race: Race, member: Member) -> None:
        self._race = race
        self._member = member
        self._at = 0

    async def __anext__(self) -> Any:
        """Return the next item; cancellation loses none."""
        race = self._race
        if self._at == len(race.log):
            async with race.turn:
                await self._go_on_unless_lost()
                if self._at == len(race.log):
                    if race.winner is not None:  # nobody else has to hear it
                        race.log.clear()
                        self._at = 0
                    race.note(await race.items.__anext__(), self._member)
        await self._go_on_unless_lost()
        self._at += 1
        return race.log[self._at - 1]

    async def _go_on_unless_lost(self) -> None:
        if self._race.winner not in (None, self._member):
            await anyio.sleep_forever()  # its scope is cancelled already
