"""Engines that know which process they are in, and one that kills it."""

from __future__ import annotations

import os
import signal

import anyio

from anyio_stt import (
    APIConnectOptions,
    AudioBuffer,
    SpeechData,
    SpeechEvent,
    SpeechEventType,
    combine_frames,
)
from tests.batch.engines import BatchSTT

__all__ = ("POISON", "DeadlySTT", "NotHereSTT", "WhereSTT")

POISON = 66


class DeadlySTT(BatchSTT):
    """Hears `POISON` and takes its process with it."""

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        if int(combine_frames(buffer).to_array()[0]) == POISON:
            os.kill(os.getpid(), signal.SIGKILL)
        return await super()._recognize_impl(buffer, language=language, conn_options=conn_options)


class NotHereSTT(BatchSTT):
    """Cannot be made."""

    def __init__(self) -> None:
        super().__init__()
        raise ValueError("there is no key on this machine")


class WhereSTT(BatchSTT):
    """Says in which process it is; takes long enough for another to be asked too."""

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        await anyio.sleep(0.2)
        said = [SpeechData("en", str(os.getpid()))]
        return SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT, "", said)
