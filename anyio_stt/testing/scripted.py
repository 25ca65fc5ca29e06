"""
A fake engine whose attempts follow a script.

    stt = ScriptedSTT(
        [Hear(0.5), Say(interim("he")), Fail(APIConnectionError("lost"))],
        [HearAll(), Say(final("hello", end=1.0))],
    )

The first attempt of each stream plays the first list of steps, the second attempt the second;
attempts beyond the last play the last again. An attempt returns when its steps are through.
What each attempt heard is in `stt.heard`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import ContextVar
from typing import TypeAlias

import anyio

from ..audio.frame import AudioBuffer, AudioFrame
from ..events import SpeechEvent, SpeechEventType
from ..options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions, STTCapabilities
from ..stream import RecognizeStream
from ..stt import STT
from .heard import Heard
from .said import final
from .steps import Delay, Fail, Hang, Hear, HearAll, HearMarker, Repeat, Say, Step, Swallow

__all__ = ("ScriptedSTT", "ScriptedStream")

_EPSILON = 1e-9

# The attempts of one call: they run in the caller's task, so a context variable tells calls apart.
_ATTEMPTS: ContextVar[list[Heard]] = ContextVar("recognize attempts")


Script: TypeAlias = Iterable[Step]


def _final_of_all(heard: Heard) -> SpeechEvent:
    return final(f"{heard.seconds:.3f} s", end=heard.seconds)


class ScriptedSTT(STT):
    """
    A fake engine: plays scripts, and keeps the audio that it got.

    Args:
        scripts: the steps of each stream's first, second, ... attempt. Without any, an attempt
            reads everything and sends one final that covers it.
        recognize: the same for the attempts of each `recognize` call, which returns the last event.
            Steps that read find the whole recording read already.
        capabilities: the capabilities to declare.
        sample_rate: the rate to ask for, or `None`.
        frame_duration: the length of frames to ask for, in seconds, or `None`.
        label: its name in errors, logs and metrics.
    """

    def __init__(
        self,
        *scripts: Script,
        recognize: Iterable[Script] = (),
        capabilities: STTCapabilities | None = None,
        sample_rate: int | None = None,
        frame_duration: float | None = None,
        label: str = "scripted",
    ) -> None:
        super().__init__(
            capabilities=capabilities or STTCapabilities(streaming=True, interim_results=True)
        )
        default: list[tuple[Step, ...]] = [(HearAll(), Say(_final_of_all))]
        self._scripts = [tuple(script) for script in scripts] or default
        self._recognize_scripts = [tuple(script) for script in recognize] or default
        self._audio_format = sample_rate, frame_duration
        self._label = label
        self.heard: list[Heard] = []
        """One record for each attempt, of streams and of `recognize`, in the order they began."""

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> ScriptedStream:
        """Make a stream that plays the scripts from the first on."""
        sample_rate, frame_duration = self._audio_format
        return ScriptedStream(
            self,
            self._scripts,
            language=language,
            conn_options=conn_options,
            sample_rate=sample_rate,
            frame_duration=frame_duration,
        )

    async def recognize(
        self,
        buffer: AudioBuffer,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> SpeechEvent:
        """Recognise a recording as the scripts for `recognize` say, from the first on."""
        token = _ATTEMPTS.set([])
        try:
            return await super().recognize(buffer, language=language, conn_options=conn_options)
        finally:
            _ATTEMPTS.reset(token)

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        del conn_options  # there is nothing to connect to
        frames = [buffer] if isinstance(buffer, AudioFrame) else list(buffer)
        attempts = _ATTEMPTS.get()
        heard = Heard("recognize", len(attempts) + 1, language, frames=frames, ended=True)
        attempts.append(heard)
        self.heard.append(heard)
        said: list[SpeechEvent] = []
        player = _Player(heard, None, said.append)
        await player.play(_script_of(self._recognize_scripts, heard.attempt))
        return said[-1] if said else SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT)


class ScriptedStream(RecognizeStream):
    """A stream of a `ScriptedSTT`; `heard` has one record for each of its attempts."""

    def __init__(
        self,
        stt: ScriptedSTT,
        scripts: Sequence[tuple[Step, ...]],
        *,
        language: str | None,
        conn_options: APIConnectOptions,
        sample_rate: int | None,
        frame_duration: float | None,
    ) -> None:
        super().__init__(
            stt=stt,
            conn_options=conn_options,
            sample_rate=sample_rate,
            frame_duration=frame_duration,
        )
        self._scripts = scripts
        self._language = language
        self._all_heard = stt.heard
        self.heard: list[Heard] = []

    async def _run(self) -> None:
        heard = Heard("stream", len(self.heard) + 1, self._language)
        self.heard.append(heard)
        self._all_heard.append(heard)
        player = _Player(heard, self._next_item, self._event_ch.send_nowait)
        await player.play(_script_of(self._scripts, heard.attempt))

    async def _next_item(self) -> AudioFrame | None:
        """Return the next frame, or `None` for a marker."""
        item = await self._input_ch.__anext__()
        return None if isinstance(item, self._FlushSentinel) else item


def _script_of(scripts: Sequence[tuple[Step, ...]], attempt: int) -> tuple[Step, ...]:
    return scripts[min(attempt, len(scripts)) - 1]


class _Player:
    """Plays the steps of one attempt."""

    def __init__(
        self,
        heard: Heard,
        listen: Callable[[], Awaitable[AudioFrame | None]] | None,
        say: Callable[[SpeechEvent], None],
    ) -> None:
        self._heard = heard
        self._listen = listen
        self._say = say

    async def play(self, script: Iterable[Step]) -> None:
        self._heard.outcome = "running"
        try:
            for step in script:
                await self._take(step)
        except Exception:
            self._heard.outcome = "failed"
            raise
        except BaseException:
            self._heard.outcome = "cancelled"
            raise
        self._heard.outcome = "returned"

    async def _take(self, step: Step) -> None:
        heard = self._heard
        if isinstance(step, Hear):
            await self._hear(lambda: heard.seconds >= step.seconds - _EPSILON)
        elif isinstance(step, HearMarker):
            known = len(heard.markers)
            await self._hear(lambda: len(heard.markers) > known)
        elif isinstance(step, HearAll):
            await self._hear(lambda: False)
        elif isinstance(step, Say):
            self._say(step.event(heard) if callable(step.event) else step.event)
        elif isinstance(step, Fail):
            raise step.error
        elif isinstance(step, Repeat):
            await self._repeat(step)
        else:
            await self._wait(step)

    async def _hear(self, enough: Callable[[], bool]) -> None:
        while self._listen is not None and not self._heard.ended and not enough():
            try:
                frame = await self._listen()
            except StopAsyncIteration:
                self._heard.ended = True
            else:
                self._note(frame)

    def _note(self, frame: AudioFrame | None) -> None:
        if frame is None:
            self._heard.markers.append(self._heard.seconds)
        else:
            self._heard.frames.append(frame)

    async def _repeat(self, repeat: Repeat) -> None:
        while not self._heard.ended:
            before = self._progress()
            for step in repeat.steps:
                await self._take(step)
            if self._progress() == before:
                raise ValueError(f"{repeat} heard nothing and would go on for ever")

    def _progress(self) -> tuple[int, int, bool]:
        return len(self._heard.frames), len(self._heard.markers), self._heard.ended

    @staticmethod
    async def _wait(step: Hang | Delay | Swallow) -> None:
        if isinstance(step, Hang):
            await anyio.sleep_forever()
        elif isinstance(step, Delay):
            await anyio.sleep(step.seconds)
        else:
            with anyio.move_on_after(step.seconds, shield=True):
                await anyio.sleep_forever()
