"""`anyio-stt listen` with PortAudio itself, and a sound server that plays into a microphone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import anyio_stt.testing
from tests.sound_server import NEEDED, SoundServer

SPOKEN = Path(anyio_stt.testing.__file__).with_name("spoken.wav")

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(180), NEEDED]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SoundServer]:
    server = SoundServer(tmp_path)
    yield server
    server.stop()


def listening(server: SoundServer, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "anyio_stt", "listen", "--device", "virtual", *words],
        env=server.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_what_is_played_into_a_microphone_is_understood(backend: str, server: SoundServer) -> None:
    pytest.importorskip("pocketsphinx")
    words = ("--engine", "pocketsphinx", "--backend", backend, "--until-silence", "3")
    with listening(server, *words) as process:
        server.wait_until_recorded()
        server.play(SPOKEN)
        said, errors = process.communicate(timeout=90)

    assert "this speech was made by a machine" in said
    assert (process.returncode, errors) == (0, "")


def test_a_sound_server_that_dies_is_one_line(server: SoundServer) -> None:
    with listening(server, "--engine", "pocketsphinx") as process:
        server.wait_until_recorded()
        server.process.kill()
        _, errors = process.communicate(timeout=90)

    assert process.returncode == 1
    assert errors.count("\n") == 1
    assert "is it unplugged?" in errors
