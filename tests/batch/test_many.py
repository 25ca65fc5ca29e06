from __future__ import annotations

import gc
import itertools
import os
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anyio_stt.testing
from anyio_stt import APIStatusError, AudioFrame, AudioLostError
from anyio_stt.batch import BatchResult, Recording, transcribe_all
from anyio_stt.testing.clock import autojump_backends
from tests.batch.engines import REFUSED, BatchSTT, recording

SOAK = bool(os.environ.get("ANYIO_STT_SOAK"))


async def collect(*args: object, **kwargs: object) -> list[BatchResult]:
    with anyio.fail_after(60):
        async with transcribe_all(*args, **kwargs) as results:  # type: ignore[arg-type]
            return [result async for result in results]


async def test_every_recording_has_its_result_as_soon_as_it_is_there() -> None:
    frames = [recording(number) for number in (27, 29, 24)]
    results = await collect(frames, BatchSTT(seconds=1), jobs=3)
    assert [result.text for result in results] == ["24", "27", "29"]
    assert results[0].recording is frames[2]
    assert results[0].segments[0].end_time == pytest.approx(1)
    assert [word.text for word in results[0].words] == ["24"]
    assert results[0].duration == pytest.approx(1)
    assert (results[0].lost, results[0].error) == (0, None)


@pytest.mark.any_clock
async def test_no_more_are_read_or_heard_at_once_than_there_are_places() -> None:
    taken = 0

    def recordings() -> Iterator[AudioFrame]:
        nonlocal taken
        for number in range(30, 40):
            taken += 1
            yield recording(number)

    stt = BatchSTT()
    async with transcribe_all(recordings(), stt, jobs=3) as results:
        await anyio.wait_all_tasks_blocked()
        assert taken == 3  # nobody reads
        read = 0
        async for _ in results:
            read += 1
            await anyio.wait_all_tasks_blocked()
            assert taken == min(3 + read, 10)
    assert stt.most <= 3
    assert stt.answered == 10


@pytest.mark.real_time
async def test_a_bad_recording_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    missing = tmp_path / "missing.wav"
    empty = Recording([], name="nothing")
    unrated = np.zeros(100, "i2")
    good = recording(20)
    refused = recording(REFUSED, 2.5)
    results = await collect([missing, empty, unrated, refused, good], BatchSTT(), jobs=1)
    errors = [type(result.error) for result in results]
    assert errors[0] is FileNotFoundError
    assert "nothing holds no audio" in str(results[1].error)
    assert errors[2] is ValueError
    assert errors[3] is APIStatusError
    assert results[3].duration == results[3].lost == pytest.approx(2.5)
    assert (results[4].text, results[4].error) == ("20", None)


@pytest.mark.real_time
async def test_what_a_recording_lost_is_in_its_result(tmp_path: Path) -> None:
    whole = Path(anyio_stt.testing.__file__).with_name("spoken.wav").read_bytes()
    cut = tmp_path / "cut.wav"
    cut.write_bytes(whole[: len(whole) // 2])
    (result,) = await collect([cut], BatchSTT())
    assert isinstance(result.error, AudioLostError)
    ((start, end),) = result.error.lost
    assert start == pytest.approx(result.duration, abs=0.01)
    assert end == pytest.approx(2 * start, abs=0.1)


async def test_recordings_may_be_found_on_the_way() -> None:
    async def found() -> AsyncIterator[AudioFrame]:
        for number in (21, 22):
            await anyio.sleep(1)
            yield recording(number)
        raise OSError("the folder is gone")

    texts: list[str] = []
    with pytest.raises(OSError, match="the folder is gone"):
        async with transcribe_all(found(), BatchSTT(seconds=1), jobs=2) as results:
            async for result in results:
                texts.append(result.text)  # noqa: PERF401 - what came before the end counts
    assert texts == ["21", "22"]


async def test_an_engine_that_it_makes_is_closed_and_one_that_it_is_given_is_not() -> None:
    given = BatchSTT()
    made: list[BatchSTT] = []

    def make() -> BatchSTT:
        made.append(BatchSTT())
        return made[0]

    assert len(await collect([recording(20)], given)) == 1
    assert len(await collect([recording(20)], make)) == 1
    assert (given.closed, made[0].closed) == (False, True)


async def test_leaving_early_ends_what_is_under_way_and_keeps_the_own_exception() -> None:
    stt = BatchSTT(seconds=1)
    with pytest.raises(KeyError, match="mine"):
        async with transcribe_all(
            map(recording, itertools.cycle((24, 25, 26))), stt, jobs=4
        ) as results:
            async for _ in results:
                raise KeyError("mine")
    assert stt.now == 0
    with anyio.move_on_after(23.5) as scope:
        async with transcribe_all(
            map(recording, itertools.cycle((24, 25, 26))), stt, jobs=4
        ) as results:
            async for result in results:
                assert result.error is None
    assert scope.cancelled_caught
    assert stt.now == 0


async def test_a_cancelled_wait_for_a_result_loses_none() -> None:
    texts = []
    async with transcribe_all(
        map(recording, range(30, 23, -1)), BatchSTT(seconds=1), jobs=3
    ) as results:
        while True:
            with anyio.move_on_after(0.5):
                try:
                    texts.append((await anext(results)).text)
                except StopAsyncIteration:
                    break
    assert sorted(texts) == [str(number) for number in range(24, 31)]


async def test_a_recording_may_say_its_language_its_rate_and_its_channels() -> None:
    stereo = np.array([[20, 40]] * 8000, "i2")
    items = [
        Recording(stereo, sample_rate=8000, language="de"),
        Recording(stereo, sample_rate=8000),
    ]
    german, english = await collect(items, BatchSTT(), language="fr", jobs=1)
    assert (german.text, german.segments[0].language) == ("30", "de")
    assert english.segments[0].language == "fr"
    (second,) = await collect(items[:1], BatchSTT(), channels="2")
    assert second.text == "40"
    (third,) = await collect(items[:1], BatchSTT(), channels="3")
    assert "no channel 3" in str(third.error)


async def test_there_is_at_least_one_place() -> None:
    with pytest.raises(ValueError, match="jobs must be 1 or more, got 0"):
        await collect([], BatchSTT(), jobs=0)


@settings(max_examples=30)
@given(
    numbers=st.lists(st.integers(20, 29), max_size=30),
    jobs=st.integers(1, 5),
    backend=st.sampled_from(sorted(autojump_backends())),
)
def test_each_recording_has_one_result_whatever_happens(
    numbers: list[int], jobs: int, backend: str
) -> None:
    name, options = autojump_backends()[backend]
    stt = BatchSTT(seconds=0.1)
    frames = [recording(number, 0.01) for number in numbers]
    results = anyio.run(
        lambda: collect(frames, stt, jobs=jobs), backend=name, backend_options=options
    )
    assert sorted(id(each.recording) for each in results) == sorted(map(id, frames))
    for result in results:
        number = int(result.recording.to_array()[0])  # type: ignore[union-attr]
        assert (result.text, result.error is None) == (
            ("", False) if number == REFUSED else (str(number), True)
        )
    assert stt.most <= jobs


@pytest.mark.heavy
async def test_memory_does_not_grow_with_the_number_of_recordings() -> None:
    count = 10_000 if SOAK else 1_500
    frame = recording(20, 0.1)
    peaks = []
    for number in (count // 10, count):
        gc.collect()
        tracemalloc.start()
        heard = 0
        async with transcribe_all((frame for _ in range(number)), BatchSTT(), jobs=8) as results:
            async for result in results:
                heard += result.text == "20"
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert heard == number
    assert peaks[1] < peaks[0] + 200_000
