"""What a block leaves behind: tasks, threads, child processes, open files and sockets."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal, TypeAlias

import anyio
from anyio import to_thread
from anyio.lowlevel import checkpoint

__all__ = ("ALL_KINDS", "LeakKind", "assert_no_leaks", "find_leaks", "take_inventory")

LeakKind: TypeAlias = Literal["task", "thread", "process", "file"]
"""What can be left behind; sockets and pipes are files too."""

ALL_KINDS: tuple[LeakKind, ...] = ("task", "thread", "process", "file")

Inventory: TypeAlias = dict[tuple[LeakKind, object], str]
"""Everything there is at one moment: a key that is never used twice, and a name for people."""

_PROC = Path("/proc/self")
# Helpers of the interpreter and of anyio, kept for the next caller until the loop or the
# program ends.
_POOLED_THREADS = ("Trio thread", "asyncio_")
_POOLED_PROCESSES = ("multiprocessing.resource_tracker", "multiprocessing.forkserver", "to_process")


@asynccontextmanager
async def assert_no_leaks(
    *, kinds: Collection[LeakKind] = ALL_KINDS, grace: float = 1.0
) -> AsyncIterator[None]:
    """
    Fail when the block leaves a task, thread, child process, file or socket behind.

        async with assert_no_leaks():
            async with MySTT() as stt:
                ...

    Whatever else the event loop runs must not come and go meanwhile. Threads that anyio, trio or
    asyncio keep for the next call are no leak; a thread that still works is. Processes and files
    are found on systems that have `/proc`; elsewhere only what `multiprocessing` started is.

    When the block raises, that is raised and nothing is checked.

    Args:
        kinds: what to look for.
        grace: seconds of real time to wait for things that are about to end.

    Raises:
        AssertionError: naming each thing left behind.
    """
    before = take_inventory(kinds)
    yield
    leaks = await find_leaks(before, kinds=kinds, grace=grace)
    if leaks:
        raise AssertionError("left behind: " + "; ".join(leaks))


async def find_leaks(
    before: Inventory, *, kinds: Collection[LeakKind] = ALL_KINDS, grace: float = 1.0
) -> list[str]:
    """Return the names of what is there now and was not *before*."""
    for _ in range(5):  # what ends within a few passes of the loop needs no real time
        leaks = _new(before, kinds)
        if not leaks:
            return []
        await checkpoint()
    pause = threading.Event()
    for _ in range(round(grace / 0.02)):
        await to_thread.run_sync(pause.wait, 0.02)
        leaks = _new(before, kinds)
        if not leaks:
            break
    return leaks


def _new(before: Inventory, kinds: Collection[LeakKind]) -> list[str]:
    return [name for key, name in take_inventory(kinds).items() if key not in before]


def take_inventory(kinds: Collection[LeakKind] = ALL_KINDS) -> Inventory:
    """List what exists now, inside an event loop."""
    finders = {"task": _tasks, "thread": _threads, "process": _processes, "file": _files}
    return {(kind, key): f"{kind} {name}" for kind in kinds for key, name in finders[kind]()}


def _tasks() -> Iterator[tuple[object, str]]:
    # The coroutine is the key: keeping it keeps its identity from being used again.
    for task in anyio.get_running_tasks():
        yield task.coro, f"{task.name!r}"


def _threads() -> Iterator[tuple[object, str]]:
    for thread in threading.enumerate():
        if not _is_pooled(thread):
            yield thread, f"{thread.name!r}{' (daemon)' if thread.daemon else ''}"


def _is_pooled(thread: threading.Thread) -> bool:
    if thread.name.startswith(_POOLED_THREADS):
        return True
    idle = getattr(thread, "idle_workers", None)  # a worker of anyio's on asyncio
    return idle is not None and thread in idle


def _processes() -> Iterator[tuple[object, str]]:
    if not _PROC.exists():
        for child in multiprocessing.active_children():
            yield child.pid, f"{child.pid} ({child.name})"
        return
    for pid, started, state in _children():
        command = _command(pid)
        if not any(helper in command for helper in _POOLED_PROCESSES):
            ended = ", ended but never waited for" if state == "Z" else ""
            yield (pid, started), f"{pid} ({command or 'no command'}{ended})"


def _children() -> Iterator[tuple[int, str, str]]:
    """Find the children of this process: id, start time, state."""
    parent = str(os.getpid())
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it ended while we looked
                continue
            if fields[1] == parent:
                yield int(folder.name), fields[19], fields[0]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
    except OSError:
        return ""


def _files() -> Iterator[tuple[object, str]]:
    folder = _PROC / "fd"
    if not folder.exists():
        return
    for entry in list(folder.iterdir()):
        try:
            target = os.readlink(entry)
        except OSError:  # the descriptor of the listing itself
            continue
        if target == "/dev/null":  # uvloop keeps one open from its first listener on
            continue
        yield (entry.name, target), f"{entry.name} ({target})"
