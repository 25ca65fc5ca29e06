"""The module `sounddevice` over a sound card that a test plays to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

RATE = 16000


class PortAudioError(Exception):
    """As sounddevice's: a text and PortAudio's number."""


class Card:
    """What is plugged in, and the stream that is open."""

    def __init__(
        self,
        *names: str,
        default: int = 0,
        plays: Callable[[RawInputStream], None] | None = None,
    ) -> None:
        self.plays = plays
        self.names = names
        self.default = default
        self.fails: PortAudioError | None = None
        self.blocks: threading.Event | None = None
        self.streams: list[RawInputStream] = []
        self.opening, self.closed = threading.Event(), threading.Event()

    @property
    def stream(self) -> RawInputStream:
        return self.streams[-1]

    def module(self) -> Any:
        module: Any = ModuleType("sounddevice")
        module.PortAudioError = PortAudioError
        module.default = SimpleNamespace(device=[self.default if self.names else -1, -1])
        module.query_devices = self._devices
        module.RawInputStream = lambda **settings: RawInputStream(self, **settings)
        return module

    def _devices(self) -> list[dict[str, Any]]:
        speaker = {"name": "speaker", "max_input_channels": 0, "default_samplerate": 44100.0}
        devices = [
            {"name": name, "max_input_channels": 2, "default_samplerate": float(RATE)}
            for name in self.names
        ]
        return [*devices, speaker]


class RawInputStream:
    """Calls back in the thread of whoever calls `give`, as PortAudio does in its own."""

    def __init__(
        self,
        card: Card,
        *,
        callback: Callable[..., None],
        finished_callback: Callable[[], None],
        **settings: Any,
    ) -> None:
        card.opening.set()
        if card.blocks is not None:
            card.blocks.wait(60)
        if card.fails is not None:
            raise card.fails
        card.streams.append(self)
        self._card = card
        self._callback, self._finished = callback, finished_callback
        self.settings = settings
        self.clock = 100.0
        self.starts = self.closes = 0

    def start(self) -> None:
        if self._card.fails is not None:
            raise self._card.fails
        self.starts += 1
        if self._card.plays is not None:
            threading.Thread(target=self._card.plays, args=(self,), daemon=True).start()

    def abort(self) -> None:
        self._finished()

    def close(self) -> None:
        self.closes += 1
        self._card.closed.set()

    def give(self, seconds: float, value: int = 1000, *, lost: float | None = None) -> None:
        """Record *seconds*, the driver having *lost* some before."""
        count = round(seconds * self.settings["samplerate"])
        data = value.to_bytes(2, "little") * (count * self.settings["channels"])
        self.give_samples(data, lost=lost)

    def give_samples(self, data: bytes, *, lost: float | None = None) -> None:
        """Record *data*."""
        count = len(data) // 2 // self.settings["channels"]
        self.clock += lost or 0.0
        times = SimpleNamespace(inputBufferAdcTime=self.clock)
        self.clock += count / self.settings["samplerate"]
        status = SimpleNamespace(input_overflow=lost is not None)
        self._callback(memoryview(data), count, times, status)

    def wait_until_read(self) -> None:
        """Wait until somebody has taken some of what was given."""
        capture: Any = getattr(self._callback, "__self__", None)
        while not capture._taken:
            time.sleep(0.005)

    def unplug(self) -> None:
        self._finished()
