"""`anyio-stt listen` with PortAudio itself, and a sound server that plays into a microphone."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import anyio_stt.testing

PROGRAMS = ("pulseaudio", "paplay", "pactl")
SPOKEN = Path(anyio_stt.testing.__file__).with_name("spoken.wav")
ALSA = """
pcm.!default { type pulse }
ctl.!default { type pulse }
pcm.virtual { type pulse device virtual_mic hint { show on description "virtual" } }
"""

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.timeout(180),
    pytest.mark.skipif(
        not all(map(shutil.which, PROGRAMS)) or ctypes.util.find_library("portaudio") is None,
        reason="apt install libportaudio2 libasound2-plugins pulseaudio pulseaudio-utils",
    ),
]


class SoundServer:
    """A PulseAudio with one sink, whose monitor is the microphone."""

    def __init__(self, folder: Path) -> None:
        (folder / ".asoundrc").write_text(ALSA)
        socket = folder / "native"
        self.env = os.environ | {
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_SERVER": f"unix:{socket}",
        }
        modules = (
            f"module-native-protocol-unix socket={socket} auth-anonymous=1",
            "module-null-sink sink_name=null rate=16000 channels=1 format=s16le",
            "module-remap-source master=null.monitor source_name=virtual_mic",
        )
        command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1"]
        command += ["--use-pid-file=no", "--disable-shm=1"]
        for module in modules:
            command += ["-L", module]
        self.process = subprocess.Popen(command, env=self.env, stderr=subprocess.DEVNULL)
        self._wait_until_it_answers()

    def _wait_until_it_answers(self) -> None:
        for _ in range(600):
            listed = self._run("pactl", "list", "short", "sources")
            if b"virtual_mic" in listed.stdout:
                return
            time.sleep(0.1)
        pytest.fail("the sound server does not answer")

    def _run(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(command, env=self.env, capture_output=True, timeout=60, check=False)

    def play(self) -> None:
        """Play the recording that comes with the package into the microphone."""
        assert self._run("paplay", "--device=null", str(SPOKEN)).returncode == 0

    def wait_until_recorded(self) -> None:
        """Wait until somebody listens to the microphone."""
        for _ in range(600):
            if self._run("pactl", "list", "short", "source-outputs").stdout.count(b"\n") > 1:
                return
            time.sleep(0.1)
        pytest.fail("nobody listens")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SoundServer]:
    server = SoundServer(tmp_path)
    yield server
    server.process.kill()
    server.process.wait(10)


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
        server.play()
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
