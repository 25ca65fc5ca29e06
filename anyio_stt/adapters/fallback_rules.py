"""
Which member of a fallback is asked next, as a table: where each stands, and what moves it.

A stream asks one member at a time, or two that race. It fails only when every member that could
be asked was asked and failed since the stream last got further, and it always ends, since
between two steps forward a member fails twice at most: a second time only if probes found that
it had recovered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Generic, TypeVar

__all__ = ("MOVES", "FallbackRules", "Happened", "Standing", "Verdict")

T = TypeVar("T")


class Standing(str, Enum):
    """What a stream knows of one member, since it last got further."""

    UNTRIED = "untried"
    RACING = "racing"  # it is being asked, alone or against another one
    SLOW = "slow"  # another one answered first: it has not failed
    FAILED = "failed"
    RECOVERING = "recovering"  # it failed, but its probes have succeeded since
    RACING_AGAIN = "racing again"
    SPENT = "spent"  # it failed, recovered, and failed
    REFUSED = "refused"  # it hears well, but not this utterance


class Happened(str, Enum):
    """What can happen to a member."""

    ASKED = "asked"
    FAILED = "failed"
    OVERTAKEN = "overtaken"  # another one answered first
    LEFT = "left"  # a preferred one is up again
    REFUSED = "refused"  # it gives up an utterance for good
    RECOVERED = "recovered"  # its probes succeed
    FURTHER = "further"  # the stream got further, whoever it was that took it there


_S, _H = Standing, Happened

MOVES: dict[Standing, dict[Happened, Standing]] = {
    _S.UNTRIED: {_H.ASKED: _S.RACING},
    _S.RACING: {
        _H.FAILED: _S.FAILED,
        _H.OVERTAKEN: _S.SLOW,
        _H.LEFT: _S.UNTRIED,
        _H.REFUSED: _S.REFUSED,
    },
    _S.SLOW: {_H.ASKED: _S.RACING, _H.FURTHER: _S.UNTRIED},
    _S.FAILED: {_H.RECOVERED: _S.RECOVERING, _H.FURTHER: _S.UNTRIED},
    _S.RECOVERING: {_H.ASKED: _S.RACING_AGAIN, _H.FURTHER: _S.UNTRIED},
    _S.RACING_AGAIN: {
        _H.FAILED: _S.SPENT,
        _H.OVERTAKEN: _S.RECOVERING,
        _H.LEFT: _S.UNTRIED,
        _H.REFUSED: _S.REFUSED,
        _H.FURTHER: _S.RACING,
    },
    _S.SPENT: {_H.FURTHER: _S.UNTRIED},
    _S.REFUSED: {_H.ASKED: _S.RACING, _H.FURTHER: _S.UNTRIED},
}
"""Where each thing leads; what has no row changes nothing."""

_ASKABLE = (_S.UNTRIED, _S.RECOVERING, _S.SLOW)  # the likeliest to answer first


class Verdict(str, Enum):
    """What follows when somebody has failed or refused."""

    ASK = "ask"  # somebody else
    GIVE_UP_UTTERANCE = "give up the utterance"  # who hears well refuses it
    FAIL = "fail"


class FallbackRules(Generic[T]):
    """
    Follows the members of one stream.

    Args:
        members: who can be asked, the preferred one first.
        is_up: whether a member is relied on.
    """

    def __init__(self, members: Sequence[T], is_up: Callable[[T], bool]) -> None:
        self._is_up = is_up
        self._standing: dict[T, Standing] = dict.fromkeys(members, Standing.UNTRIED)

    def standing(self, member: T) -> Standing:
        """Return where *member* stands."""
        return self._standing[member]

    def tell(self, member: T, happened: Happened) -> None:
        """Note what happened to *member*."""
        here = self._standing[member]
        self._standing[member] = MOVES[here].get(happened, here)

    def further(self) -> None:
        """Note that the stream got further: audio was recognised, was silent, or was given up."""
        for member in self._standing:
            self.tell(member, Happened.FURTHER)

    def choose(self) -> T | None:
        """Return whom to ask next; those that are down only if nobody refused what is next."""
        askable = sorted(
            (member for member, standing in self._standing.items() if standing in _ASKABLE),
            key=lambda member: (not self._is_up(member), _ASKABLE.index(self._standing[member])),
        )
        if askable and (self._is_up(askable[0]) or not self._refused):
            return askable[0]
        return None

    def once_more(self) -> T | None:
        """
        Return who refused what is next, when all others have failed since.

        It is asked again, and gives up what it refuses again: it hears well, so the stream goes on.
        """
        refused = [each for each, standing in self._standing.items() if standing is _S.REFUSED]
        return min(refused, key=lambda member: not self._is_up(member), default=None)

    def verdict(self) -> Verdict:
        """Return what follows when nobody is being asked any more."""
        if self.choose() is not None:
            return Verdict.ASK
        return Verdict.GIVE_UP_UTTERANCE if self._refused else Verdict.FAIL

    @property
    def _refused(self) -> bool:
        return Standing.REFUSED in self._standing.values()
