"""The module `sounddevice` for pages that are followed: a card that hears the recording we ship."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from anyio_stt.testing import cut, spoken

default = SimpleNamespace(device=[0, -1])


class PortAudioError(Exception):
    """Never raised."""


def query_devices() -> list[dict[str, Any]]:
    return [{"name": "microphone", "max_input_channels": 1, "default_samplerate": 16000.0}]


class RawInputStream:
    """Gives what the card hears, at the pace it was spoken."""

    def __init__(self, *, callback: Callable[..., None], **settings: Any) -> None:
        self._callback = callback
        self._closed = False
        self._thread = threading.Thread(target=self._record, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _record(self) -> None:
        at = time.monotonic()
        for frame in cut(spoken().frame, 0.05):
            at += frame.duration
            self._give(at, frame.pcm)
        while not self._closed:
            at += 0.05
            self._give(at, bytes(1600))

    def _give(self, at: float, data: bytes) -> None:
        time.sleep(max(at - time.monotonic(), 0))
        times = SimpleNamespace(inputBufferAdcTime=at)
        self._callback(data, len(data) // 2, times, SimpleNamespace(input_overflow=False))

    def close(self) -> None:
        self._closed = True
        self._thread.join()
