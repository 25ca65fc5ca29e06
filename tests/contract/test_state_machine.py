"""
Any sequence of what users and engines can do, against the real stream, keeps every invariant.

Hypothesis makes a list of operations, one event loop run plays it, and a model beside it says
after each step what must be true. The model is the contract: the lifecycle table, the grammar,
and a ledger of samples.
"""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given, settings
from hypothesis import strategies as st

from anyio_stt import (
    APIConnectionError,
    APIConnectOptions,
    APIError,
    APIStatusError,
    AudioFrame,
    InputEndedError,
    RecognizeStream,
    SpeechEvent,
    SpeechEventType,
    StreamClosedError,
    StreamFullError,
)
from anyio_stt._rules.lifecycle import TRANSITIONS, Action, State
from anyio_stt.testing import (
    ScriptedSTT,
    end_of_speech,
    final,
    interim,
    noise,
    preflight,
    start_of_speech,
    usage,
)

pytestmark = pytest.mark.any_clock

RATE = 16000
SOUND = noise(30.0, seed=4)
PIECE = 160
LIMIT = 20 * PIECE


@pytest.fixture(autouse=True, scope="module")
def quiet() -> Iterator[None]:
    """Thousands of failures would spend most of their time writing tracebacks to the log."""
    logger = logging.getLogger("anyio_stt")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(level)


# ---- what can happen

# What ends a stream is rare, so that most sequences get somewhere before it comes.
USER = {"push": 8, "send": 2, "flush": 3, "read": 4, "cancelled read": 2, "wait": 2}
USER |= {"end": 1, "close": 1}
ENGINE = {"hear": 8, "final": 5, "clockless": 1, "interim": 3, "preflight": 1, "start": 2}
ENGINE |= {"end of speech": 2, "usage": 1, "silence": 1, "alive": 1, "fail": 4}
ENGINE |= {"refuse": 1, "bug": 1, "return": 1}


def names(weights: dict[str, int]) -> st.SearchStrategy[str]:
    return st.sampled_from([name for name, weight in weights.items() for _ in range(weight)])


@dataclass(frozen=True)
class Operation:
    """
    One thing that happens.

    Args:
        who: "user" does it, or the "engine".
        what: its name in `USER` or `ENGINE`.
        size: how many pieces are pushed; how much of what was heard a final covers, in tenths.
    """

    who: str
    what: str
    size: int = 1


OPERATIONS = st.lists(
    st.one_of(
        st.builds(Operation, st.just("user"), names(USER), st.integers(0, 8)),
        st.builds(Operation, st.just("engine"), names(ENGINE), st.integers(0, 10)),
    ),
    min_size=15,
    max_size=60,
)


class Stepped(RecognizeStream):
    """An engine that does what it is told, one step at a time."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.send_order, self.orders = anyio.create_memory_object_stream[Operation](1000)
        self.attempts: list[bytearray] = []
        self.origins: list[int] = []
        self.covered = bytearray()
        self.gaps: list[tuple[int, int]] = []
        self.lost = 0
        self.said = 0

    async def _run(self) -> None:
        heard = bytearray()
        self.attempts.append(heard)
        numbers = self.statistics()
        lost = round(numbers.dropped * RATE) - self.lost
        if lost:  # a gap: what is covered goes on after it
            self.gaps.append((len(self.covered) // 2, lost))
            self.lost += lost
        self.origins.append(round((numbers.recognised + numbers.dropped) * RATE))
        self.said = 0
        async for order in self.orders:
            if await self._obey(order, heard):
                return

    async def _obey(self, order: Operation, heard: bytearray) -> bool:
        what = order.what
        if what == "hear":
            with anyio.move_on_after(0):  # as far as there is something to hear
                for _ in range(order.size + 1):
                    try:
                        item = await self._input_ch.__anext__()
                    except StopAsyncIteration:
                        break
                    if not isinstance(item, self._FlushSentinel):
                        assert item.samples_per_channel
                        heard += item.data
        elif what in ("final", "clockless"):
            self._final(heard, order.size if what == "final" else 10, clock=what == "final")
        elif what == "silence":
            self._report_silence(self.said / RATE)
        elif what == "alive":
            self._report_alive()
        elif what == "fail":
            raise APIConnectionError("lost", retry_after=0)
        elif what == "refuse":
            raise APIStatusError("no", status_code=401)
        elif what == "bug":
            raise LookupError("a bug")
        elif what == "return":
            return True
        else:
            self._event_ch.send_nowait(self._event(what))
        return False

    def _final(self, heard: bytearray, tenths: int, *, clock: bool) -> None:
        have = len(heard) // 2
        upto = self.said + (have - self.said) * tenths // 10
        if upto > self.said:
            self.covered += heard[self.said * 2 : upto * 2]
            self.said = upto
            self._event_ch.send_nowait(final(str(upto), end=upto / RATE if clock else 0.0))

    def _event(self, what: str) -> SpeechEvent:
        return {
            "interim": interim("a"),
            "preflight": preflight("a"),
            "start": start_of_speech(),
            "end of speech": end_of_speech(),
            "usage": usage(0.0),
        }[what]


# ---- what must be true

MAY_FOLLOW = {
    "": "S",
    "S": "iFE",
    "i": "iFE",
    "F": "iFE",
    "E": "SF",  # the one exception: a FINAL may follow the END of its own segment
}
LETTERS = {
    SpeechEventType.START_OF_SPEECH: "S",
    SpeechEventType.INTERIM_TRANSCRIPT: "i",
    SpeechEventType.PREFLIGHT_TRANSCRIPT: "i",
    SpeechEventType.FINAL_TRANSCRIPT: "F",
    SpeechEventType.END_OF_SPEECH: "E",
}


def assert_grammar(events: list[SpeechEvent], *, whole: bool) -> None:
    spelling = "".join(LETTERS[e.type] for e in events if e.type in LETTERS)
    closed = True
    before = ""
    for letter in spelling:
        assert letter in MAY_FOLLOW[before], f"{letter} after {before} in {spelling}"
        if before == "E" and letter == "F":
            letter = "E"  # it belongs to the segment that has ended
        closed = letter == "E"
        before = letter
    assert closed or not whole, f"a segment was left open: {spelling}"


@dataclass
class Model:
    """What the contract says of the stream after each operation."""

    state: State = State.OPEN
    pushed: int = 0
    events: list[SpeechEvent] = field(default_factory=list)
    raised: list[Exception] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def expects(self, action: Action) -> type[Exception] | None:
        if action in TRANSITIONS[self.state]:
            return None
        if self.state in (State.DRAINING, State.FINISHED):
            return InputEndedError
        return StreamClosedError


def without(gaps: list[tuple[int, int]], sound: bytes) -> bytes:
    """Cut *gaps* out of *sound*: each after so many samples that are kept, so many long."""
    kept, at, done = bytearray(), 0, 0
    for position, lost in gaps:
        stop = at + (position - done) * 2
        kept += sound[at:stop]
        at, done = stop + lost * 2, position
    return bytes(kept + sound[at:])


def check(stream: Stepped, model: Model) -> None:
    numbers = stream.statistics()
    samples = {name: round(getattr(numbers, name) * RATE) for name in NUMBERS}
    assert samples["pushed"] == model.pushed
    accounted = ("recognised", "silent", "dropped", "pending", "replay")
    assert sum(samples[name] for name in accounted) == samples["pushed"]
    limit = round((stream._conn_options.replay_limit or 0.0) * RATE)
    assert samples["replay"] <= limit
    over = numbers.state in ("finished", "failed", "closed")
    if over:
        assert samples["pending"] == samples["replay"] == 0
    else:
        assert samples["delivered"] + samples["pending"] == samples["pushed"]
    assert samples["pending"] <= LIMIT
    assert samples["peak_pending"] <= LIMIT
    assert samples["recognised"] == len(stream.covered) // 2
    sound = SOUND.pcm[: model.pushed * 2]
    assert bytes(stream.covered) == without(stream.gaps, sound)[: len(stream.covered)]
    assert over or samples["dropped"] >= stream.lost
    for origin, heard in zip(stream.origins, stream.attempts, strict=True):
        assert bytes(heard) == sound[origin * 2 : origin * 2 + len(heard)]
    assert_grammar(model.events, whole=False)


NUMBERS = ["pushed", "delivered", "pending", "recognised", "silent", "replay", "dropped"]
NUMBERS += ["peak_pending"]


class Player:
    """Plays operations against a stream and keeps the model up to date."""

    def __init__(self, stream: Stepped) -> None:
        self.stream = stream
        self.model = Model()

    async def play(self, operation: Operation) -> None:
        if operation.who == "engine":
            with contextlib.suppress(anyio.WouldBlock, anyio.BrokenResourceError):
                self.stream.send_order.send_nowait(operation)
        else:
            await getattr(self, "do_" + operation.what.replace(" ", "_"))(operation.size)
        for _ in range(6):
            await checkpoint()
        self.follow()

    def follow(self) -> None:
        """Take over what the engine's own doings made of the state: only what the table allows."""
        now = State(self.stream.statistics().state)
        if now is not self.model.state:
            own = {Action.FINISH, Action.FAIL}
            assert now in {TRANSITIONS[self.model.state].get(action) for action in own}
            self.model.state = now
        check(self.stream, self.model)

    def attempt(self, action: Action, use: Any) -> bool:
        """Do *use* and check that it is refused exactly when the table refuses it."""
        self.model.state = State(self.stream.statistics().state)
        expected = self.model.expects(action)
        if expected is not None:
            with pytest.raises(expected):
                use()
            return False
        try:
            use()
        except StreamFullError:
            assert action is Action.PUSH
            return False
        self.model.state = TRANSITIONS[self.model.state][action]
        return True

    def piece(self, size: int) -> AudioFrame:
        return SOUND.slice(self.model.pushed, self.model.pushed + size * PIECE)

    async def do_push(self, size: int) -> None:
        frame = self.piece(size)
        room = LIMIT - round(self.stream.statistics().pending * RATE)
        taken = self.attempt(Action.PUSH, lambda: self.stream.push_frame(frame))
        if taken:
            self.model.pushed += frame.samples_per_channel
        elif self.model.state is State.OPEN:
            assert frame.samples_per_channel > room

    async def do_send(self, size: int) -> None:
        frame = self.piece(size)
        with anyio.move_on_after(0.0001):
            try:
                await self.stream.send_frame(frame)
            except (InputEndedError, StreamClosedError):
                return
            self.model.pushed += frame.samples_per_channel

    async def do_flush(self, size: int) -> None:
        self.attempt(Action.FLUSH, self.stream.flush)

    async def do_end(self, size: int) -> None:
        self.attempt(Action.END_INPUT, self.stream.end_input)

    async def do_close(self, size: int) -> None:
        async with anyio.create_task_group() as tg:
            for _ in range(1 + size % 3):
                tg.start_soon(self.stream.aclose)
        self.model.state = State.CLOSED
        assert self.stream.statistics().state == "closed"

    async def do_read(self, size: int) -> None:
        with anyio.move_on_after(0.0001):
            await self._read()

    async def do_cancelled_read(self, size: int) -> None:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tg:
                tg.start_soon(self._cancel_after, scope, size)
                await self._read()

    async def do_wait(self, size: int) -> None:
        for _ in range(size * 3):
            await checkpoint()

    async def _read(self) -> None:
        try:
            event = await self.stream.__anext__()
        except StopAsyncIteration:
            return
        except StreamClosedError:
            assert self.stream.statistics().state == "closed"
        except (APIError, LookupError) as exc:
            self.model.raised.append(exc)
            assert len(self.model.raised) == 1
        else:
            self.model.events.append(event)

    @staticmethod
    async def _cancel_after(scope: anyio.CancelScope, steps: int) -> None:
        for _ in range(steps):
            await checkpoint()
        scope.cancel()


def options(replay_limit: float) -> APIConnectOptions:
    return APIConnectOptions(
        max_pending_audio=LIMIT / RATE, max_retry=100, replay_limit=replay_limit
    )


LIMITS = st.sampled_from([60.0, 60.0, 0.05, 0.0])


@pytest.mark.contract("S4", "S6", "S7", "S9", "S11", "S12", "S13", "S14", "S16")
@given(operations=OPERATIONS, replay_limit=LIMITS)
@settings(max_examples=200)
async def test_any_sequence_of_operations_keeps_every_invariant(
    operations: list[Operation], replay_limit: float
) -> None:
    stream = Stepped(stt=ScriptedSTT(), conn_options=options(replay_limit))
    player = Player(stream)
    with anyio.fail_after(60):
        try:
            async with stream:
                for operation in operations:
                    await player.play(operation)
                await drain(player)
        except (APIError, LookupError) as exc:
            player.model.raised.append(exc)
    stream.send_order.close()
    stream.orders.close()
    assert len(player.model.raised) <= 1
    assert stream.statistics().state == "closed"


async def drain(player: Player) -> None:
    """Close, read what is left, and check the whole of what was said."""
    stream, model = player.stream, player.model
    kept = stream.statistics().unread_events
    closed_by_user = model.state is State.CLOSED
    await stream.aclose()
    if not (stream._core_launched and stream._core_delivery.iterated):
        return
    while True:
        try:
            model.events.append(await stream.__anext__())
        except StopAsyncIteration:
            break
        except (APIError, LookupError) as exc:
            model.raised.append(exc)
    if not closed_by_user:
        assert kept <= len(model.events)
    assert_grammar(model.events, whole=True)
    said = [event for event in model.events if event.type is SpeechEventType.FINAL_TRANSCRIPT]
    assert sum(bool(event.alternatives) for event in said) == len(said)


@pytest.mark.contract("S6", "S16", "S19")
@given(operations=OPERATIONS, patience=st.integers(0, 12), replay_limit=LIMITS)
@settings(max_examples=75)
async def test_several_tasks_that_interfere_keep_the_ledger(
    operations: list[Operation], patience: int, replay_limit: float
) -> None:
    stream = Stepped(stt=ScriptedSTT(), conn_options=options(replay_limit))
    player = Player(stream)
    seen: list[SpeechEvent] = []

    async def read() -> None:
        with contextlib.suppress(APIError, LookupError):
            async for event in stream:
                seen.append(event)
                for _ in range(patience):  # a slow consumer
                    await checkpoint()

    async def close_now_and_then() -> None:
        for _ in range(patience * 20):
            await checkpoint()
        if patience % 4 == 3:
            await stream.aclose()

    async def push() -> None:
        for operation in operations:
            if operation.what in ("push", "send", "flush", "end", "close"):
                name = operation.what
                with contextlib.suppress(RuntimeError, StreamFullError):
                    if name == "close":
                        return
                    await getattr(player, f"do_{name}")(operation.size)
            await checkpoint()

    async def order() -> None:
        for operation in operations:
            if operation.who == "engine":
                with contextlib.suppress(anyio.WouldBlock, anyio.BrokenResourceError):
                    stream.send_order.send_nowait(operation)
                await checkpoint()

    with anyio.fail_after(60), contextlib.suppress(APIError, LookupError):
        async with stream, anyio.create_task_group() as tg:
            tg.start_soon(read)
            tg.start_soon(close_now_and_then)
            tg.start_soon(order)
            await push()
            for _ in range(50):
                await checkpoint()
            check(stream, player.model)
            await stream.aclose()
    stream.send_order.close()
    stream.orders.close()
    check(stream, player.model)
    assert_grammar(seen, whole=True)
