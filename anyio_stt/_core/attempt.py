"""One attempt of an engine: what it reads, what it says, and the time it has."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from ..events import SpeechEvent
from ..exceptions import StreamClosedError
from ..options import APIConnectOptions
from .deadlines import AttemptDeadlines
from .journal import InputJournal
from .reader import InputReader
from .speech import SpeechOutput

__all__ = ("Attempt", "EventSink")


class EventSink:
    """What an engine sends its events to, as long as its attempt lasts."""

    __slots__ = ("_send",)

    def __init__(self, send: Callable[[SpeechEvent], None]) -> None:
        self._send = send

    def send_nowait(self, event: SpeechEvent) -> None:
        """
        Say *event*; never blocks.

        Raises:
            StreamClosedError: when the attempt is over.
            TypeError: for anything but a `SpeechEvent`.
        """
        self._send(event)


class Attempt:
    """
    Ties a reader, the output and the deadlines together for one run of an engine.

    Args:
        scope: what the engine runs in.
        journal: the stream's input.
        output: the stream's output.
        options: the deadlines.
        label: the engine's name.
        origin: the position of the first sample it reads.
        sentinel: what the engine is given for a marker.
        watch: called when somebody must see to it that a deadline is kept.
    """

    __slots__ = (
        "_journal",
        "_origin_seconds",
        "_output",
        "_timeout",
        "deadlines",
        "reader",
        "sink",
        "watcher",
    )

    def __init__(
        self,
        scope: anyio.CancelScope,
        journal: InputJournal,
        output: SpeechOutput,
        options: APIConnectOptions,
        label: str,
        origin: int,
        sentinel: object,
        watch: Callable[[Attempt], None],
    ) -> None:
        self._journal = journal
        self._output = output
        self.reader = InputReader(journal, sentinel, self)
        self.sink = EventSink(self.send)
        self.deadlines = AttemptDeadlines(scope, options, label, lambda: watch(self))
        self._origin_seconds = journal.seconds(origin)
        self._timeout = options.timeout
        self.watcher: anyio.CancelScope | None = None
        journal.on_idle = self.deadlines.idle

    @property
    def closed(self) -> bool:
        """Whether the attempt is over."""
        return self.reader.closed

    def arm(self) -> None:
        """Count `timeout` from now, unless the engine has asked for audio or spoken already."""
        if not self.closed:
            self.deadlines.arm()

    def send(self, event: SpeechEvent) -> None:
        """Take what the engine says."""
        if self.closed:
            raise StreamClosedError("this attempt is over: its engine may say nothing more")
        self.deadlines.connected()
        self.sign_of_life()
        self._output.send(event, self._origin_seconds)

    def silence(self, until: float, channel: int | None) -> None:
        """Take it that nothing was said before *until* that no final covers."""
        if not self.reader.closed:
            self._output.silence(self._origin_seconds + until, channel)

    def sign_of_life(self) -> None:
        """Restart the idle deadline."""
        self.deadlines.heard()
        self._journal.expect_word(self._journal.log.position)

    def close(self) -> None:
        """End reading and saying; what an engine leaves running finds closed doors."""
        self.reader.close()
        self._journal.expect_word(None)
        if self.watcher is not None:
            self.watcher.cancel()

    def was_healthy(self) -> bool:
        """Whether it worked for longer than `timeout` and missed no deadline."""
        connected = self.deadlines.connected_at
        if connected is None or self.deadlines.missed:
            return False
        return anyio.current_time() - connected > self._timeout

    # ---- the reader's listener

    def on_asked(self) -> None:
        self._connected()

    def on_marker(self) -> None:
        self._output.on_marker()

    def on_audio_after_marker(self) -> None:
        self._output.on_audio_after_marker()

    def on_input_ended(self) -> None:
        self.deadlines.draining()

    def _connected(self) -> None:
        self.deadlines.connected()
        self._journal.expect_word(self._journal.log.position)
