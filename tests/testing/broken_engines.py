"""Engines that each break one line of the contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio

from anyio_stt import (
    STT,
    APIConnectionError,
    APIConnectOptions,
    AudioBuffer,
    AudioFrame,
    RecognitionUsage,
    SpeechEvent,
    SpeechEventType,
    STTCapabilities,
)
from anyio_stt.testing import end_of_speech, interim, start_of_speech
from tests.testing.broken_lifetimes import (
    BlocksTheLoop,
    HidesInAShield,
    LeavesAProcess,
    LeavesASocket,
    LeavesATask,
    LeavesAThread,
    SpeaksWhenItIsOver,
    StartsInItsConstructor,
    SwallowsCancellation,
)
from tests.testing.loud_engine import LoudStream, LoudSTT, final


def engine(stream_type: type[LoudStream]) -> Callable[[], STT]:
    """Return what makes a LoudSTT with streams of this type."""

    class Engine(LoudSTT):
        def stream(self, **options: Any) -> LoudStream:
            conn_options = options.get("conn_options", APIConnectOptions())
            return stream_type(self, conn_options)

    return Engine


class DropsTheTail(LoudStream):
    """Works in blocks of half a second, and forgets the last one when it is not full."""

    async def _run(self) -> None:
        self.block: list[AudioFrame] = []
        await super()._run()

    def hear(self, frame: AudioFrame) -> None:
        self.block.append(frame)
        if len(self.block) == 5:
            for each in self.block:
                super().hear(each)
            self.block = []

    def finish(self) -> None:
        super().finish()
        self.heard += sum(each.duration for each in self.block)
        self.block = []


class RepeatsItself(LoudStream):
    """Says after a flush what it said before it, too."""

    async def _run(self) -> None:
        self.everything: list[float] = []
        await super()._run()

    def finish(self) -> None:
        if self.loud:
            self.everything += self.loud
            self.loud = list(self.everything)
        super().finish()


class CountsFromTheFirstWord(LoudStream):
    def finish(self) -> None:
        first = getattr(self, "first", self.loud[0] if self.loud else 0.0)
        self.first = first
        self.loud = [each - first for each in self.loud]
        super().finish()


class CountsFromTheFlush(LoudStream):
    async def _run(self) -> None:
        self.heard = self.reported = 0.0
        self.loud = []
        async for item in self._input_ch:
            if isinstance(item, self._FlushSentinel):
                self.finish()
                self.heard = self.reported = 0.0
            else:
                self.hear(item)


class CountsAcrossAttempts(LoudStream):
    """Keeps counting where the attempt before it stopped."""

    total = 0.0

    def hear(self, frame: AudioFrame) -> None:
        self.heard = self.reported = self.total
        super().hear(frame)
        self.total += frame.duration


class NeverEnds(LoudStream):
    async def _run(self) -> None:
        await super()._run()
        await anyio.sleep_forever()


class ReturnsEarly(LoudStream):
    def hear(self, frame: AudioFrame) -> None:
        super().hear(frame)
        if self.heard > 1:
            raise StopAsyncIteration

    async def _run(self) -> None:
        try:
            await super()._run()
        except (RuntimeError, StopAsyncIteration):
            self.finish()


class GuessesAfterTheEnd(LoudStream):
    def finish(self) -> None:
        if self.loud:
            self._event_ch.send_nowait(start_of_speech(self.loud[0]))
            super().finish()
            self._event_ch.send_nowait(end_of_speech(self.heard))
            self._event_ch.send_nowait(interim("la", end=self.heard))


class ReportsUsageOverAndOver(LoudStream):
    def finish(self) -> None:
        usage = RecognitionUsage(self.heard)
        super().finish()
        self._event_ch.send_nowait(
            SpeechEvent(SpeechEventType.RECOGNITION_USAGE, recognition_usage=usage)
        )


class IgnoresItsOptions(LoudStream):
    def __init__(self, stt: LoudSTT, conn_options: APIConnectOptions) -> None:
        super().__init__(stt, APIConnectOptions(retry_interval=0))


class TakesAnyRateForItsOwn(LoudStream):
    def __init__(self, stt: LoudSTT, conn_options: APIConnectOptions) -> None:
        super().__init__(stt, conn_options)
        self._sample_rate = None

    def hear(self, frame: AudioFrame) -> None:
        super().hear(AudioFrame(frame.data, 16000, 1, len(frame.data)))


class HoldsALock(LoudSTT):
    """Forgets to release its lock when it is cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = anyio.Semaphore(1)

    def stream(self, **options: Any) -> LoudStream:
        class Locked(LoudStream):
            async def _run(self) -> None:
                await lock.acquire()
                await super()._run()
                lock.release()

        lock = self.lock
        return Locked(self, options.get("conn_options", APIConnectOptions()))


class TellsItsKey(LoudSTT):
    def __init__(self) -> None:
        super().__init__()
        self.api_key = "sk-do-not-show-this"

    def stream(self, **options: Any) -> LoudStream:
        class Refused(LoudStream):
            async def _run(self) -> None:
                if "failed" not in vars(self):
                    self.failed = True
                    raise APIConnectionError(f"the key {key} was refused, once")
                await super()._run()

        key = self.api_key
        return Refused(self, options.get("conn_options", APIConnectOptions()))


class MixesItsStreams(LoudSTT):
    """Keeps on the engine what belongs to a stream."""

    def __init__(self) -> None:
        super().__init__()
        self.loud: list[float] = []

    def stream(self, **options: Any) -> LoudStream:
        class Mixed(LoudStream):
            def finish(self) -> None:
                self.loud = shared[:]
                shared.clear()
                super().finish()

            def hear(self, frame: AudioFrame) -> None:
                before = len(self.loud)
                super().hear(frame)
                shared.extend(self.loud[before:])

        shared = self.loud
        return Mixed(self, options.get("conn_options", APIConnectOptions()))


class ClosesNothing(LoudSTT):
    async def aclose(self) -> None:
        self._closed = True


class PromisesWords(LoudSTT):
    def __init__(self) -> None:
        super().__init__()
        self._capabilities = STTCapabilities(
            streaming=True, interim_results=False, aligned_transcript="word"
        )


class RecognizesNothing(LoudSTT):
    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        return final("", 0.0, 0.0)


BROKEN: dict[str, tuple[str, Callable[[], STT]]] = {
    "drops the tail at flush": ("S9", engine(DropsTheTail)),
    "repeats itself after a flush": ("S17", engine(RepeatsItself)),
    "counts times from the first word": ("S17", engine(CountsFromTheFirstWord)),
    "counts times from the last flush": ("S17", engine(CountsFromTheFlush)),
    "goes on counting in the next attempt": ("S17", engine(CountsAcrossAttempts)),
    "swallows cancellation": ("S4", engine(SwallowsCancellation)),
    "hides from cancellation in a shield": ("S4", engine(HidesInAShield)),
    "leaves a task": ("S2", engine(LeavesATask)),
    "leaves a thread": ("S2", engine(LeavesAThread)),
    "leaves a socket": ("S2", engine(LeavesASocket)),
    "leaves a process": ("S2", engine(LeavesAProcess)),
    "blocks the loop": ("blocking", engine(BlocksTheLoop)),
    "never ends after the end of input": ("S5", engine(NeverEnds)),
    "returns before the end of input": ("S5", engine(ReturnsEarly)),
    "guesses after the end of speech": ("S11", engine(GuessesAfterTheEnd)),
    "speaks when its attempt is over": ("S11", engine(SpeaksWhenItIsOver)),
    "reports usage over and over": ("S20", engine(ReportsUsageOverAndOver)),
    "starts a thread in a constructor": ("S1", engine(StartsInItsConstructor)),
    "ignores the caller's options": ("S15", engine(IgnoresItsOptions)),
    "takes any rate for its own": ("S8", engine(TakesAnyRateForItsOwn)),
    "holds a lock across cancellation": ("S19", HoldsALock),
    "tells its key in an error": ("secrets", TellsItsKey),
    "mixes its streams": ("S6", MixesItsStreams),
    "closes nothing": ("S5", ClosesNothing),
    "promises words": ("capabilities", PromisesWords),
    "recognizes nothing": ("S5", RecognizesNothing),
}


class Refuses(LoudSTT):
    error: Exception = APIConnectionError("no way to the server")

    async def _recognize_impl(self, *args: Any, **options: Any) -> SpeechEvent:
        raise self.error

    def stream(self, **options: Any) -> LoudStream:
        class Refused(LoudStream):
            async def _run(self) -> None:
                raise error

        error = self.error
        return Refused(self, options.get("conn_options", APIConnectOptions()))


class RefusesStrangely(Refuses):
    error = OSError("connection refused")


class RefusesWithItsKey(Refuses):
    def __init__(self) -> None:
        super().__init__()
        self.api_key = "sk-do-not-show-this"
        self.error = APIConnectionError("401", body={"key": self.api_key}, retryable=False)
