from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading

import anyio
import pytest
from anyio import to_thread

from anyio_stt.testing import assert_no_leaks


def close(pipe: tuple[int, int]) -> None:
    for end in pipe:
        os.close(end)


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


async def test_a_block_that_cleans_up_passes() -> None:
    async with assert_no_leaks():
        await to_thread.run_sync(lambda: None)
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 1)


async def test_a_task_left_running_is_named() -> None:
    async with anyio.create_task_group() as group:
        with pytest.raises(AssertionError, match=r"left behind: task '.*forgotten"):
            async with assert_no_leaks():
                group.start_soon(anyio.sleep_forever, name="forgotten")
        group.cancel_scope.cancel()


async def test_a_thread_left_running_is_named() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, name="forgotten")
    with pytest.raises(AssertionError, match="thread 'forgotten'"):
        async with assert_no_leaks(grace=0.1):
            thread.start()
    stop.set()
    thread.join()


@pytest.mark.real_time
async def test_a_worker_thread_that_still_works_is_a_leak() -> None:
    stop = threading.Event()

    async def work_too_long() -> None:
        async with assert_no_leaks(grace=0.1):
            with anyio.move_on_after(0.05):
                await to_thread.run_sync(stop.wait, abandon_on_cancel=True)

    with pytest.raises(AssertionError, match="thread"):
        await work_too_long()
    stop.set()


async def test_a_thread_about_to_end_is_waited_for() -> None:
    async with assert_no_leaks():
        threading.Timer(0.1, lambda: None).start()


@linux
async def test_a_socket_left_open_is_named() -> None:
    with pytest.raises(AssertionError, match=r"file \d+ \(socket:"):
        async with assert_no_leaks(grace=0.1):
            left = socket.socket()
    left.close()


@linux
async def test_a_pipe_is_found_even_where_an_older_one_was() -> None:
    pipes = [os.pipe()]

    async def replace() -> None:
        async with assert_no_leaks(grace=0.1):
            close(pipes[0])
            pipes[0] = os.pipe()

    with pytest.raises(AssertionError, match="pipe:"):
        await replace()
    close(pipes[0])


@linux
async def test_a_child_process_is_named_until_it_is_waited_for() -> None:
    with pytest.raises(AssertionError, match=r"process \d+ \(.*sleep 60\)"):
        async with assert_no_leaks(kinds=["process"], grace=0.1):
            child = subprocess.Popen(["sleep", "60"])
    child.kill()
    child.wait()


@linux
async def test_a_child_process_that_nobody_waited_for_is_named() -> None:
    def leave() -> subprocess.Popen[bytes]:
        child = subprocess.Popen(["true"])
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        return child

    with pytest.raises(AssertionError, match="ended but never waited for"):
        async with assert_no_leaks(kinds=["process"], grace=0.1):
            child = leave()
    child.wait()


async def test_only_the_kinds_asked_for_are_looked_at() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    async with assert_no_leaks(kinds=["task"]):
        thread.start()
    stop.set()
    thread.join()


async def test_the_exception_of_the_block_comes_first() -> None:
    with pytest.raises(LookupError):
        async with assert_no_leaks():
            raise LookupError
