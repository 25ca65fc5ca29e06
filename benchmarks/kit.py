"""What a workload asks of a contestant."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

__all__ = ("RATE", "Group", "Kit", "NotMeasured", "Resampling", "Stream")

T = TypeVar("T")
RATE = 16000


class NotMeasured(Exception):
    """The contestant cannot do the row; the message says why and goes into the report."""


class Stream(Protocol):
    """What the streams of all contestants have in common."""

    _input_ch: AsyncIterator[Any]
    _event_ch: Any

    def push_frame(self, frame: Any) -> None: ...
    def end_input(self) -> None: ...
    def __aiter__(self) -> AsyncIterator[Any]: ...
    async def __anext__(self) -> Any: ...


class Group(Protocol):
    """Tasks that are cancelled when their block is left."""

    def start_soon(self, function: Callable[..., Awaitable[Any]], *args: Any) -> None: ...


class Resampling(Protocol):
    """A resampler of one stream of 16-bit mono audio."""

    def push(self, frame: Any) -> bytes: ...
    def flush(self) -> bytes: ...


Body = Callable[[Any], Awaitable[None]]
"""An engine: what `_run` does, given its stream."""


class Kit(ABC):
    """
    A contestant. What it cannot do it leaves as it is here, and the report says so.

    `packages` are those whose versions are reported, `import_line` is what row 10 times.
    """

    packages: tuple[str, ...] = ()
    import_line = ""

    # ---- the event loop

    @abstractmethod
    def run(self, main: Callable[[], Awaitable[T]]) -> T: ...

    @abstractmethod
    async def pause(self) -> None:
        """Let every task that can run do so once."""

    @abstractmethod
    async def sleep(self, seconds: float) -> None: ...

    @abstractmethod
    def group(self) -> AbstractAsyncContextManager[Group]: ...

    # ---- audio in

    def frame(self, samples: int, rate: int = RATE, data: bytes | None = None) -> Any:
        raise NotMeasured("has no audio frames")

    def open(self, body: Body) -> AbstractAsyncContextManager[Stream]:
        """Open one stream, in the way its documentation shows for one."""
        raise NotMeasured("has no streams")

    def streams(
        self,
        count: int,
        body: Body,
        *,
        chunk: float | None = None,
        on_metrics: Callable[[Any], None] | None = None,
    ) -> AbstractAsyncContextManager[list[Stream]]:
        """
        Open many streams of one engine, as a server does.

        `chunk`: the engine is `answer_chunks` and wants frames of so many seconds.
        """
        raise NotMeasured("has no streams")

    async def answer_chunks(self, stream: Any, samples: int) -> None:
        """Be an engine that says START, wants frames of `samples`, answers each with an interim."""
        raise NotMeasured("has no engines")

    def deepgram(
        self, url: str, count: int, chunk: float | None
    ) -> AbstractAsyncContextManager[list[Stream]]:
        """
        Open many streams of the engine for Deepgram, to the server at `url`.

        `chunk`: seconds of audio in a message; what it does by itself if there is none.
        """
        raise NotMeasured("has no engine for Deepgram's protocol")

    # ---- events out

    def interim(self) -> Any:
        raise NotMeasured("has no events")

    def utterance(self) -> tuple[Any, ...]:
        """START, FINAL, END and the usage report of one utterance."""
        raise NotMeasured("has no events")

    def start(self) -> Any:
        return self.utterance()[0]

    def final(self) -> Any:
        return self.utterance()[1]

    # ---- the rest

    def resampler(self, in_rate: int, out_rate: int) -> Resampling:
        raise NotMeasured("has no resampler")

    def embedded(
        self, *, interims: bool
    ) -> AbstractAsyncContextManager[Callable[[bytes], Awaitable[str]]]:
        """Give a function that recognises 16 kHz audio with pocketsphinx, 100 ms at a time."""
        raise NotMeasured("has no engine that runs on this machine")

    def local(
        self, engine: str, *, interims: bool
    ) -> AbstractAsyncContextManager[Callable[[bytes], Awaitable[str]]]:
        """Give a function that recognises 16 kHz audio with sherpa or whisper, 100 ms at a time."""
        raise NotMeasured("has no engine that runs on this machine")
