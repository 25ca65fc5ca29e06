from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import AudioFrame
from anyio_stt._rules.replay_log import MARKER, Item, ReplayLog
from anyio_stt.testing import noise

RATE = 8000
SOUND = noise(0.05, seed=3, sample_rate=RATE, num_channels=2)  # 400 samples
FRAME = 10


def read(log: ReplayLog, items: list[Item]) -> None:
    for item in items:
        if isinstance(item, AudioFrame):
            log.items.append(item.pcm)
            log.position += item.samples_per_channel
        else:
            log.items.append(item)


def frames(start: int, stop: int) -> list[Item]:
    return [SOUND.slice(each, min(each + FRAME, stop)) for each in range(start, stop, FRAME)]


def rewind(log: ReplayLog, refused: list[tuple[int, int]] | None = None) -> tuple[int, int, bytes]:
    origin, lost, items = log.rewind(RATE, 2, refused or [])
    return origin, lost, b"".join(each.pcm for each in items if isinstance(each, AudioFrame))


def test_a_retry_hears_the_frames_it_was_read_in_the_first_one_cut() -> None:
    log = ReplayLog(1000)
    read(log, [*frames(0, 20), MARKER, *frames(20, 40)])
    log.cover(13)
    origin, lost, items = log.rewind(RATE, 2)
    assert (origin, lost) == (13, 0)
    assert items == [SOUND.slice(13, 20), MARKER, SOUND.slice(20, 30), SOUND.slice(30, 40)]


def test_a_marker_at_the_beginning_has_been_answered() -> None:
    log = ReplayLog(1000)
    read(log, [*frames(0, 20), MARKER, *frames(20, 30)])
    log.cover(20)
    assert log.rewind(RATE, 2)[2] == frames(20, 30)


def test_what_is_too_old_is_let_go_and_lost_only_when_an_attempt_fails() -> None:
    log = ReplayLog(25)
    read(log, frames(0, 60))
    log.trim(2)
    assert sum(len(each) for each in log.items if isinstance(each, bytes)) <= 30 * 4
    log.cover(40)
    assert rewind(log) == (40, 0, SOUND.slice(40, 60).pcm)
    read(log, frames(40, 100))
    assert rewind(log) == (75, 35, SOUND.slice(75, 100).pcm)


def test_what_was_refused_is_heard_again_as_silence() -> None:
    log = ReplayLog(1000)
    read(log, frames(0, 40))
    log.cover(5)
    _, _, pcm = rewind(log, [(15, 22)])
    assert pcm == SOUND.slice(5, 15).pcm + bytes(7 * 4) + SOUND.slice(22, 40).pcm


def test_an_attempt_that_fails_before_it_has_caught_up_forgets_nothing() -> None:
    log = ReplayLog(1000)
    read(log, frames(0, 40))
    log.rewind(RATE, 2)
    read(log, frames(0, 10))
    assert (log.position, log.furthest, log.replayed) == (10, 40, 10)
    assert rewind(log) == (0, 0, SOUND.slice(0, 10).pcm)  # the rest waits in the channel


def test_what_is_settled_beyond_what_an_attempt_has_read_keeps_the_clock() -> None:
    """As where an utterance was given up before, and all that is in front of it is answered."""
    log = ReplayLog(1000)
    read(log, frames(0, 40))
    log.rewind(RATE, 2, [(10, 30)])
    read(log, frames(0, 20))
    log.cover(30)
    assert rewind(log) == (20, 0, b"")  # the rest waits in the channel, and begins there
    assert log.position == 20
    read(log, frames(20, 40))
    assert rewind(log) == (30, 0, SOUND.slice(30, 40).pcm)


@given(
    limit=st.integers(0, 100),
    steps=st.lists(
        st.tuples(st.sampled_from(["read", "cover", "rewind", "trim"]), st.integers(1, 40))
    ),
)
def test_what_is_heard_again_is_what_was_read_and_not_covered(
    limit: int, steps: list[tuple[str, int]]
) -> None:
    log, waiting = ReplayLog(limit), frames(0, 400)
    for step, number in steps:
        if step == "read":
            read(log, waiting[: number // 4])
            del waiting[: number // 4]
        elif step == "cover":
            log.cover(log.covered + number)
        elif step == "trim":
            log.trim(2)
        else:
            covered, position = log.covered, log.position
            origin, lost, items = log.rewind(RATE, 2)
            assert origin == log.position == min(covered + lost, position)
            assert lost == max(0, log.furthest - limit - covered)
            heard = b"".join(each.pcm for each in items if isinstance(each, AudioFrame))
            assert heard == SOUND.slice(origin, position).pcm
            waiting = items + waiting
            left = b"".join(each.pcm for each in waiting if isinstance(each, AudioFrame))
            assert left == SOUND.slice(origin, SOUND.samples_per_channel).pcm
