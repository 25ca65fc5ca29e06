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
        self._heard = list(cut(spoken().frame, 0.05))
        self._thread = threading.Thread()
        self._stopped = False

    def start(self) -> None:
        self._stopped = False
        self._thread = threading.Thread(target=self._record, daemon=True)
        self._thread.start()

    def _record(self) -> None:
        at = time.monotonic()
        while not self._stopped:
            data = self._heard.pop(0).pcm if self._heard else bytes(1600)
            at += 0.05
            time.sleep(max(at - time.monotonic(), 0))
            times = SimpleNamespace(inputBufferAdcTime=at)
            self._callback(data, len(data) // 2, times, SimpleNamespace(input_overflow=False))

    def abort(self) -> None:
        self._stopped = True
        self._thread.join()

    close = abort
