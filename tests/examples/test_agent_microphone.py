"""The agent that can be interrupted, with a microphone and a loudspeaker of PortAudio's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anyio_stt import AudioFrame
from anyio_stt.testing import spoken
from tests.sound_server import NEEDED, SoundServer

PROGRAM = Path(__file__).parents[2] / "docs" / "examples" / "agent.py"
VOICE = """#!{python}
import sys
sys.path.insert(0, {root!r})
import numpy as np
from anyio_stt import AudioFrame
from tests.engines.sherpa.ten_words.speech import RATE, TO_TRY, Speaker
said = Speaker().say(sys.argv[-1], TO_TRY[0])
hum = 0.1 * np.sin(np.arange(20 * RATE, dtype=np.float32))  # long enough for any machine
sys.stdout.buffer.write(AudioFrame.from_array(np.concatenate([said, hum]), RATE).to_wav_bytes())
"""

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(180), NEEDED]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SoundServer]:
    server = SoundServer(tmp_path)
    yield server
    server.stop()


def wav(path: Path, samples: np.ndarray[Any, Any]) -> Path:
    after = np.zeros(32000, np.int16)
    path.write_bytes(AudioFrame.from_array(np.concatenate([samples, after]), 16000).to_wav_bytes())
    return path


def with_a_voice(folder: Path) -> str:
    """Put an `espeak-ng` on the path, which is eSpeak NG as a package brings it."""
    program = folder / "bin" / "espeak-ng"
    program.parent.mkdir()
    root = str(PROGRAM.parents[2])
    program.write_text(VOICE.format(python=sys.executable, root=root))
    program.chmod(0o755)
    return f"{program.parent}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_caller_at_a_microphone_is_interrupted_and_interrupts_back(
    backend: str, server: SoundServer, tmp_path: Path
) -> None:
    for package in ("pocketsphinx", "sounddevice", "espeakng_loader"):
        pytest.importorskip(package)
    heard = spoken().frame.to_array().reshape(-1)
    first, second = wav(tmp_path / "1.wav", heard[:40000]), wav(tmp_path / "2.wav", heard[40000:])
    env = server.env | {"ANYIO_STT_MODELS": str(tmp_path), "PATH": with_a_voice(tmp_path)}
    log: list[str] = []
    played = tmp_path / "played"

    def wait_for(what: str) -> None:
        assert agent.stdout is not None
        for line in agent.stdout:
            log.append(line[7:].rstrip())
            if what in line:
                return
        pytest.fail(f"no {what!r} in {log}")

    with (
        server.recording(played) as recorder,
        subprocess.Popen(
            [sys.executable, str(PROGRAM), *([backend] if backend == "trio" else [])],
            env=env, stdout=subprocess.PIPE, text=True,
        ) as agent,
    ):  # fmt: skip
        try:
            server.wait_until_recorded(listeners=2)
            server.play(first)
            wait_for("says")  # the caller has paused, and is interrupted
            server.play(second)
            wait_for("stopped: good morning")
            wait_for("machine")
            wait_for("says")
        finally:
            agent.kill()
            recorder.terminate()
    assert log.index("StartOfTurn: be quiet") == 0
    assert np.abs(np.fromfile(played, np.int16)).max() > 1000  # the loudspeaker was heard
