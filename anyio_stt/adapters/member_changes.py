"""Changes of options on their way to the streams of an adapter's members."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from ..stream import RecognizeStream

__all__ = ("MemberChanges",)

_ROUNDING = 1e-6


class MemberChanges:
    """
    What was changed of one stream of an adapter, and which of its members' streams know.

    A member hears later what was pushed, perhaps more than once: each of its streams is told
    when it was given what lies before the change, no sooner.
    """

    def __init__(self) -> None:
        self._changes: list[tuple[int, float, dict[str, Any]]] = []
        self._told: WeakKeyDictionary[RecognizeStream, int] = WeakKeyDictionary()
        self._count = 0

    @property
    def streams(self) -> list[RecognizeStream]:
        """Whose streams are told."""
        return list(self._told)

    def add(self, options: dict[str, Any], at: float, settled: float) -> None:
        """
        Let *options* hold for what lies behind *at*, in seconds of the stream.

        Args:
            options: what changes.
            at: all that was pushed so far.
            settled: up to where nothing is heard again: changes before it become one.
        """
        old = [each for each in self._changes if each[1] <= settled]
        if old:
            merged = {name: value for each in old for name, value in each[2].items()}
            self._changes[: len(old)] = [(old[-1][0], old[0][1], merged)]
        self._count += 1
        self._changes.append((self._count, at, options))

    def watch(self, stream: RecognizeStream) -> None:
        """Tell *stream*, too."""
        self._told[stream] = 0

    def news(self, stream: RecognizeStream, given: float) -> Iterator[dict[str, Any]]:
        """Yield, once, what *stream* has to know that was given what lies before *given*."""
        known = self._told.get(stream, self._count)
        for number, at, options in self._changes:
            if number > known and at <= given + _ROUNDING:
                self._told[stream] = number
                yield options

    def told(self, name: str, otherwise: Any, time: float) -> Any:
        """Return what the option *name* is for speech that begins at *time*, or *otherwise*."""
        for _, at, options in self._changes:
            if at <= time + _ROUNDING:
                otherwise = options.get(name, otherwise)
        return otherwise

    def wait_for(self, stream: RecognizeStream) -> bool:
        """Whether there is something that *stream* has not been told."""
        return self._told.get(stream, self._count) < self._count
