"""
The law of replay.

For any cut of the audio into frames, any set of failure points and any finals, the
concatenation of what finals cover is the audio that was pushed, once each; and when
`replay_limit` was exceeded, exactly the reported seconds are missing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given, settings
from hypothesis import strategies as st

from anyio_stt import (
    STT,
    APIConnectionError,
    APIConnectOptions,
    APIError,
    AudioFrame,
    RecognizeStream,
    SpeechEvent,
    SpeechEventType,
)
from anyio_stt.testing import ScriptedSTT, final, interim, noise
from anyio_stt.testing.strategies import chunkings

pytestmark = pytest.mark.any_clock

RATE = 16000
AUDIO = noise(0.6, seed=11)
TOTAL = AUDIO.samples_per_channel
SAMPLES = AUDIO.pcm


@pytest.fixture(autouse=True, scope="module")
def quiet() -> Iterator[None]:
    """Hundreds of failures would spend most of their time writing tracebacks to the log."""
    logger = logging.getLogger("anyio_stt")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(level)


@dataclass(frozen=True)
class Move:
    """
    What an engine does after it has read one more frame.

    Args:
        kind: "final" says one that covers a share of what it may cover; "clockless" one that
            covers all it read; "interim" guesses; "fail" ends the attempt; "pause" waits.
        share: of the audio read and not covered, how much a final covers.
    """

    kind: str
    share: float = 1.0


MOVES = st.one_of(
    st.builds(Move, st.just("final"), st.floats(0.0, 1.0)),
    st.builds(Move, st.sampled_from(["clockless", "interim", "fail", "pause", "read"])),
)


class Engine(RecognizeStream):
    """Plays moves, one for each item it reads, and notes what its finals cover."""

    def __init__(self, stt: STT, moves: list[Move], **options: Any) -> None:
        super().__init__(stt=stt, **options)
        self.moves = iter(moves)
        self.covered: list[tuple[int, bytes]] = []
        self.rate = options.get("sample_rate") or RATE

    async def _run(self) -> None:
        read = bytearray()
        said = 0  # samples of `read` that finals of this attempt cover
        async for item in self._input_ch:
            if not isinstance(item, self._FlushSentinel):
                assert item.samples_per_channel
                read += item.data
            said = await self._move(next(self.moves, Move("read")), read, said)
        self._say(read, said, len(read) // 2, clock=True)

    async def _move(self, move: Move, read: bytearray, said: int) -> int:
        have = len(read) // 2
        if move.kind == "fail":
            raise APIConnectionError("lost", retry_after=0)
        if move.kind == "pause":
            await checkpoint()
        elif move.kind == "interim":
            self._event_ch.send_nowait(interim("guess", end=have / self.rate))
        elif move.kind in ("final", "clockless"):
            clock = move.kind == "final"
            upto = said + round((have - said) * (move.share if clock else 1))
            return self._say(read, said, upto, clock=clock)
        return said

    def _say(self, read: bytearray, said: int, upto: int, *, clock: bool) -> int:
        if upto > said:
            data = bytes(read[said * 2 : upto * 2])
            self.covered.append((upto - said, data))
            end = upto / self.rate if clock else 0.0
            self._event_ch.send_nowait(final(str(upto), start=said / self.rate, end=end))
        return upto


def options(replay_limit: float) -> APIConnectOptions:
    return APIConnectOptions(replay_limit=replay_limit, max_retry=1000, max_pending_audio=1.0)


async def recognise(
    pieces: list[AudioFrame], flushes: set[int], moves: list[Move], **audio: Any
) -> tuple[Engine, list[SpeechEvent]]:
    limit = audio.pop("replay_limit", 60.0)
    stream = Engine(ScriptedSTT(), moves, conn_options=options(limit), **audio)
    events: list[SpeechEvent] = []

    failures: list[APIError] = []

    async def read() -> None:
        try:
            async for event in stream:
                events.append(event)  # noqa: PERF401 - what came counts if it fails
        except APIError as exc:  # kept out of the group
            failures.append(exc)

    with anyio.fail_after(60):
        async with stream, anyio.create_task_group() as tg:
            tg.start_soon(read)
            for number, piece in enumerate(pieces):
                await stream.send_frame(piece)
                if number in flushes:
                    stream.flush()
            stream.end_input()
    if failures:
        raise failures[0]
    return stream, events


@pytest.mark.contract("S16", "S6", "S17")
@given(
    pieces=chunkings(AUDIO, max_pieces=12),
    flushes=st.sets(st.integers(0, 12), max_size=4),
    moves=st.lists(MOVES, max_size=40),
    frame_duration=st.sampled_from([None, None, 0.02, 0.05]),
)
@settings(max_examples=150)
async def test_what_finals_cover_is_what_was_pushed_once_each(
    pieces: list[AudioFrame], flushes: set[int], moves: list[Move], frame_duration: float | None
) -> None:
    stream, events = await recognise(pieces, flushes, moves, frame_duration=frame_duration)
    assert b"".join(data for _, data in stream.covered) == SAMPLES
    numbers = stream.statistics()
    assert numbers.recognised == pytest.approx(TOTAL / RATE)
    assert numbers.dropped == 0
    assert numbers.pending == numbers.replay == 0
    assert_one_clock(events, stream.covered)


def assert_one_clock(events: list[SpeechEvent], covered: list[tuple[int, bytes]]) -> None:
    """Check that each final that has a time ends where the audio it covers ends."""
    said = [event for event in events if event.type is SpeechEventType.FINAL_TRANSCRIPT]
    assert len(said) == len(covered)
    position = 0
    for event, (samples, _) in zip(said, covered, strict=True):
        position += samples
        if event.alternatives[0].end_time:
            assert event.alternatives[0].end_time == pytest.approx(position / RATE)


@pytest.mark.contract("S16")
@given(
    pieces=chunkings(AUDIO, max_pieces=12),
    moves=st.lists(MOVES, max_size=40),
    limit=st.sampled_from([0.0, 0.013, 0.05, 0.1, 0.3]),
    frame_duration=st.sampled_from([None, None, 0.02, 0.05]),
)
@settings(max_examples=150)
async def test_past_the_limit_exactly_the_reported_seconds_are_missing(
    pieces: list[AudioFrame], moves: list[Move], limit: float, frame_duration: float | None
) -> None:
    # A stream that ends with all of the rest lost fails instead, which is proven elsewhere.
    moves = [*moves[:30], *[Move("read")] * 100]
    try:
        stream, _ = await recognise(
            pieces, set(), moves, replay_limit=limit, frame_duration=frame_duration
        )
    except APIError as exc:
        if "raise APIConnectOptions.replay_limit" in exc.message:
            return
        raise
    numbers = stream.statistics()
    heard = b"".join(data for _, data in stream.covered)
    assert len(SAMPLES) - len(heard) == 2 * round(numbers.dropped * RATE)
    assert numbers.recognised + numbers.dropped == pytest.approx(TOTAL / RATE)
    at = 0  # what is heard is the audio with gaps: in order, and nothing twice
    for _, data in stream.covered:
        at = SAMPLES.index(data, at) + len(data)


@pytest.mark.contract("S16")
@given(moves=st.lists(MOVES, max_size=40), pieces=chunkings(AUDIO, max_pieces=12))
@settings(max_examples=50)
async def test_resampled_audio_keeps_the_law(moves: list[Move], pieces: list[AudioFrame]) -> None:
    plain, _ = await recognise(pieces, set(), [], sample_rate=8000)
    stream, _ = await recognise(pieces, set(), moves, sample_rate=8000)
    assert b"".join(data for _, data in plain.covered) == b"".join(
        data for _, data in stream.covered
    )
