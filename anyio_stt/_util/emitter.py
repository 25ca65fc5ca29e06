"""Listeners: who wants to hear of what, and calling them so that nobody gets hurt."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, ClassVar, TypeVar, overload

__all__ = ("EventEmitter", "logger")

logger = logging.getLogger("anyio_stt")

_ALIKE = 0.8  # of 1: "eror" and "metrics_colected" are, "custom" is not

_Listener = TypeVar("_Listener", bound=Callable[..., Any])
_Call = Callable[[tuple[Any, ...]], Any]


class EventEmitter:
    """
    Calls listeners by the name of what happened.

    Listeners are plain functions, called in the order they came, with as many of the arguments
    as they take. One that raises is logged and the others are called all the same.
    """

    EVENTS: ClassVar[frozenset[str]] = frozenset()
    """What the base emits; engines may emit events of their own besides."""
    OF_STREAMS: ClassVar[frozenset[str]] = frozenset()
    """What is iterated, so that nobody emits it."""

    def __init__(self) -> None:
        self._listeners: dict[str, dict[Callable[..., Any], _Call]] = {}

    @overload
    def on(self, event: str, callback: _Listener) -> _Listener: ...
    @overload
    def on(self, event: str) -> Callable[[_Listener], _Listener]: ...

    def on(self, event: str, callback: Callable[..., Any] | None = None) -> Any:
        """
        Call *callback* whenever *event* happens; without a callback, a decorator.

        Raises:
            ValueError: for a coroutine function, which nobody would await, for a name that is
                nearly that of an event, and for what a stream is iterated for.
        """
        meant = get_close_matches(event, self.EVENTS, 1, _ALIKE)
        if meant and event not in self.EVENTS:
            raise ValueError(f"{type(self).__name__} has no event {event!r}; is it {meant[0]!r}?")
        if event in self.OF_STREAMS - self.EVENTS:
            raise ValueError(
                f"{type(self).__name__} emits no {event!r}: iterate a stream for it, or listen to "
                f"'speech_event'"
            )
        if callback is None:
            return lambda function: self.on(event, function)
        if inspect.iscoroutinefunction(callback):
            raise ValueError(
                f"listeners are plain functions, but {callback!r} is a coroutine function; "
                f"send to a memory object stream from a plain one and read that in a task"
            )
        self._listeners.setdefault(event, {})[callback] = _trimmed(callback)
        return callback

    def once(self, event: str, callback: Callable[..., Any]) -> Callable[..., Any]:
        """Call *callback* the next time *event* happens, and not again."""

        def call_once(*args: Any) -> None:
            self.off(event, call_once)
            _trimmed(callback)(args)

        return self.on(event, call_once)

    def off(self, event: str, callback: Callable[..., Any]) -> None:
        """Call *callback* no more; one that was never registered is no error."""
        self._listeners.get(event, {}).pop(callback, None)

    def listens(self, event: str) -> bool:
        """Whether anybody listens to *event*."""
        return bool(self._listeners.get(event))

    def emit(self, event: str, *args: Any) -> None:
        """Call the listeners of *event*. Never raises what a listener raises."""
        listeners = self._listeners.get(event)
        if not listeners:
            return
        for callback, call in list(listeners.items()):
            try:
                call(args)
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException:  # whatever it is, it is the listener's, not the engine's
                logger.exception("listener %r of %r raised", callback, event)


def _trimmed(callback: Callable[..., Any]) -> _Call:
    """Wrap *callback* so that it is given no more arguments than it takes."""
    count = _positional_count(callback)
    if count is None:
        return lambda args: callback(*args)
    return lambda args: callback(*args[:count])


def _positional_count(callback: Callable[..., Any]) -> int | None:
    try:
        parameters = inspect.signature(callback).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return None
    return sum(
        each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD) for each in parameters
    )
