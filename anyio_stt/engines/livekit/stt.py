"""A LiveKit plugin as an engine."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio

from ...audio.frame import AudioBuffer, AudioFrame
from ...events import SpeechEvent
from ...options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions
from ...stt import STT
from ...workers.homes import Home, home_for
from .changing import Asked, changed
from .errors import our_error
from .habits import habits_of
from .http import PluginSession
from .stream import LiveKitStream
from .translation import one_attempt, our_capabilities, our_event, their_frame, their_language

__all__ = ("LiveKitSTT",)

_logger = logging.getLogger("anyio_stt")


class LiveKitSTT(STT):
    """
    Any LiveKit plugin, unchanged, as an engine: its streams lose nothing when it fails.

        async with LiveKitSTT(deepgram.STT(api_key=...)) as stt, stt.stream() as stream:
            ...

    The plugin makes one attempt; a failed one is retried here, with the audio that no final covers.
    On asyncio the plugin runs in the caller's loop, on trio in a thread with an asyncio loop of its
    own, because plugins keep connections that belong to their loop. Use an engine on one event
    loop.

    Args:
        plugin: a `livekit.agents.stt.STT`.
        thread: give it a thread of its own on asyncio, too: one that blocks its loop then holds
            up nobody else.
        close_timeout: seconds that the plugin may take to close; then it is left behind, and
            named in the log.
        settle: for plugins that never end a stream: after the end of the input, the stream ends
            when no utterance is open and no transcript has come for this many seconds. Unless
            given, 3 for those known to be so, OpenAI's for Realtime and Soniox's. They, and
            others without times, also get some seconds of silence at the end, so that their
            last utterance ends.
    """

    def __init__(
        self,
        plugin: Any,
        *,
        thread: bool = False,
        close_timeout: float = 5.0,
        settle: float | None = None,
    ) -> None:
        super().__init__(capabilities=our_capabilities(plugin))
        self._label = getattr(plugin, "label", None) or self._label
        self._plugin = plugin
        self._options = Asked(plugin)
        self._pools: list[Any] = []  # of copies, which have their own connections
        self._in_thread = thread
        self._grace = close_timeout
        self._settle = settle
        self._home_made: Home | None = None

    @property
    def plugin(self) -> Any:
        """The plugin itself; after `update_options`, a copy of it."""
        return self._options.plugin

    @property
    def model(self) -> str:
        """The model's name, as the plugin says."""
        return str(getattr(self.plugin, "model", "unknown"))

    @property
    def provider(self) -> str:
        """The provider's name, as the plugin says."""
        return str(getattr(self.plugin, "provider", "unknown"))

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        home = self._home()
        frames = [buffer] if isinstance(buffer, AudioFrame) else list(buffer)
        theirs = [their_frame(frame, mono=True) for frame in frames]

        async def recognize() -> SpeechEvent:
            with self._session.bound():
                event = await self.plugin.recognize(
                    theirs,
                    language=their_language(language),
                    conn_options=one_attempt(conn_options),
                )
            return our_event(event)

        try:
            return await home.call(recognize)
        except Exception as exc:
            error = our_error(exc, self._label)
            if error is exc:
                raise
            raise error from exc

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> LiveKitStream:
        """
        Make a stream; the plugin makes its own when the block is entered.

        Unless given: `drain_timeout` 30 s, because some plugins close slowly; `idle_timeout`
        60 s, because most providers say nothing while nobody speaks.

        Raises:
            NotImplementedError: when the plugin recognises whole recordings only.
        """
        if not self.capabilities.streaming:
            super().stream(language=language, conn_options=conn_options)
        options = conn_options.with_defaults(drain_timeout=30.0, idle_timeout=60.0)
        return LiveKitStream(
            stt=self,
            make_stream=self._stream_maker(options),
            asked=replace(self._options, language=language),
            home=self._home,
            conn_options=options,
            habits=habits_of(self.plugin, self._settle),
        )

    def prewarm(self) -> None:
        """Let the plugin prepare itself, if it can."""
        prewarm: Callable[[], None] | None = getattr(self._plugin, "prewarm", None)
        if prewarm is not None:
            prewarm()

    async def aclose(self) -> None:
        """Close every stream, the plugin, and its thread if it has one; bounded."""
        try:
            await super().aclose()
        finally:
            home, self._home_made = self._home_made, None
            if home is not None:
                with anyio.CancelScope(shield=True):
                    await self._close(home)

    def _home(self) -> Home:
        if self._home_made is None:
            self._session = PluginSession()
            self._home_made = home_for(
                self._label, thread=self._in_thread, grace=self._grace, session=self._session
            )
        return self._home_made

    def _stream_maker(self, options: APIConnectOptions) -> Callable[[Asked], Any]:
        def make(asked: Asked) -> Any:
            with self._session.bound():
                return asked.plugin.stream(
                    language=their_language(asked.language), conn_options=one_attempt(options)
                )

        return make

    def _changed_options(self, options: Asked, **changes: Any) -> Asked:
        made = changed(options, self._label, changes)
        pool: Any = getattr(made.plugin, "_pool", None)
        if made is not options and pool is not None:
            self._pools = [each for each in self._pools if each._connections]  # noqa: SLF001
            self._pools.append(pool)
        return made

    async def _aclose_plugins(self) -> None:
        for pool in self._pools:  # all else of the copies is the plugin's
            await pool.aclose()
        await self._plugin.aclose()

    async def _close(self, home: Home) -> None:
        with anyio.move_on_after(self._grace) as scope:
            try:
                await home.call(self._aclose_plugins)
            except Exception:
                _logger.warning("%s failed to close", self._label, exc_info=True)
        if scope.cancelled_caught:
            _logger.error("%s did not close within %g s", self._label, self._grace)
        await home.aclose()
