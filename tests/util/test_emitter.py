from __future__ import annotations

import functools
import logging

import pytest

from anyio_stt._util.emitter import EventEmitter


@pytest.mark.contract("S21")
def test_listeners_are_called_in_the_order_they_came() -> None:
    emitter, seen = EventEmitter(), list[object]()
    emitter.on("a", lambda value: seen.append(("first", value)))
    emitter.on("a", lambda value: seen.append(("second", value)))
    emitter.on("b", lambda value: seen.append(("other", value)))
    emitter.emit("a", 1)
    assert seen == [("first", 1), ("second", 1)]


@pytest.mark.contract("S21")
def test_one_that_raises_is_logged_and_the_others_are_called(
    caplog: pytest.LogCaptureFixture,
) -> None:
    emitter, seen = EventEmitter(), list[object]()

    def bad(value: object) -> None:
        raise LookupError("a listener's bug")

    emitter.on("a", bad)
    emitter.on("a", seen.append)
    with caplog.at_level(logging.ERROR, "anyio_stt"):
        emitter.emit("a", 1)
    assert seen == [1]
    assert "bad" in caplog.text
    assert "a listener's bug" in caplog.text


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_ends_it(stop: type[BaseException]) -> None:
    emitter = EventEmitter()

    def leave() -> None:
        raise stop

    emitter.on("a", leave)
    with pytest.raises(stop):
        emitter.emit("a")


def test_off_ends_it_and_is_no_error_for_a_stranger() -> None:
    emitter, seen = EventEmitter(), list[int]()

    def listener(value: int) -> None:
        seen.append(value)

    emitter.on("a", listener)
    emitter.off("a", listener)
    emitter.off("a", listener)
    emitter.off("never", listener)
    emitter.emit("a", 1)
    assert seen == []


def test_once_is_called_once() -> None:
    emitter, seen = EventEmitter(), list[int]()
    emitter.once("a", seen.append)
    emitter.emit("a", 1)
    emitter.emit("a", 2)
    assert seen == [1]


def test_a_listener_that_leaves_while_it_is_called_disturbs_nobody() -> None:
    emitter, seen = EventEmitter(), list[str]()

    def leaver() -> None:
        seen.append("leaver")
        emitter.off("a", leaver)

    emitter.on("a", leaver)
    emitter.on("a", lambda: seen.append("other"))
    emitter.emit("a")
    emitter.emit("a")
    assert seen == ["leaver", "other", "other"]


def test_a_listener_is_given_as_many_arguments_as_it_takes() -> None:
    emitter, seen = EventEmitter(), list[object]()
    emitter.on("a", lambda: seen.append(0))
    emitter.on("a", lambda one: seen.append(one))
    emitter.on("a", lambda one, two=None: seen.append((one, two)))
    emitter.on("a", lambda *every: seen.append(every))
    emitter.on("a", functools.partial(lambda own, one: seen.append((own, one)), "own"))
    emitter.emit("a", 1, 2)
    assert seen == [0, 1, (1, 2), (1, 2), ("own", 1)]


def test_a_coroutine_function_is_refused_because_nobody_would_await_it() -> None:
    async def listener() -> None: ...

    with pytest.raises(ValueError, match="coroutine function"):
        EventEmitter().on("a", listener)


class Doorbell(EventEmitter):
    EVENTS = frozenset({"rings", "error"})


def test_a_name_that_is_nearly_an_event_is_refused_with_the_right_one() -> None:
    with pytest.raises(ValueError, match=r"Doorbell has no event 'eror'; is it 'error'\?"):
        Doorbell().on("eror", lambda: None)
    Doorbell().on("error", lambda: None)


def test_an_engine_may_emit_events_of_its_own() -> None:
    bell, heard = Doorbell(), list[str]()
    bell.on("battery_low", lambda: heard.append("low"))
    bell.emit("battery_low")
    assert heard == ["low"]
