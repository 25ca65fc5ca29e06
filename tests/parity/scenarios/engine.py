# mypy: disallow_subclassing_any=False
"""An engine whose attempts follow a script, written once for both modules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from .recording import item_seen
from .shim import api, module

__all__ = ("Attempt", "Engine", "hear_all", "options", "say")

Attempt = Callable[..., Awaitable[Any]]
Kind = module.SpeechEventType


class Engine(module.STT):
    """
    Recognises by calling one function an attempt, the last one again and again.

    Args:
        attempts: each is given the stream, or the buffer of a `recognize`.
        sample_rate: what its streams ask the base for.
    """

    def __init__(self, *attempts: Attempt, sample_rate: int | None = None) -> None:
        capabilities = module.STTCapabilities(streaming=True, interim_results=True)
        super().__init__(capabilities=capabilities)
        self.attempts = attempts
        self.sample_rate = sample_rate
        self.made = 0
        self.heard: list[list[str]] = []

    def next_attempt(self) -> Attempt:
        self.made += 1
        self.heard.append([])
        return self.attempts[min(self.made, len(self.attempts)) - 1]

    async def _recognize_impl(self, buffer: Any, *, language: Any, conn_options: Any) -> Any:
        return await self.next_attempt()(buffer)

    def stream(self, *, language: Any = None, conn_options: Any = None) -> Any:
        return EngineStream(self, conn_options or options())


class EngineStream(module.RecognizeStream):
    def __init__(self, engine: Engine, conn_options: Any) -> None:
        rate = {"sample_rate": engine.sample_rate} if engine.sample_rate else {}
        super().__init__(stt=engine, conn_options=conn_options, **rate)

    async def _run(self) -> None:
        await self._stt.next_attempt()(self)


class BatchEngine(module.STT):
    """Recognises whole recordings only."""

    def __init__(self) -> None:
        capabilities = module.STTCapabilities(streaming=False, interim_results=False)
        super().__init__(capabilities=capabilities)

    async def _recognize_impl(self, buffer: Any, *, language: Any, conn_options: Any) -> Any:
        raise NotImplementedError


def options(max_retry: int = 0, retry_interval: float = 0.01, timeout: float = 5.0) -> Any:
    return api.APIConnectOptions(
        max_retry=max_retry, retry_interval=retry_interval, timeout=timeout
    )


async def hear_all(stream: Any, *, until: int | None = None) -> None:
    """Read the input to its end, or *until* so many items; note each."""
    heard = stream._stt.heard[-1]
    if until == 0:
        return
    async for item in stream._input_ch:
        heard.append(item_seen(item, stream._FlushSentinel))
        if until is not None and len(heard) >= until:
            return


def say(stream: Any, kind: str, text: str = "", **more: Any) -> None:
    """Send one event; *more* goes to the `SpeechData`, but for `request_id`, `usage`."""
    request_id, usage = more.pop("request_id", ""), more.pop("usage", None)
    data = [module.SpeechData("en", text, **more)] if text else []
    if usage is not None:
        usage = module.RecognitionUsage(audio_duration=usage)
    stream._event_ch.send_nowait(module.SpeechEvent(Kind[kind], request_id, data, usage))
