"""The command with the engine people get: right words, and no process left behind."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pocketsphinx")

TESTING = Path(str(files("anyio_stt"))) / "testing"
SPOKEN = TESTING / "spoken.wav"
ENGINE = ("--engine", "pocketsphinx")
WORDS = (TESTING / "spoken.txt").read_text(encoding="utf-8").split()

Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_recording_that_ships_is_understood_and_no_process_is_left(backend: str) -> None:
    with session("--backend", backend) as process:
        said = first_final(process)
        engines = children(process)
        output, errors = process.communicate(timeout=50)

        assert (said + output).decode().split() == WORDS
        assert errors == b""
        assert process.returncode == 0
        assert engines
        assert are_gone(engines)


def test_words_from_standard_input_have_times_within_the_recording(run_process: Run) -> None:
    result = run_process("transcribe", *ENGINE, "--format", "jsonl", "-", data=SPOKEN.read_bytes())

    finals = [json.loads(line) for line in result.stdout.splitlines()]
    words = [word for final in finals for word in final["words"]]
    assert [word["text"] for word in words] == WORDS
    times = [time for word in words for time in (word["start"], word["end"])]
    assert times == sorted(times)
    assert 0 <= times[0] < times[-1] <= 6.1


def test_the_list_of_engines_tells_what_it_can_do(run_process: Run) -> None:
    (line,) = [
        line for line in run_process("engines").stdout.decode().splitlines()
        if line.startswith("pocketsphinx")
    ]  # fmt: skip

    assert "streaming, interim results, word times" in line


# ---- no process left behind


@contextmanager
def session(*arguments: Any) -> Iterator[subprocess.Popen[bytes]]:
    """The command in a process group of its own, as a shell would start it."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "anyio_stt",
            "transcribe",
            *ENGINE,
            *map(str, arguments),
            str(SPOKEN),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def first_final(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], 30)[0], "no final came"
    return process.stdout.readline()


def children(process: subprocess.Popen[bytes]) -> list[int]:
    """Return the processes the command has started."""
    return [pid for pid, parent in running().items() if parent == process.pid]


def are_gone(processes: list[int]) -> bool:
    """Wait a little until none of them is left."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if not running().keys() & set(processes):
            return True
        time.sleep(0.05)
    return False


def running() -> dict[int, int]:
    """Return the parent of each process, without those that have ended and wait to be noticed."""
    if Path("/proc/self/stat").exists():
        rows = list(_linux_processes())
    else:
        listing = subprocess.run(
            ["ps", "-A", "-o", "pid=,stat=,ppid="], capture_output=True, text=True, check=True
        )
        rows = [line.split() for line in listing.stdout.splitlines()]
    return {int(pid): int(parent) for pid, state, parent in rows if not state.startswith("Z")}


def _linux_processes() -> Iterator[list[str]]:
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it may end meanwhile
            pid, _, rest = file.read_text().partition(" ")
            yield [pid, *rest.rpartition(")")[2].split()[:2]]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_ctrl_c_at_a_terminal_ends_the_engines_processes_too(backend: str) -> None:
    with session("--realtime", "--backend", backend) as process:
        said = first_final(process)
        engines = children(process)
        os.killpg(process.pid, signal.SIGINT)  # a terminal signals the whole group
        since = time.monotonic()
        output, errors = process.communicate(timeout=10)

        assert time.monotonic() - since < 2
        assert said.decode().split() == WORDS[:7]
        assert (output, errors) == (b"", b"")
        assert process.returncode == 130
        assert engines
        assert are_gone(engines)


def test_a_command_that_is_killed_leaves_no_process_of_the_engine() -> None:
    with session("--realtime") as process:
        first_final(process)
        engines = children(process)
        process.kill()
        process.communicate(timeout=10)

        assert engines
        assert are_gone(engines)
