"""S7, S12, S16: ten hours of audio, a slow engine, and nobody who listens: memory stays flat."""

from __future__ import annotations

import tracemalloc

import anyio
import pytest

from anyio_stt import APIConnectOptions, AudioFrame, RecognizeStream, StreamFullError
from anyio_stt.testing import ScriptedSTT, final, interim, silence

STEP = 10
PIECE = silence(STEP, sample_rate=8000)
HOURS = 10
# What may wait and what may be replayed, at two bytes a sample, twice over for good measure.
BOUND = 2 * (60 + 60) * 8000 * 2


def copy_of(frame: AudioFrame) -> AudioFrame:
    """Copy the samples, so that what is kept counts: real audio is never the same twice."""
    return AudioFrame(bytearray(frame.data), 8000, 1, frame.samples_per_channel)


class Slow(RecognizeStream):
    """Hears ten seconds in each, guesses at every frame, says something final once an hour."""

    async def _run(self) -> None:
        seconds = 0
        async for item in self._input_ch:
            seconds += 0 if isinstance(item, self._FlushSentinel) else STEP
            self._event_ch.send_nowait(interim(f"second {seconds}", end=float(seconds)))
            if seconds % 3600 == 0:
                self._event_ch.send_nowait(final(f"hour {seconds // 3600}", end=float(seconds)))
            if seconds % 20 == 0:
                await anyio.sleep(1.0)


@pytest.mark.contract("S7", "S12", "S16")
async def test_ten_hours_of_audio_pushed_at_full_speed_leave_memory_flat() -> None:
    options = APIConnectOptions(max_retry=0)
    marks: list[int] = []
    refused = 0
    async with Slow(stt=ScriptedSTT(), conn_options=options) as stream:
        tracemalloc.start()
        try:
            for second in range(0, HOURS * 3600, STEP):
                frame = copy_of(PIECE)
                try:
                    stream.push_frame(frame)
                except StreamFullError:
                    refused += 1
                    await stream.send_frame(frame)
                if second % 3600 == 0:
                    marks.append(tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()
        numbers = stream.statistics()
    assert refused > HOURS * 30  # the engine is slow
    assert numbers.pushed == HOURS * 3600
    assert numbers.peak_pending <= 60
    assert numbers.replay <= 60
    assert numbers.unread_events < 5 * HOURS
    assert max(marks) < BOUND
    # flat: the last hours take no more than the first ones did
    assert max(marks[5:]) < max(marks[:5]) * 1.1 + 50_000


@pytest.mark.contract("S16")
async def test_without_any_final_it_is_flat_too() -> None:
    class Mute(RecognizeStream):
        async def _run(self) -> None:
            async for _ in self._input_ch:
                pass

    marks: list[int] = []
    async with Mute(stt=ScriptedSTT(), conn_options=APIConnectOptions()) as stream:
        tracemalloc.start()
        try:
            for second in range(0, 3600, STEP):
                await stream.send_frame(copy_of(PIECE))
                if second % 360 == 0:
                    marks.append(tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()
        assert stream.statistics().replay == 60
    assert max(marks) < BOUND
    assert max(marks[5:]) < max(marks[:5]) * 1.1 + 50_000
