"""Ctrl-C, a closed pipe, a terminal: the command as a person meets it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

COUNTING = "fake_engines:CountingSTT"
MakeWav = Callable[..., Path]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals of POSIX")


@contextmanager
def started(
    *arguments: Any,
    stdin: int | None = None,
    stdout: int = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
    env: dict[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "anyio_stt", "transcribe", "--engine", COUNTING]
    command += map(str, arguments)
    process = subprocess.Popen(
        command,
        bufsize=0,  # so that `select` sees the second of two lines that come together
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=env,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(60)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def read_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], 60)[0], "nothing came"
    return process.stdout.readline()


def read_until(process: subprocess.Popen[bytes], text: bytes) -> None:
    assert process.stdout is not None
    said = b""
    while text not in said:
        assert select.select([process.stdout], [], [], 20)[0], "nothing came"
        said += os.read(process.stdout.fileno(), 65536)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_ends_at_once_with_what_was_final_printed(
    backend: str, number: signal.Signals, code: int, make_wav: MakeWav
) -> None:
    path = make_wav(seconds=3)

    with started("--backend", backend, "--option", "stall_after=1", path) as process:
        assert read_line(process) == b"second 1 peak 1000 channels 1\n"
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)

    assert (output, errors) == (b"", b"")
    assert process.returncode == code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_was_ended_from_outside_is_gone_on_with(
    number: signal.Signals, make_wav: MakeWav, tmp_path: Path
) -> None:
    out, flag = tmp_path / "out.srt", tmp_path / "flag"
    arguments = ("--option", f"stall_once={flag}", "-o", "-", "-o", out, make_wav(seconds=4))

    with started(*arguments) as process:
        read_until(process, b"second 2")
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    told = b"run the same command again to continue from 2.0 s" in errors
    assert told is (number == signal.SIGINT)
    assert out.exists() is (number == signal.SIGINT)

    with started(*arguments) as process:
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, b"speech.wav: continuing from 2.0 s\n")
    assert out.read_text().count("-->") == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flag", "out.srt", "speech.wav"]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_ctrl_c_ends_the_wait_for_a_silent_standard_input(backend: str) -> None:
    with started("--backend", backend, "--raw-rate", 8000, "-", stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(bytes(16000))
        process.stdin.flush()
        assert read_line(process) == b"second 1 peak 0 channels 1\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)

    assert errors == b""
    assert process.returncode == 130


def test_a_reader_that_goes_away_ends_the_command_without_a_traceback(make_wav: MakeWav) -> None:
    with started("--realtime", make_wav(seconds=5)) as process:
        read_line(process)
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, errors = process.communicate(timeout=60)

    assert errors == b""
    assert process.returncode not in (0, 130)


def test_a_terminal_shows_guesses_progress_and_finals(make_wav: MakeWav) -> None:
    written, code = on_a_terminal(make_wav(seconds=2))

    assert code == 0
    assert "perhaps 0.5" in written
    assert "speech.wav" in written
    assert "/0:02" in written
    assert "x 0:0" in written
    assert "left" in written
    assert written.rindex("second 2 peak 1000") > written.index("second 1 peak 1000")
    last = written[written.rindex("second 2 peak 1000") :]
    assert "perhaps" not in last  # the guess is cleared
    assert last.rstrip().endswith("\x1b[2K")  # and so is the bar


def test_a_terminal_shows_progress_while_the_transcript_goes_to_a_pipe(make_wav: MakeWav) -> None:
    reading, writing = os.pipe()
    written, code = on_a_terminal(make_wav(seconds=2), stdout=writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        transcript = pipe.read()

    assert code == 0
    assert transcript == b"second 1 peak 1000 channels 1\nsecond 2 peak 1000 channels 1\n"
    assert "/0:02" in written
    assert "second 1" not in written


def on_a_terminal(path: Path, stdout: int | None = None) -> tuple[str, int]:
    """Return what the command wrote to a terminal, and its exit code."""
    import pty

    main, terminal = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "200", "LINES": "24"}
    with started(
        "--realtime",
        path,
        stdin=terminal,
        stdout=terminal if stdout is None else stdout,
        stderr=terminal,
        env=environment,
    ) as process:
        os.close(terminal)
        written = b"".join(iter(lambda: _read(main), b""))
        code = process.wait(60)
    os.close(main)
    return written.decode(), code


def _read(fd: int) -> bytes:
    assert select.select([fd], [], [], 60)[0], "nothing came"
    try:
        return os.read(fd, 65536)
    except OSError:  # how Linux tells that the other side is closed
        return b""
