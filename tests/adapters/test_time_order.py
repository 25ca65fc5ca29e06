"""Finals of several channels in the order they were spoken."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import SpeechEvent
from anyio_stt.adapters.time_order import TimeOrder
from anyio_stt.testing import final

LONGEST = 5.0


@st.composite
def calls(draw: st.DrawFn) -> tuple[int, list[tuple[str, int, float, SpeechEvent | None]]]:
    """
    What the channels' engines do, in the order they do it, at the times they do it.

    Each channel's utterances follow one another; each is said as a final, or passed as silence.
    """
    channels = draw(st.integers(1, 4))
    queues: list[list[SpeechEvent | float]] = []
    for channel in range(channels):
        at, queue = 0.0, list[SpeechEvent | float]()
        for number in range(draw(st.integers(0, 6))):
            start = at + draw(st.integers(0, 8)) / 4
            at = start + draw(st.integers(1, 8)) / 4
            said = draw(st.booleans())
            queue.append(final(f"{channel}.{number}", start=start, end=at) if said else at)
        queues.append(queue)
    now, done = 0.0, list[tuple[str, int, float, SpeechEvent | None]]()
    while any(queues):
        channel = draw(st.sampled_from([each for each, queue in enumerate(queues) if queue]))
        now += draw(st.integers(0, 6)) / 4
        step = queues[channel].pop(0)
        if isinstance(step, float):
            done.append((f"silence until {step}", channel, now, None))
        else:
            done.append(("final", channel, now, step))
    return channels, done


@given(calls())
def test_whatever_the_order_of_arrival_finals_come_in_time_order_unless_the_bound_passed(
    call: tuple[int, list[tuple[str, int, float, SpeechEvent | None]]],
) -> None:
    channels, steps = call
    order = TimeOrder(channels, LONGEST)
    came: dict[str, float] = {}
    went: list[tuple[str, float, float]] = []  # text, start, when
    late = False  # whether one went because it had waited long enough

    def take(now: float) -> None:
        nonlocal late
        due = order.deadline <= now
        taken = order.take(now)
        late = late or (due and bool(taken))
        went.extend(
            (each.alternatives[0].text, each.alternatives[0].start_time, now) for each in taken
        )

    for what, channel, now, event in steps:
        while order.deadline <= now:  # as the stream's task would
            take(order.deadline)
        if event is None:
            order.settle(channel, float(what.rpartition(" ")[2]))
        else:
            came[event.alternatives[0].text] = now
            order.hold(channel, event, now)
        take(now)
    for channel in range(channels):
        order.settle(channel, float("inf"))
    take(steps[-1][2] if steps else 0.0)

    assert sorted(text for text, *_ in went) == sorted(came)  # none lost, none twice
    assert all(when - came[text] <= LONGEST for text, _, when in went)
    for channel in range(channels):
        own = [start for text, start, _ in went if text.startswith(f"{channel}.")]
        assert own == sorted(own)
    if not late:
        starts = [start for _, start, _ in went]
        assert starts == sorted(starts)


def test_one_channel_alone_never_waits() -> None:
    order = TimeOrder(1, LONGEST)
    order.hold(0, final("one", start=3.0, end=4.0), 0.0)

    assert [each.alternatives[0].text for each in order.take(0.0)] == ["one"]


def test_a_final_goes_as_soon_as_the_others_are_settled_up_to_where_it_began() -> None:
    order = TimeOrder(2, LONGEST)
    order.hold(0, final("one", start=3.0, end=4.0), 0.0)
    order.settle(1, 2.9)
    assert order.take(1.0) == []

    order.settle(1, 3.0)

    assert len(order.take(1.0)) == 1


def test_finals_of_an_engine_without_a_clock_keep_their_order_within_the_bound() -> None:
    order = TimeOrder(2, LONGEST)
    for number in range(3):
        order.hold(0, final(str(number)), float(number))
    order.settle(0, 7.0)
    order.hold(0, final("late"), 3.0)

    texts = [each.alternatives[0].text for each in order.take(3.0)]
    assert texts == ["0", "1", "2"]  # at 0 s of audio, before which nothing can begin
    assert order.deadline == 8.0
    assert [each.alternatives[0].text for each in order.take(8.0)] == ["late"]
