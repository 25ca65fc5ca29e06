"""Turns of a conversation, with every engine: when somebody begins, and when they are done."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio

from ._rules.turns import TurnBuilder, TurnLimits
from .events import SpeechEvent
from .following import EventFollower
from .moments import TurnMoment

if TYPE_CHECKING:
    from .stream import RecognizeStream

__all__ = ("Turns",)

_LOOK = 0.05  # seconds between looks at how far the audio is, while a turn is open


class Turns(EventFollower[TurnMoment]):
    """
    The moments of a stream's turns; made by `RecognizeStream.turns()`.

    Each turn is `StartOfTurn (EagerEndOfTurn TurnResumed)* EagerEndOfTurn? EndOfTurn`, on each
    channel by itself, and each final's text is in one turn. Iterating raises what the stream
    raises, after the turn that was open has ended. Cancelled, it loses nothing. Speech of which
    no words come is no turn. Silence is the audio's: only where none comes any more for
    `max_gap` seconds while the input is open, time itself counts.

    An engine whose capabilities say `turns` decides by itself: its END is the end. A preflight
    is an `EagerEndOfTurn`, whichever engine sends it.

    Args:
        stream: whose turns.
        min_silence: seconds without speech after which a turn may be over.
        max_silence: seconds without speech after which it is.

    Raises:
        ValueError: where they are not above 0, or `max_silence` is the shorter.
    """

    def __init__(
        self, stream: RecognizeStream, min_silence: float = 0.2, max_silence: float = 2.0
    ) -> None:
        super().__init__(stream)
        self._limits = TurnLimits(min_silence, max_silence)
        self._told = stream._core_stt.capabilities.turns  # noqa: SLF001 - one base
        self._builders: dict[int | None, TurnBuilder] = {}
        self._moments: deque[TurnMoment] = deque()
        self._pushed, self._pushed_at = -1.0, 0.0

    def update_options(
        self,
        *,
        min_silence: float | None = None,
        max_silence: float | None = None,
        min_words: int | None = None,
        max_gap: float | None = None,
    ) -> None:
        """
        Change what is given, from now on, also for a turn that is open; `None` leaves as it is.

        Args:
            min_silence: seconds without speech after which a turn may be over; 0.2 at first.
            max_silence: seconds without speech after which it is; 2 at first.
            min_words: how many guessed words begin a turn; 1 at first. A final always does.
            max_gap: seconds after which audio that stopped to come is silence; 1 at first.

        Raises:
            ValueError: for values that cannot hold together; nothing is changed then.
        """
        given: dict[str, Any] = {
            "min_silence": min_silence,
            "max_silence": max_silence,
            "min_words": min_words,
            "max_gap": max_gap,
        }
        changed = {name: value for name, value in given.items() if value is not None}
        self._limits = replace(self._limits, **changed)
        for builder in self._builders.values():
            builder.limits = self._limits

    def _take(self) -> TurnMoment | None:
        return self._moments.popleft() if self._moments else None

    async def _more(self) -> None:
        if not any(each.waiting for each in self._builders.values()):
            self._pushed = -1.0
            await self._take_event()
            return
        with anyio.move_on_after(_LOOK):
            await self._take_event()
        self._look()

    def _add(self, event: SpeechEvent) -> None:
        builder = self._builders.get(event.channel)
        if builder is None:
            builder = TurnBuilder(self._limits, event.channel, told=self._told)
            self._builders[event.channel] = builder
        heard = self._stream.statistics().delivered
        self._moments += builder.add(event, heard, self._covered())

    def _finish(self) -> None:
        for builder in self._builders.values():
            self._moments += builder.finish()

    def _look(self) -> None:
        """See how far the audio has come; where none comes any more, that is silence too."""
        if self._behind:  # somebody may have spoken on
            return
        seen, now = self._stream.statistics(), anyio.current_time()
        if seen.pushed != self._pushed:
            self._pushed, self._pushed_at = seen.pushed, now
        gap = now - self._pushed_at
        stopped = seen.state == "open" and not seen.pending and gap >= self._limits.max_gap
        covered = self._covered()
        for builder in self._builders.values():
            if stopped:
                builder.cut(seen.delivered)
            until = seen.delivered + (gap if stopped else 0.0)
            self._moments += builder.hear(until, covered)
