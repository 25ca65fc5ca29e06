"""Engines that each break one line of the contract, and a correct one that they are made of."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from socket import socket
from typing import Any

import anyio
import pytest
from anyio import run_process
from anyio.lowlevel import checkpoint

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
    combine_frames,
)
from anyio_stt.testing import (
    ContractViolation,
    ScriptedSTT,
    Violation,
    check_stt,
    end_of_speech,
    interim,
    silence,
    start_of_speech,
    tone,
)
from anyio_stt.testing.backends import on_trio

sys.path.insert(0, str(Path(__file__).parent))
from loud_engine import LoudStream, LoudSTT, final

pytestmark = pytest.mark.timeout(120)


def engine(stream_type: type[LoudStream]) -> Callable[[], STT]:
    """Return what makes a LoudSTT with streams of this type."""

    class Engine(LoudSTT):
        def stream(self, **options: Any) -> LoudStream:
            conn_options = options.get("conn_options", APIConnectOptions())
            return stream_type(self, conn_options)

    return Engine


def spawn(function: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Start a task that nobody owns, and return what ends it."""
    if on_trio():
        import trio

        scope = trio.CancelScope()

        async def run() -> None:
            with scope:
                await function()

        trio.lowlevel.spawn_system_task(run)
        return scope.cancel
    task = asyncio.get_running_loop().create_task(function())
    return lambda: task.cancel() and None


CLEAN_UP: list[Callable[[], object]] = []


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


class SwallowsCancellation(LoudStream):
    async def _run(self) -> None:
        try:
            await super()._run()
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(3, shield=True):
                await anyio.sleep_forever()
            raise


class NeverLetsGo(LoudStream):
    async def _run(self) -> None:
        while True:
            try:
                await super()._run()
                return
            except BaseException:  # noqa: B036 - that is what is wrong with it
                await anyio.sleep(0)


class HidesInAShield(LoudStream):
    async def _run(self) -> None:
        try:
            await super()._run()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep_forever()


class LeavesATask(LoudStream):
    async def _run(self) -> None:
        CLEAN_UP.append(spawn(anyio.sleep_forever))
        await super()._run()


class LeavesAThread(LoudStream):
    async def _run(self) -> None:
        stop = threading.Event()
        threading.Thread(target=stop.wait, daemon=True).start()
        CLEAN_UP.append(stop.set)
        await super()._run()


class LeavesASocket(LoudStream):
    async def _run(self) -> None:
        CLEAN_UP.append(socket().close)
        await super()._run()


class LeavesAProcess(LoudStream):
    async def _run(self) -> None:
        child = subprocess.Popen(["sleep", "60"])
        CLEAN_UP.extend([child.kill, child.wait])
        await super()._run()


class BlocksTheLoop(LoudStream):
    def finish(self) -> None:
        time.sleep(0.4)
        super().finish()


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


class SpeaksWhenItIsOver(LoudStream):
    async def _run(self) -> None:
        await super()._run()
        sink, over = self._event_ch, final("late", 0.0, 0.1)

        async def speak() -> None:
            await checkpoint()
            try:
                sink.send_nowait(over)
            except RuntimeError:
                pass

        spawn(speak)


class ReportsUsageOverAndOver(LoudStream):
    def finish(self) -> None:
        usage = RecognitionUsage(self.heard)
        super().finish()
        self._event_ch.send_nowait(
            SpeechEvent(SpeechEventType.RECOGNITION_USAGE, recognition_usage=usage)
        )


class StartsInItsConstructor(LoudStream):
    def __init__(self, stt: LoudSTT, conn_options: APIConnectOptions) -> None:
        super().__init__(stt, conn_options)
        stop = threading.Event()
        threading.Thread(target=stop.wait, daemon=True).start()
        CLEAN_UP.append(stop.set)


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


@pytest.fixture(autouse=True)
def clean_up() -> Any:
    yield
    while CLEAN_UP:
        CLEAN_UP.pop(0)()


async def violations_of(make_stt: Callable[[], STT], **options: Any) -> dict[str, Violation]:
    """Return what the suite finds, by contract id."""
    with pytest.raises(ContractViolation) as caught:
        await check_stt(make_stt, **options)
    for release in CLEAN_UP:
        release()
    CLEAN_UP.clear()
    await checkpoint()
    return {violation.id: violation for violation in caught.value.violations}


@pytest.mark.parametrize("fault", BROKEN)
async def test_an_engine_is_caught_that(fault: str) -> None:
    contract_id, make_stt = BROKEN[fault]
    # what blocks the loop takes real time, even here
    checks = ["blocking"] if contract_id == "blocking" else None
    found = await violations_of(make_stt, checks=checks)
    assert contract_id in found
    assert "async with make_stt()" in found[contract_id].reproduce or contract_id in (
        "capabilities",
        "secrets",
        "S15",
    )


@pytest.mark.real_time
async def test_an_engine_that_never_lets_go_is_caught_and_the_suite_ends() -> None:
    found = await violations_of(
        engine(NeverLetsGo), checks=["abort"], patience=0.2, grace=0.2
    )
    assert "S4" in found


async def test_a_correct_engine_passes() -> None:
    await check_stt(LoudSTT)


@pytest.mark.real_time
async def test_a_correct_engine_passes_on_the_real_clock() -> None:
    await check_stt(LoudSTT)


async def test_a_correct_engine_passes_with_any_seed_and_audio() -> None:
    sounds = [tone(0.43), silence(0.3), tone(0.9, 300), silence(0.2)]
    for seed in range(3):
        await check_stt(LoudSTT, seed=seed, audio=combine_frames(sounds))


async def test_a_scripted_engine_passes() -> None:
    await check_stt(ScriptedSTT, checks=["S1", "S2", "S4", "S19", "blocking", "secrets"])


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


async def test_how_an_engine_fails_is_checked_too() -> None:
    checks = ["failing", "secrets"]
    await check_stt(LoudSTT, make_failing=Refuses, checks=checks)
    assert "S15" in await violations_of(LoudSTT, make_failing=RefusesStrangely, checks=checks)
    assert "secrets" in await violations_of(
        TellsItsKey, make_failing=RefusesWithItsKey, checks=checks
    )


async def test_checks_are_chosen_by_name_and_by_contract_line() -> None:
    never_ends = BROKEN["never ends after the end of input"][1]
    await check_stt(never_ends, checks=["S1", "capabilities"])
    assert set(await violations_of(never_ends, checks=["ending"])) == {"S5"}
    with pytest.raises(ValueError, match="no such check: S99; there are ending, "):
        await check_stt(LoudSTT, checks=["S99"])


async def test_a_violation_shows_itself_when_its_program_is_run(tmp_path: Path) -> None:
    found = await violations_of(BROKEN["returns before the end of input"][1], checks=["ending"])
    program = found["S5"].reproduce
    assert "make_stt = ..." in program  # the engine was made inside a function
    runnable = program.replace(
        "make_stt = ...", "from loud_engine import LoudSTT as make_stt"
    )
    ran = await run_process([sys.executable, "-c", runnable], cwd=Path(__file__).parent)
    assert b"FINAL_TRANSCRIPT" in ran.stdout
