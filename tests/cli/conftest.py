"""Recordings and ways to run the command."""

from __future__ import annotations

import os
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anyio_stt.cli import commands

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def fake_engines_are_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.setenv("PYTHONPATH", str(HERE), prepend=os.pathsep)


@pytest.fixture
def make_wav(tmp_path: Path) -> Callable[..., Path]:
    def make(
        name: str = "speech.wav", *, seconds: float = 3, rate: int = 8000, levels: Any = (1000,)
    ) -> Path:
        samples = np.tile(np.array(levels, "<i2"), (round(seconds * rate), 1))
        with wave.open(str(tmp_path / name), "wb") as file:
            file.setparams((len(levels), 2, rate, 0, "NONE", ""))
            file.writeframes(samples.tobytes())
        return tmp_path / name

    return make


@pytest.fixture
def run_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command in this process, which is quick."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: Any) -> subprocess.CompletedProcess[str]:
        words = [str(argument) for argument in arguments]
        code = commands.run(words)
        out, err = capfd.readouterr()
        return subprocess.CompletedProcess(words, code, out, err)

    return run


@pytest.fixture
def run_process(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run the command in a process of its own, as a shell does."""

    def run(*arguments: Any, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "anyio_stt", *map(str, arguments)],
            input=data,
            cwd=tmp_path,
            capture_output=True,
            timeout=50,
            check=False,
        )

    return run
