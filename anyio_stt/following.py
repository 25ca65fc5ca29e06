"""What is made of a stream's events, as they come."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from typing_extensions import Self

    from .events import SpeechEvent
    from .stream import RecognizeStream

__all__ = ("EventFollower",)

T = TypeVar("T")


class EventFollower(AsyncIterator[T]):
    """
    Reads a stream's events and gives what comes of them.

    Iterating raises what the stream raises, once, after all that was made before. Cancelled, it
    loses nothing.

    Args:
        stream: whose events.
        events: what gives them, if it is not the stream itself.
    """

    def __init__(
        self, stream: RecognizeStream, events: AsyncIterator[SpeechEvent] | None = None
    ) -> None:
        self._stream = stream
        self._events = stream if events is None else events
        self._ended: Exception | None = None
        self._answered = 0.0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        """
        Return what comes next.

        Raises:
            Exception: what the stream failed with, once.
        """
        while (made := self._take()) is None:
            if self._ended is not None:
                ended, self._ended = self._ended, StopAsyncIteration()
                raise ended
            await self._more()
        return made

    async def _take_event(self) -> None:
        """Take the next event, or what ends the stream; kept here, so cancelling loses neither."""
        try:
            event = await self._events.__anext__()
        except Exception as exc:  # noqa: BLE001 - raised after what was made before
            self._finish()
            self._ended = exc
        else:
            self._add(event)

    @property
    def _behind(self) -> bool:
        """Whether events wait to be taken: what they say is not known yet."""
        return self._stream._core_delivery.unread > 0  # noqa: SLF001 - one base

    def _covered(self) -> float:
        """Return up to where the audio is answered by what was taken, in seconds."""
        if not self._behind:
            self._answered = self._stream._core_covered()  # noqa: SLF001 - likewise
        return self._answered

    @abstractmethod
    def _take(self) -> T | None:
        """Return what is ready, or `None`."""

    @abstractmethod
    async def _more(self) -> None:
        """Wait for an event, or for whatever else may make something ready."""

    @abstractmethod
    def _add(self, event: SpeechEvent) -> None:
        """Take one event."""

    @abstractmethod
    def _finish(self) -> None:
        """Take it that no more come."""
