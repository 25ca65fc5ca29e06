"""Runs a scenario again and again, cancelled each time at another of its checkpoints."""

from __future__ import annotations

import asyncio
import inspect
import random
from collections.abc import Awaitable, Callable, Collection, Coroutine
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import anyio

from .backends import cancelling, on_trio, watching_new_tasks
from .stepping import Stepped, where

__all__ = ("CancelHow", "CancelReport", "Checkpoint", "cancel_everywhere")

CancelHow: TypeAlias = Literal["scope", "sibling", "native"]
"""
Who cancels: a cancel scope around the scenario, a task beside it that fails, or (on asyncio
only) `Task.cancel()`.
"""

Scenario: TypeAlias = Callable[[], Coroutine[Any, Any, object]]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """
    One suspension of the scenario.

    Args:
        number: its number, counted from 1.
        place: the line that waited.
    """

    number: int
    place: str


@dataclass(frozen=True, slots=True)
class CancelReport:
    """
    What `cancel_everywhere` did.

    Args:
        checkpoints: every suspension of the run that nobody cancelled.
        runs: how many runs were cancelled.
        how: who cancelled them.
    """

    checkpoints: tuple[Checkpoint, ...]
    runs: int
    how: tuple[CancelHow, ...]

    @property
    def places(self) -> dict[str, int]:
        """How many checkpoints each line has."""
        counts: dict[str, int] = {}
        for each in self.checkpoints:
            counts[each.place] = counts.get(each.place, 0) + 1
        return counts


class _SiblingFailedError(Exception):
    """What the task beside the scenario fails with."""


async def cancel_everywhere(
    scenario: Scenario,
    *,
    check: Callable[[], Awaitable[object] | None] | None = None,
    how: Collection[CancelHow] | None = None,
    tasks: Literal["own", "all"] = "own",
    sample: int | None = None,
    seed: int = 0,
    deadline: float = 5.0,
) -> CancelReport:
    """
    Run *scenario* once to count its checkpoints, then cancel it at each of them in turn.

        report = await cancel_everywhere(use_my_stream, check=nothing_is_lost)

    A cancelled run may finish or be cancelled, but must raise nothing else, and on asyncio it must
    leave the task's `cancelling()` count unchanged. If a run has fewer checkpoints than the first,
    it just ends.

    Args:
        scenario: an async function without arguments, which sets up all it needs.
        check: called after every run, cancelled or not; raise to fail. May be async.
        how: who cancels; everything the event loop knows by default.
        tasks: whose suspensions count: those of the task that runs the scenario, or those of
            every task started meanwhile, the engine's too.
        sample: the most checkpoints to try, chosen by *seed*, always including the first and the
            last; all by default.
        seed: chooses the sample.
        deadline: seconds one run may take.

    Raises:
        AssertionError: when a run or the check failed; it says where the run was cancelled, and
            its cause is what was raised.
    """
    kinds = tuple(how) if how is not None else _every_way()
    places: list[str] = []
    await _run(scenario, check, _Trigger(0, places), "scope", tasks, deadline, "uncancelled")
    numbers = _sample(len(places), sample, random.Random(seed))
    for kind in kinds:
        for number in numbers:
            trigger = _Trigger(number, [])
            title = f"cancelled by {kind} at checkpoint {number} of {len(places)}"
            title += f" ({places[number - 1]})"
            await _run(scenario, check, trigger, kind, tasks, deadline, title)
    checkpoints = tuple(Checkpoint(number, place) for number, place in enumerate(places, 1))
    return CancelReport(checkpoints, len(kinds) * len(numbers), kinds)


def _every_way() -> tuple[CancelHow, ...]:
    return ("scope", "sibling") if on_trio() else ("scope", "sibling", "native")


def _sample(count: int, limit: int | None, rng: random.Random) -> list[int]:
    everything = list(range(1, count + 1))
    if limit is None or count <= limit or count < 3:
        return everything
    inner = rng.sample(everything[1:-1], max(0, limit - 2))
    return sorted([1, count, *inner])


class _Trigger:
    """Counts suspensions and pulls at the one it was made for."""

    def __init__(self, number: int, places: list[str]) -> None:
        self._number = number
        self._places = places
        self._count = 0
        self.pull: Callable[[], object] = lambda: None

    def watch(self, coro: Coroutine[Any, Any, Any]) -> Coroutine[Any, Any, Any]:
        """Count the suspensions of *coro*."""
        return Stepped(coro, lambda: self._suspended(coro))

    async def watch_all(self, coro: Coroutine[Any, Any, Any]) -> None:
        """Count the suspensions of *coro*, and of all tasks that start while it runs."""
        with watching_new_tasks(self.watch, self._suspended):
            await self.watch(coro)

    def _suspended(self, coro: Coroutine[Any, Any, Any]) -> None:
        self._count += 1
        if not self._number:
            self._places.append(where(coro))
        elif self._count == self._number:
            self.pull()


async def _run(
    scenario: Scenario,
    check: Callable[[], Awaitable[object] | None] | None,
    trigger: _Trigger,
    how: CancelHow,
    tasks: Literal["own", "all"],
    deadline: float,
    title: str,
) -> None:
    runner = {"scope": _by_scope, "sibling": _by_sibling, "native": _by_task}[how]
    try:
        with anyio.fail_after(deadline):
            watch = trigger.watch_all if tasks == "all" else trigger.watch
            await runner(watch(scenario()), trigger)
        if check is not None:
            outcome = check()
            if inspect.isawaitable(outcome):
                await outcome
    except Exception as exc:
        raise AssertionError(f"{title}: {type(exc).__name__}: {exc}") from exc


async def _by_scope(coro: Coroutine[Any, Any, object], trigger: _Trigger) -> None:
    counted = cancelling()
    with anyio.CancelScope() as scope:
        trigger.pull = scope.cancel
        await coro
    _check_count(counted)


async def _by_sibling(coro: Coroutine[Any, Any, object], trigger: _Trigger) -> None:
    pulled = anyio.Event()
    trigger.pull = pulled.set

    async def fail_when_pulled() -> None:
        await pulled.wait()
        raise _SiblingFailedError

    errors: list[BaseException] = []

    async def run() -> None:
        try:
            await coro
        except Exception as exc:  # noqa: BLE001 - kept out of the sibling's group
            errors.append(exc)
        task_group.cancel_scope.cancel()

    try:
        async with anyio.create_task_group() as task_group:
            task_group.start_soon(fail_when_pulled)
            await run()
    except BaseException as exc:
        if not _is_sibling(exc):
            raise
    if errors:
        raise errors[0]


def _is_sibling(exc: BaseException) -> bool:
    inner = getattr(exc, "exceptions", None)
    return inner is not None and all(isinstance(each, _SiblingFailedError) for each in inner)


async def _by_task(coro: Coroutine[Any, Any, object], trigger: _Trigger) -> None:
    pulls = 0
    task: asyncio.Task[Any] | None = None

    def pull() -> None:
        nonlocal pulls
        pulls += 1
        assert task is not None
        task.cancel()

    async def run() -> None:
        nonlocal task
        task = asyncio.current_task()  # here, because an eager task runs before it is returned
        try:
            await coro
        finally:
            _check_count(pulls)

    trigger.pull = pull
    running = asyncio.get_running_loop().create_task(run())
    try:
        await asyncio.wait({running})
    finally:
        running.cancel()
    if not running.cancelled():
        running.result()


def _check_count(expected: int) -> None:
    if cancelling() > expected:
        raise AssertionError(
            f"Task.cancelling() is {cancelling()}, but the task was cancelled {expected} times: "
            f"a cancellation was made and never taken back"
        )
