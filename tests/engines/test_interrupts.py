"""Ctrl-C in a program that waits for a server: it ends at once, and its `finally` blocks run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("interrupted.py")
TIMES = 100 if os.environ.get("ANYIO_STT_SOAK") else 2
LIMIT = 1.5  # a second, and a busy machine's half
NAMES = {"deepgram": "api", "openai": "api", "realtime": "api", "vosk": "no", "wyoming": "no"}


@pytest.mark.heavy
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("moment", ["OPENING", "DRAINING"])
def test_a_program_that_is_interrupted_ends_within_a_second(
    name: str, backend: str, moment: str
) -> None:
    for number in range(TIMES):
        told = random.Random(number).uniform(0.0, 0.3)
        command = [sys.executable, str(PROGRAM), name, backend, moment, NAMES[name]]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            time.sleep(told)
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=10)
            took = time.monotonic() - began
        finally:
            process.kill()
        assert out == b"finally\ninterrupted\n", err.decode()[-2000:]
        assert took < LIMIT, f"{name} took {took:.2f} s"
