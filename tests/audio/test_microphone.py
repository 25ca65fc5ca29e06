"""A microphone: what the device's thread gives, and what goes wrong with devices."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from anyio import to_thread

from anyio_stt import AudioFrame
from anyio_stt.audio import Microphone, MicrophoneError, microphone, microphones
from tests.audio.fake_sounddevice import Card, PortAudioError

pytestmark = pytest.mark.real_time  # it has a thread


@pytest.fixture
def plug_in(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Card]:
    def plug(*names: str, default: int = 0) -> Card:
        card = Card(*names, default=default)
        monkeypatch.setitem(sys.modules, "sounddevice", card.module())
        return card

    return plug


@pytest.fixture
def card(plug_in: Callable[..., Card]) -> Card:
    return plug_in("built-in", "headset")


async def _first(mic: Microphone) -> AudioFrame:
    return await anext(aiter(mic))


async def test_what_another_thread_records_comes_as_frames(card: Card) -> None:
    with anyio.fail_after(60):
        async with microphone() as mic, anyio.create_task_group() as tg:
            frames: list[AudioFrame] = []

            async def listen() -> None:
                frames.append(await _first(mic))

            tg.start_soon(listen)
            await to_thread.run_sync(card.stream.give, 0.25)
    (frame,) = frames

    assert (frame.duration, frame.sample_rate, frame.num_channels) == (0.25, 16000, 1)
    assert set(frame.to_array()) == {1000}
    assert (mic.name, mic.duration, mic.lost, mic.overruns) == ("built-in", None, (), 0)
    assert card.stream.closes == 1


async def test_the_end_comes_behind_what_was_recorded(card: Card) -> None:
    with anyio.fail_after(60):
        async with microphone() as mic:
            card.stream.give(0.5)
            mic.stop()
            card.stream.give(0.5)  # nobody wants it any more
            assert [frame.duration async for frame in mic] == [0.5]


async def test_who_waits_is_woken_by_the_end(card: Card) -> None:
    with anyio.fail_after(60):
        async with microphone() as mic, anyio.create_task_group() as tg:

            async def listen() -> None:
                assert [frame async for frame in mic] == []

            tg.start_soon(listen)
            await anyio.wait_all_tasks_blocked()
            mic.stop()


async def test_what_nobody_reads_in_time_is_lost_and_named(
    card: Card, caplog: pytest.LogCaptureFixture
) -> None:
    with anyio.fail_after(60):
        async with microphone(max_pending_audio=1.0) as mic:
            for _ in range(30):
                card.stream.give(0.1)
            frames = aiter(mic)
            for _ in range(10):
                await anext(frames)
            card.stream.give(0.1, value=2000)
            mic.stop()
            *silence, last = [frame async for frame in mic]

    assert mic.lost == ((1.0, 3.0),)
    assert mic.overruns == 1
    assert sum(frame.duration for frame in silence) == 2.0
    assert (last.duration, int(last.to_array()[0])) == (0.1, 2000)
    assert "built-in lost 2.00 s at 1.00 s" in caplog.text


async def test_times_stay_those_of_the_clock_on_the_wall(card: Card) -> None:
    with anyio.fail_after(60):
        async with microphone() as mic:
            card.stream.give(0.5)
            card.stream.give(0.5, lost=2.5)
            mic.stop()
            frames = [frame async for frame in mic]

    assert sum(frame.duration for frame in frames) == 3.5
    assert [int(frame.to_array()[0]) for frame in frames] == [1000, 0, 0, 0, 1000]
    assert mic.lost == ((0.5, 3.0),)


async def test_a_loss_that_nothing_came_after_is_named_too(card: Card) -> None:
    with anyio.fail_after(60):
        async with microphone(max_pending_audio=1.0) as mic:
            card.stream.give(1.0)
            card.stream.give(0.5)
            mic.stop()
            assert [frame.duration async for frame in mic] == [1.0]

    assert mic.lost == ((1.0, 1.5),)


async def test_a_pause_is_left_out_and_no_loss(card: Card) -> None:
    with anyio.fail_after(60):
        async with microphone() as mic:
            card.stream.give(0.5)
            await mic.pause()
            assert mic.paused
            card.stream.give(0.5)
            await mic.resume()
            assert (mic.paused, card.stream.starts) == (False, 2)
            card.stream.give(0.25)
            mic.stop()
            assert [frame.duration async for frame in mic] == [0.5, 0.25]

    assert mic.lost == ()


async def test_a_device_that_is_gone_after_a_pause_is_told(card: Card) -> None:
    with anyio.fail_after(60):
        async with microphone() as mic:
            await mic.pause()
            card.fails = PortAudioError("Error starting stream", -9985)
            with pytest.raises(MicrophoneError, match="built-in gives nothing any more"):
                await mic.resume()


async def test_a_device_that_is_unplugged_gives_what_it_had_and_says_so(card: Card) -> None:
    heard = 0.0
    with anyio.fail_after(60):
        async with microphone() as mic:
            card.stream.give(0.5)
            card.stream.unplug()
            with pytest.raises(MicrophoneError, match="is it unplugged"):
                async for frame in mic:
                    heard += frame.duration

    assert heard == 0.5


async def test_leaving_the_block_by_cancellation_closes_the_device(card: Card) -> None:
    with anyio.fail_after(60), anyio.CancelScope() as scope:
        async with microphone() as mic, anyio.create_task_group() as tg:
            tg.start_soon(_first, mic)
            await anyio.wait_all_tasks_blocked()
            scope.cancel()

    assert card.stream.closes == 1


async def test_an_opening_that_is_given_up_leaves_nothing_open(card: Card) -> None:
    card.blocks = threading.Event()
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tg:

            async def open_it() -> None:
                async with microphone():
                    pytest.fail("it does not open")

            tg.start_soon(open_it)
            assert await to_thread.run_sync(card.opening.wait, 60)
            tg.cancel_scope.cancel()
        card.blocks.set()
        assert await to_thread.run_sync(card.closed.wait, 60)


@pytest.mark.parametrize(
    ("wanted", "name"), [(None, "built-in"), (1, "headset"), ("HEAD", "headset"), ("built-in", 0)]
)
async def test_a_device_is_chosen_by_number_or_by_name(
    wanted: int | str | None, name: str | int, card: Card
) -> None:
    async with microphone(wanted) as mic:
        assert name in (mic.device.name, mic.device.index)
        assert card.stream.settings["device"] == mic.device.index


async def test_devices_are_listed(card: Card) -> None:
    assert [(each.index, each.name, each.is_default) for each in microphones()] == [
        (0, "built-in", True),
        (1, "headset", False),
    ]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (-9997, "built-in does not record 8000 samples a second, but perhaps 16000"),
        (-9998, "built-in does not record 2 channels, but up to 2"),
        (-9985, "another program may have it"),
        (-9999, "built-in cannot be opened: reason"),
    ],
)
async def test_a_device_that_does_not_open_says_why(code: int, told: str, card: Card) -> None:
    card.fails = PortAudioError("Error opening RawInputStream: reason", code)
    with pytest.raises(MicrophoneError, match=told):
        async with microphone(sample_rate=8000, num_channels=2):
            pytest.fail("it opened")


async def test_a_name_that_fits_several_or_none_lists_what_there_is(
    plug_in: Callable[..., Card],
) -> None:
    plug_in("USB one", "USB two")
    for wanted, told in (
        ("usb", r"several devices: choose one of 0 \(USB one\), 1"),
        ("tape", r"no recording device is called 'tape'; there are: 0 \(USB one\), 1"),
        (7, "is called 7"),
    ):
        with pytest.raises(MicrophoneError, match=told):
            async with microphone(wanted):
                pytest.fail("it opened")


async def test_a_machine_without_a_microphone_is_told(plug_in: Callable[..., Card]) -> None:
    plug_in()
    with pytest.raises(MicrophoneError, match="the system has no recording device"):
        async with microphone():
            pytest.fail("it opened")


@pytest.mark.parametrize(
    ("body", "error", "told"),
    [
        ("raise OSError('PortAudio library not found')", MicrophoneError, "apt install"),
        ("raise Exception('host error')", MicrophoneError, "does not start: host error"),
        (None, ImportError, r"anyio-stt\[microphone\]"),
    ],
)
async def test_what_is_not_installed_is_told_with_its_command(
    body: str | None,
    error: type[Exception],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if body is None:
        monkeypatch.setitem(sys.modules, "sounddevice", None)
    else:
        (tmp_path / "sounddevice.py").write_text(body)
        monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
        monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(error, match=told):
        async with microphone():
            pytest.fail("it opened")


@pytest.mark.parametrize("name", ["sample_rate", "num_channels", "max_pending_audio"])
async def test_numbers_that_cannot_be_are_refused(name: str, card: Card) -> None:
    with pytest.raises(ValueError, match=f"{name} must be positive, got 0"):
        async with microphone(**{name: 0}):
            pytest.fail("it opened")
