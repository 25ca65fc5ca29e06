"""What only the event loop itself can tell: which one it is, and which tasks start and stop."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from trio.lowlevel import Task as TrioTask

__all__ = ("cancelling", "current_task", "on_trio", "wake", "watching_new_tasks")

_Coro: TypeAlias = Coroutine[Any, Any, Any]


def on_trio() -> bool:
    """Whether trio runs us; otherwise asyncio does."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return True
    return False


def cancelling() -> int:
    """Return how many cancellations of this task nobody took back; 0 where that is not kept."""
    task = None if on_trio() else asyncio.current_task()
    count: Callable[[], int] = getattr(task, "cancelling", lambda: 0)  # Python 3.11 and later
    return count()


def watching_new_tasks(
    wrap: Callable[[_Coro], _Coro], on_suspend: Callable[[_Coro], None]
) -> AbstractContextManager[None]:
    """
    Call *on_suspend* whenever a task suspends that was started inside the block.

    Args:
        wrap: makes a coroutine tell of its suspensions; asyncio offers no other way.
        on_suspend: what trio calls by itself.
    """
    return _watching_trio(on_suspend) if on_trio() else _watching_asyncio(wrap)


@contextmanager
def _watching_asyncio(wrap: Callable[[_Coro], _Coro]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    former = loop.get_task_factory()

    def factory(loop: Any, coro: Any, **options: Any) -> asyncio.Task[Any]:
        options.pop("eager_start", None)  # a task must exist before its first step is counted
        return asyncio.Task(wrap(coro), loop=loop, **options)

    loop.set_task_factory(factory)
    try:
        yield
    finally:
        loop.set_task_factory(former)


@contextmanager
def _watching_trio(on_suspend: Callable[[_Coro], None]) -> Iterator[None]:
    import trio

    me = trio.lowlevel.current_task()
    family = {me}

    class Watcher(trio.abc.Instrument):
        def task_spawned(self, task: TrioTask) -> None:
            nursery = task.parent_nursery
            if nursery is not None and nursery.parent_task in family:
                family.add(task)

        def task_exited(self, task: TrioTask) -> None:
            family.discard(task)

        def after_task_step(self, task: TrioTask) -> None:
            if task in family and task is not me and _is_suspended(task.coro):
                on_suspend(task.coro)

    watcher = Watcher()
    trio.lowlevel.add_instrument(watcher)
    try:
        yield
    finally:
        trio.lowlevel.remove_instrument(watcher)


def _is_suspended(coro: Any) -> bool:
    return inspect.getcoroutinestate(coro) == inspect.CORO_SUSPENDED


def current_task() -> Any:
    """Return the event loop's own object for this task."""
    if on_trio():
        import trio

        return trio.lowlevel.current_task()
    return asyncio.current_task()


def wake(task: Any, error: Exception) -> None:
    """Raise in *task* at once, through whatever shield; only for tasks that are past saving."""
    if isinstance(task, asyncio.Task):
        task.cancel()  # anyio's shields do not hold this back
        return

    def raise_error() -> None:
        raise error

    # trio offers no public way through a shield: this is what its own cancellation calls.
    abort = getattr(task, "_attempt_abort", None)
    if abort is not None and getattr(task, "_abort_func", None) is not None:
        abort(raise_error)
