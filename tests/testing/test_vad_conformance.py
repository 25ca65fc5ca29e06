from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import anyio
import pytest

from anyio_stt import VAD, AudioFrame, VADEvent, VADEventType
from anyio_stt.testing import ContractViolation, check_vad
from tests.adapters.loud_vad import OPTIONS, LoudStream, LoudVAD

pytestmark = pytest.mark.timeout(120)


def detector(stream_type: type[LoudStream]) -> Callable[[], VAD]:
    class Broken(LoudVAD):
        def stream(self) -> LoudStream:
            return stream_type(self, OPTIONS, sample_rate=16000, window=160)

    return Broken


class HearsEverything(LoudStream):
    async def _judge(self, windows: Sequence[AudioFrame]) -> Sequence[float]:
        return [1.0 for _ in windows]


class IsDeaf(LoudStream):
    async def _judge(self, windows: Sequence[AudioFrame]) -> Sequence[float]:
        return [0.0 for _ in windows]


class Blocks(LoudStream):
    async def _judge(self, windows: Sequence[AudioFrame]) -> Sequence[float]:
        if not hasattr(self, "blocked"):
            self.blocked = True
            time.sleep(0.4)
        return await super()._judge(windows)


class NeverEnds(LoudStream):
    async def _run(self) -> None:
        await super()._run()
        await anyio.sleep_forever()


class Clings(LoudStream):
    async def _run(self) -> None:
        try:
            await super()._run()
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True):
                await anyio.sleep(3)
            raise


class Leaves(LoudStream):
    async def _run(self) -> None:
        staying = threading.Timer(60, lambda: None)  # longer than any machine takes to look
        staying.daemon = True
        staying.start()
        await super()._run()


class Changes(LoudStream):
    """Changes what is sent."""

    def _send(self, events: Sequence[VADEvent]) -> None:
        super()._send([self.changed(event) for event in events])

    def changed(self, event: VADEvent) -> VADEvent:
        raise NotImplementedError


class CountsFromTheSpeech(Changes):
    def changed(self, event: VADEvent) -> VADEvent:
        if event.type is VADEventType.START_OF_SPEECH and not hasattr(self, "first"):
            self.first = event.timestamp
        return replace(event, timestamp=max(0.0, event.timestamp - getattr(self, "first", 1e9)))


class NeverCloses(Changes):
    def changed(self, event: VADEvent) -> VADEvent:
        ended = event.type is VADEventType.END_OF_SPEECH
        return replace(event, type=VADEventType.INFERENCE_DONE) if ended else event


BROKEN: dict[str, tuple[str, type[LoudStream]]] = {
    "takes silence for speech": ("S5", HearsEverything),
    "hears no speech": ("S5", IsDeaf),
    "blocks the loop": ("blocking", Blocks),
    "never ends": ("S5", NeverEnds),
    "swallows cancellation": ("S4", Clings),
    "leaves a thread": ("S2", Leaves),
    "counts times from the speech": ("S17", CountsFromTheSpeech),
    "leaves segments open": ("S11", NeverCloses),
}


async def ids_of(make_vad: Callable[[], VAD], **options: Any) -> set[str]:
    with pytest.raises(ContractViolation) as caught:
        await check_vad(make_vad, **options)
    for violation in caught.value.violations:
        compile(violation.reproduce, "reproduce", "exec")
    return {violation.id for violation in caught.value.violations}


@pytest.mark.parametrize("fault", BROKEN)
async def test_a_detector_is_caught_that(fault: str) -> None:
    contract_id, stream_type = BROKEN[fault]
    checks = [contract_id] if contract_id in ("blocking", "S2") else None
    assert contract_id in await ids_of(detector(stream_type), checks=checks)


async def test_a_correct_detector_passes() -> None:
    await check_vad(LoudVAD)


@pytest.mark.real_time
async def test_a_correct_detector_passes_on_the_real_clock() -> None:
    await check_vad(LoudVAD)


async def test_a_detector_that_fails_says_how() -> None:
    def failing() -> VAD:
        vad = LoudVAD()
        vad.failure = RuntimeError("no model")
        return vad

    with pytest.raises(ContractViolation, match="no model"):
        await check_vad(failing, checks=["ending"])
