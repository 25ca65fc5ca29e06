# mypy: disallow_subclassing_any=False
"""A detector of speech, written once for both modules: what is loud is speech."""

from __future__ import annotations

from typing import Any

from .recording import frame
from .shim import voice

__all__ = ("Detector", "loud", "quiet")

Kind = voice.VADEventType
LOUD = 5000
_PATIENCE = 3  # quiet frames that end speech


def loud() -> Any:
    return frame(LOUD, samples=1600)


def quiet() -> Any:
    return frame(0, samples=1600)


class Detector(voice.VAD):
    def __init__(self) -> None:
        super().__init__(capabilities=voice.VADCapabilities(update_interval=0.1))

    def stream(self) -> Any:
        return DetectorStream(self)


class DetectorStream(voice.VADStream):
    async def _run(self) -> None:
        spoken: list[Any] = []
        silent = samples = 0
        async for item in self._input_ch:
            if isinstance(item, self._FlushSentinel):
                continue
            samples += item.samples_per_channel
            is_loud = bytes(item.data)[:2] == LOUD.to_bytes(2, "little")
            if is_loud and not spoken:
                self._tell("START_OF_SPEECH", samples, [item])
            silent = 0 if is_loud else silent + 1
            if is_loud or spoken:
                spoken.append(item)
            if spoken and silent == _PATIENCE:
                self._tell("END_OF_SPEECH", samples, spoken)
                spoken = []

    _main_task = _run  # what LiveKit calls it

    def _tell(self, kind: str, samples: int, frames: list[Any]) -> None:
        spoken = sum(each.samples_per_channel for each in frames) / 16000
        event = voice.VADEvent(Kind[kind], samples, samples / 16000, spoken, 0.0, list(frames))
        self._event_ch.send_nowait(event)
