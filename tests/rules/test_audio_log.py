from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anyio_stt import AudioFrame
from anyio_stt._rules.audio_log import MARKER, AudioLog, Marker
from anyio_stt.audio.cutting import FrameCutter
from anyio_stt.testing import noise

SOUND = noise(1.0, sample_rate=8000)


def piece(start: int, stop: int) -> AudioFrame:
    return SOUND.slice(start, stop)


class Reader:
    """Reads a log as the core's reader does."""

    def __init__(self, log: AudioLog) -> None:
        self.log = log
        self.lent: Iterator[AudioFrame | Marker] = iter(())

    def read(self) -> AudioFrame | Marker | None:
        log = self.log
        for item in self.lent:
            return item
        if log.cursor == len(log.items):
            return None
        first: AudioFrame | Marker = log.items[log.cursor]
        reached = log.reached + first.samples_per_channel
        if reached > log.gate or log.cursor + 1 < len(log.items):
            log.take(first)
            self.lent = log.lend()
        else:
            assert isinstance(first, AudioFrame)
            log.items[log.cursor] = first.pcm
            log.cursor += 1
            log.reached = reached
        return first

    def rest(self) -> tuple[bytes, list[int]]:
        """All that is left: the samples, and after how many of them each marker stands."""
        data, markers = bytearray(), []
        while (item := self.read()) is not None:
            if isinstance(item, Marker):
                markers.append(len(data) // 2)
            else:
                data += item.data
        return bytes(data), markers


def log_of(*sizes: int, limit: float = 8000, pack_size: int = 0) -> tuple[AudioLog, Reader]:
    """Make a log of frames of these sizes; 0 is a marker."""
    log = AudioLog(limit, pack_size)
    at = 0
    for size in sizes:
        if size:
            log.items.append(piece(at, at + size))
        else:
            log.mark()
        at += size
    return log, Reader(log)


def sound(start: int, stop: int) -> bytes:
    return piece(start, stop).pcm


@pytest.mark.contract("S6")
def test_it_is_read_in_order_and_once() -> None:
    _, reader = log_of(100, 0, 50, 30)
    assert reader.rest() == (sound(0, 180), [100])
    assert reader.read() is None


@pytest.mark.contract("S16")
def test_audio_that_is_read_behind_a_marker_is_counted_by_its_own_format() -> None:
    stereo = AudioFrame(bytes(range(200)) * 2, 8000, 2, 100)
    log = AudioLog(limit=math.inf)
    log.mark()
    log.items.extend([stereo, stereo])
    reader = Reader(log)
    assert reader.read() is MARKER
    assert reader.read() == stereo
    assert log.position == 100
    assert log.rewind() == (0, 0)
    assert reader.rest() == (stereo.pcm * 2, [])  # what the marker ends is covered


@pytest.mark.contract("S16")
def test_rewinding_brings_back_what_was_not_covered() -> None:
    log, reader = log_of(100, 100, 0, 100)
    reader.rest()
    log.cover(150)
    assert log.rewind() == (150, 0)
    assert reader.rest() == (sound(150, 300), [50])


@pytest.mark.contract("S16")
def test_a_marker_whose_audio_is_covered_does_not_come_back_and_one_unread_stays() -> None:
    log, reader = log_of(100, 0, 100, 0)
    reader.read()
    reader.read()
    log.cover(100)
    assert log.rewind() == (100, 0)
    assert reader.rest() == (sound(100, 200), [100])


@pytest.mark.contract("S16")
def test_rewinding_before_anything_was_read_changes_nothing() -> None:
    log, reader = log_of(100, 0, 50)
    assert log.rewind() == (0, 0)
    assert log.rewind() == (0, 0)
    assert reader.rest() == (sound(0, 150), [100])


@pytest.mark.contract("S16")
@pytest.mark.parametrize("limit", [0, 1, 99, 100, 101, 250, 299, 300, 1000, math.inf])
@pytest.mark.parametrize("pack_size", [0, 120, 8000])
def test_what_is_lost_to_the_limit_is_told_to_the_sample(limit: float, pack_size: int) -> None:
    log, reader = log_of(100, 100, 100, 50, limit=limit, pack_size=pack_size)
    for _ in range(3):
        reader.read()
    lost = int(max(0, 300 - limit))
    assert log.kept == 300 - lost
    assert log.rewind() == (lost, lost)
    assert reader.rest()[0] == sound(lost, 350)


@pytest.mark.contract("S16")
def test_what_was_lost_is_told_once() -> None:
    log, reader = log_of(100, 100, limit=50)
    reader.rest()
    assert log.rewind() == (150, 150)
    assert log.rewind() == (150, 0)


def test_covering_goes_no_further_than_what_was_read_and_never_back() -> None:
    log, reader = log_of(100, 100)
    reader.read()
    log.cover(5000)
    assert log.covered == 100
    log.cover(20)
    assert log.covered == 100


@pytest.mark.contract("S16")
def test_an_attempt_that_fails_sooner_than_the_one_before_loses_nothing() -> None:
    log, reader = log_of(100, 100, 100)
    reader.rest()
    log.rewind()
    reader.read()
    assert (log.furthest, log.kept) == (300, 300)
    assert log.rewind() == (0, 0)
    assert reader.rest()[0] == sound(0, 300)


def test_what_waits_is_cut_anew_with_what_the_cutter_held() -> None:
    log, reader = log_of(100, 50)
    reader.read()
    log.recall()
    cutter = FrameCutter(40)
    cutter.push(piece(150, 160))
    log.recut(cutter)
    assert [item.samples_per_channel for item in log.items[log.cursor :]] == [40]
    assert cutter.held == 20
    assert reader.rest()[0] == sound(100, 140)


def test_clearing_lets_go_of_the_audio_and_keeps_the_positions() -> None:
    log, reader = log_of(100, 100)
    reader.read()
    log.clear()
    assert (log.items, log.position, log.furthest) == ([], 100, 100)
    assert reader.read() is None


def test_the_marker_says_what_it_is() -> None:
    assert repr(MARKER) == "<flush marker>"
    assert MARKER.samples_per_channel == 0


@pytest.mark.contract("S16", "S6")
@given(
    moves=st.lists(
        st.one_of(
            st.tuples(st.just("push"), st.integers(1, 400)),
            st.tuples(st.sampled_from(["mark", "rewind"]), st.just(0)),
            st.tuples(st.just("read"), st.integers(1, 5)),
            st.tuples(st.just("cover"), st.integers(0, 2500)),
        ),
        max_size=40,
    ),
    limit=st.sampled_from([0.0, 100.0, 777.0, math.inf]),
    pack_size=st.sampled_from([0, 500, 8000]),
)
@settings(max_examples=200)
def test_whatever_is_done_to_it_the_ledger_balances(
    moves: list[tuple[str, int]], limit: float, pack_size: int
) -> None:
    log = AudioLog(limit, pack_size)
    reader = Reader(log)
    written = dropped = 0
    heard, origin = bytearray(), 0
    for what, size in moves:
        if what == "push" and written + size <= 8000:
            log.items.append(piece(written, written + size))
            written += size
        elif what == "mark":
            log.mark()
        elif what == "read":
            for _ in range(size):
                item = reader.read()
                if isinstance(item, AudioFrame):
                    heard += item.data
        elif what == "cover":
            log.cover(min(size, log.position))
        elif what == "rewind":
            origin, lost = log.rewind()
            dropped += lost
            heard.clear()
            assert origin == log.covered == log.position
        assert bytes(heard) == sound(origin, origin + len(heard) // 2)
        assert log.position == origin + len(heard) // 2
        assert 0 <= log.kept <= limit
        assert log.covered <= log.furthest <= written
    heard += reader.rest()[0]
    assert bytes(heard) == sound(origin, written)
