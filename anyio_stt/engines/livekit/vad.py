"""A LiveKit detector of speech as one here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import anyio

from ...vad import VAD, VADStream
from ...voice import VADCapabilities, VADEvent
from ...workers.homes import Home, home_for
from .attempt import play
from .translation import our_vad_event

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ("LiveKitVAD", "LiveKitVADStream")


class LiveKitVAD(VAD):
    """
    A detector of LiveKit's, such as `livekit-plugins-silero`, for our streams and adapters.

    It runs where `LiveKitSTT` would run it. Close it with `aclose()` or its block.

    Args:
        plugin: a `livekit.agents.vad.VAD`.
        thread: give it a thread of its own on asyncio, too.
        close_timeout: seconds that it may take to close a stream.
    """

    def __init__(self, plugin: Any, *, thread: bool = False, close_timeout: float = 5.0) -> None:
        interval = plugin.capabilities.update_interval
        super().__init__(capabilities=VADCapabilities(update_interval=interval))
        self._label = getattr(plugin, "_label", None) or self._label
        self._plugin = plugin
        self._in_thread = thread
        self._grace = close_timeout
        self._home_made: Home | None = None

    def stream(self) -> LiveKitVADStream:
        """Make a stream; the plugin makes its own when the block is entered."""
        return LiveKitVADStream(self, self._plugin.stream, self._home, self._grace)

    async def aclose(self) -> None:
        """End the detector's thread, if it has one."""
        home, self._home_made = self._home_made, None
        if home is not None:
            with anyio.CancelScope(shield=True):
                await home.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def _home(self) -> Home:
        if self._home_made is None:
            self._home_made = home_for(self._label, thread=self._in_thread, grace=self._grace)
        return self._home_made


class LiveKitVADStream(VADStream):
    """Made by `LiveKitVAD.stream()`."""

    def __init__(
        self,
        vad: LiveKitVAD,
        make_stream: Callable[[], Any],
        home: Callable[[], Home],
        grace: float,
    ) -> None:
        super().__init__(vad)
        self._make_stream = make_stream
        self._home = home
        self._grace = grace

    async def _run(self) -> None:
        await self._home().stream(self._play, self._input_ch, self._event_ch.send_nowait)

    async def _play(self, source: AsyncIterator[Any], send: Callable[[VADEvent], None]) -> None:
        def tell(_: Any, event: Any) -> None:
            send(our_vad_event(event))

        await play(self._make_stream, source, tell, label=self._vad.label, grace=self._grace)
