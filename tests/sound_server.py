"""A PulseAudio whose microphone and loudspeaker are made up, for PortAudio itself."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

PROGRAMS = ("pulseaudio", "paplay", "pactl", "parec")
NEEDED = pytest.mark.skipif(
    not all(map(shutil.which, PROGRAMS)) or ctypes.util.find_library("portaudio") is None,
    reason="apt install libportaudio2 libasound2-plugins pulseaudio pulseaudio-utils",
)
ALSA = """
pcm.!default { type pulse }
ctl.!default { type pulse }
pcm.virtual { type pulse device virtual_mic hint { show on description "virtual" } }
"""


class SoundServer:
    """Has a microphone, into which is played, and a loudspeaker, of which is recorded."""

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
            "module-null-sink sink_name=speaker rate=22050 channels=1 format=s16le",
            "module-null-sink sink_name=null rate=16000 channels=1 format=s16le",
            "module-remap-source master=null.monitor source_name=virtual_mic",
        )
        command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1"]
        command += ["--use-pid-file=no", "--disable-shm=1"]
        for module in modules:
            command += ["-L", module]
        self.process = subprocess.Popen(command, env=self.env, stderr=subprocess.DEVNULL)
        self._wait_until_it_answers()
        self._run("pactl", "set-default-source", "virtual_mic")
        self._run("pactl", "set-default-sink", "speaker")

    def _wait_until_it_answers(self) -> None:
        for _ in range(600):
            listed = self._run("pactl", "list", "short", "sources")
            if b"virtual_mic" in listed.stdout:
                return
            time.sleep(0.1)
        pytest.fail("the sound server does not answer")

    def _run(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(command, env=self.env, capture_output=True, timeout=60, check=False)

    def play(self, recording: Path) -> None:
        """Play *recording* into the microphone, to its end."""
        assert self._run("paplay", "--device=null", str(recording)).returncode == 0

    def recording(self, path: Path) -> subprocess.Popen[bytes]:
        """Start to write what the loudspeaker plays into *path*, as samples."""
        command = ["parec", "--device=speaker.monitor", "--rate=16000", "--channels=1"]
        with path.open("wb") as file:
            return subprocess.Popen([*command, "--format=s16le"], env=self.env, stdout=file)

    def wait_until_recorded(self, listeners: int = 1) -> None:
        """Wait until somebody listens to the microphone; PulseAudio's own part counts once."""
        for _ in range(600):
            listed = self._run("pactl", "list", "short", "source-outputs").stdout
            if listed.count(b"\n") > listeners:
                return
            time.sleep(0.1)
        pytest.fail("nobody listens")

    def stop(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait(10)
