"""A recogniser for workers that hears nothing but lengths, loaded by its name."""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Callable

from anyio_stt.workers.endpointing import Endpointing
from anyio_stt.workers.segmenter import Segmenter
from anyio_stt.workers.session import Heard, Session
from anyio_stt.workers.wire import Message

__all__ = ("FakeLoaded", "load")


def load(*, seconds: float = 0.0, fail: str = "", endpointing: object = None) -> FakeLoaded:
    """Load one whose every utterance takes *seconds* to recognise."""
    if fail:
        raise ValueError(fail)
    return FakeLoaded(seconds)


class FakeLoaded:
    """Loud is speech; an utterance says how many tenths of a second it is long."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.guesses = 0
        self.shed = 0
        self.recognising = threading.Event()

    def session(
        self, say: Callable[[Message], None], busy: Callable[[], bool], *, interims: bool
    ) -> Session:
        def is_speech(frame: bytes) -> bool:
            return max(map(abs, array("h", frame))) > 100

        segmenter = Segmenter(is_speech, Endpointing(padding=0.0, tail=0.0))
        return Session(segmenter, _Recogniser(self), say, busy, interims=interims)


class _Recogniser:
    def __init__(self, loaded: FakeLoaded) -> None:
        self._loaded = loaded
        self._heard = 0

    def begin(self) -> None:
        self._heard = 0

    def hear(self, audio: bytes) -> None:
        self._heard += len(audio)

    def guess(self, busy: Callable[[], bool]) -> str:
        if busy():
            self._loaded.shed += 1
            return ""
        self._loaded.guesses += 1
        return f"guess {self._heard // 3200}"

    def end(self) -> None:
        pass

    def recognise(self, audio: bytes) -> Heard:
        self._loaded.recognising.set()
        time.sleep(self._loaded.seconds)
        return Heard(f"heard {round(len(audio) / 3200)}")
