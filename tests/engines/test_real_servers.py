"""
Our engines against other people's servers, killed and started again in the middle.

The servers run in the Python that ANYIO_STT_SERVERS names (this one without it), since what they
pin clashes with what else is tested here. What is not installed there is skipped.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio
import pytest

from anyio_stt import (
    STT,
    APIConnectOptions,
    AudioLostError,
    RecognizeStream,
    SpeechEventType,
    STTError,
)
from anyio_stt.engines.deepgram import DeepgramSTT
from anyio_stt.engines.openai import OpenAISTT
from anyio_stt.engines.vosk import VoskServerSTT
from anyio_stt.engines.wyoming import WyomingSTT
from anyio_stt.metrics import StreamStatistics
from anyio_stt.models import find_model
from anyio_stt.testing import cut, spoken
from tests.server.processes import answers

PYTHON = os.environ.get("ANYIO_STT_SERVERS", sys.executable)
OPTIONS = APIConnectOptions(max_retry=10_000, retry_interval=0.5, timeout=30.0, drain_timeout=90.0)
PATIENCE = 300.0  # seconds for a server to load its model
SAID = ("morning", "machine")
"""Words of each part; models of other languages hear none."""

pytestmark = [pytest.mark.heavy, pytest.mark.real_time, pytest.mark.timeout(3600)]


@dataclass(frozen=True)
class Server:
    """
    Somebody else's server.

    Args:
        needs: the modules it is made of.
        command: what starts it, but for Python, given the port and a folder of its own.
        engine: our engine for it, given the port.
        hears: whether its model knows English.
    """

    needs: tuple[str, ...]
    command: Callable[[int, Path], list[str]]
    engine: Callable[[int], STT]
    hears: bool = True


def tiny() -> str:
    """Return the folder of tiny.en for CTranslate2."""
    folder = find_model("whisper-tiny.en")
    if folder is None:
        pytest.skip("no weights: anyio-stt models pull whisper-tiny.en")
    return str(folder)


def vosk_model() -> str:
    """Return a model's folder: there is none for English in a package."""
    named = os.environ.get("ANYIO_STT_VOSK_MODEL")
    if named is None:
        pytest.skip("vosk has no model: name its folder in ANYIO_STT_VOSK_MODEL")
    return named


def wyoming(port: int, folder: Path) -> list[str]:
    return [
        "-m", "wyoming_faster_whisper", "--uri", f"tcp://127.0.0.1:{port}", "--model", tiny(),
        "--data-dir", str(folder), "--language", "en", "--stt-library", "faster-whisper",
    ]  # fmt: skip


def main_of(module: str, *arguments: str) -> list[str]:
    return ["-c", f"from {module} import main; main()", *arguments]


def coro(port: int, folder: Path) -> list[str]:
    if shutil.which("ffmpeg") is None:
        pytest.skip("coro reads what is sent to it with ffmpeg, which is not installed")
    # It takes names only, and looks where its hub keeps what was fetched.
    kept = folder / "hub" / "models--Systran--faster-whisper-tiny.en"
    (kept / "snapshots").mkdir(parents=True)
    (kept / "snapshots" / "here").symlink_to(tiny())
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("here")
    return main_of(
        "coro.cli", "serve", "--host", "127.0.0.1", "--port", str(port),
        "--backend-asr", "faster-whisper", "--model-asr", "tiny.en", "--asr-device", "cpu",
        "--backend-diarization", "none", "--warmup", "disabled", "--asr-cache", "disabled",
    )  # fmt: skip


def whisperlivekit(port: int, _: Path) -> list[str]:
    return main_of(
        "whisperlivekit.basic_server", "--host", "127.0.0.1", "--port", str(port),
        "--backend", "faster-whisper", "--backend-policy", "localagreement",
        "--model", "tiny.en", "--model_dir", tiny(), "--lan", "en", "--warmup-file", "",
    )  # fmt: skip


def vosk(port: int, _: Path) -> list[str]:
    return [str(Path(__file__).with_name("vosk_loop.py")), str(port), vosk_model()]


SERVERS = {
    "wyoming-faster-whisper": Server(
        ("wyoming_faster_whisper", "faster_whisper"),
        wyoming,
        lambda port: WyomingSTT(base_url=f"tcp://127.0.0.1:{port}"),
    ),
    "coro": Server(
        ("coro", "faster_whisper"),
        coro,
        lambda port: OpenAISTT(
            base_url=f"http://127.0.0.1:{port}", api_key="none", model="tiny.en"
        ),
    ),
    "coro-deepgram": Server(
        ("coro", "faster_whisper"),
        coro,
        lambda port: DeepgramSTT(base_url=f"ws://127.0.0.1:{port}", api_key="none"),
    ),
    "whisperlivekit": Server(
        ("whisperlivekit", "faster_whisper"),
        whisperlivekit,
        lambda port: DeepgramSTT(base_url=f"ws://127.0.0.1:{port}", api_key="none"),
    ),
    "vosk": Server(
        ("vosk", "websockets"),
        vosk,
        lambda port: VoskServerSTT(base_url=f"ws://127.0.0.1:{port}"),
        hears=False,
    ),
}


def port_of_nobody() -> int:
    """Return a port that nobody is given by chance while the server that has it is down."""
    while True:
        port = random.randrange(10_000, 30_000)
        if not answers(port):
            return port


class Running:
    """A server that can be killed and started again at its port."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.port = port_of_nobody()
        self._command = [PYTHON, *server.command(self.port, folder)]
        self._log = folder / "log"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdout=log,
                stderr=log,
                env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(self._log.parent)},
            )
        until = time.monotonic() + PATIENCE
        while not answers(self.port):
            if self._process.poll() is not None or time.monotonic() > until:
                self.kill()
                pytest.fail(f"it does not listen: {self._log.read_text()[-2000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        """Kill it, without a word to whoever is connected."""
        self._process.kill()
        self._process.wait()


@contextmanager
def running(server: Server, folder: Path) -> Iterator[Running]:
    """Run *server*, or skip the test if it is not installed."""
    asked = f"import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, {server.needs})))"
    if subprocess.run([PYTHON, "-c", asked], check=False).returncode:
        pytest.skip(f"{' or '.join(server.needs)} is not installed for {PYTHON}")
    process = Running(server, folder)
    try:
        yield process
    finally:
        process.kill()


async def hear(server: Server, process: Running, kill: Callable[[int, int], bool]) -> Heard:
    heard = Heard()
    async with server.engine(process.port) as stt:
        stt.on("error", heard.note)
        async with stt.stream(conn_options=OPTIONS) as stream, anyio.create_task_group() as tasks:
            tasks.start_soon(partial(feed, stream, process, kill))
            async for event in stream:
                if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                    heard.words += event.alternatives[0].text.lower().split()
        heard.numbers = stream.statistics()
    return heard


async def feed(stream: RecognizeStream, process: Running, kill: Callable[[int, int], bool]) -> None:
    """Say it three times, with a flush behind each; kill and start the server as told."""
    for part in range(3):
        for number, frame in enumerate(cut(spoken().frame, 0.1)):
            await stream.send_frame(frame)
            await anyio.sleep(0.01)
            if kill(part, number):
                process.kill()
                await anyio.to_thread.run_sync(process.start)
        stream.flush()
    stream.end_input()


class Heard:
    def __init__(self) -> None:
        self.words: list[str] = []
        self.lost: list[tuple[float, float]] = []
        self.failures = 0
        self.numbers = StreamStatistics("created")

    def note(self, error: STTError) -> None:
        self.failures += 1
        if isinstance(error.error, AudioLostError):
            self.lost += error.error.lost

    def count(self, word: str) -> int:
        return sum(word in each for each in self.words)


KILLS: dict[str, Callable[[int, int], bool]] = {
    "never": lambda _, __: False,
    "in the middle": lambda part, number: part == 1 and number == 20,
    "in each part": lambda _, number: number == 30,
    "behind the first": lambda part, number: part == 1 and number == 0,
}


@pytest.mark.contract("S16", "S21")
@pytest.mark.parametrize("name", SERVERS)
async def test_a_server_that_is_killed_and_started_again_costs_no_word(
    name: str, tmp_path: Path
) -> None:
    server = SERVERS[name]
    with running(server, tmp_path) as process:
        for when, kill in KILLS.items():
            with anyio.fail_after(500):
                heard = await hear(server, process, kill)
            numbers = heard.numbers
            print(name, when, numbers, " ".join(heard.words))  # noqa: T201 - pytest -rP shows it
            assert heard.failures or when == "never"  # some take no Finalize, which is told once
            assert (numbers.dropped, heard.lost) == (0.0, [])
            settled = numbers.recognised + numbers.silent
            assert settled == pytest.approx(numbers.pushed, abs=2e-3)
            assert numbers.recognised > 10
            if server.hears:
                assert [heard.count(word) for word in SAID] == [3, 3], when
