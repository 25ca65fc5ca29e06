"""The command with the engines on a network, and with servers that do wrong."""

from __future__ import annotations

import subprocess
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from anyio_stt.testing.servers import (
    Action,
    DeepgramServer,
    Fault,
    FaultServer,
    Moment,
    OpenAIServer,
    VoskServer,
    WyomingServer,
    refused_port,
    say_words,
)
from anyio_stt.testing.servers.web import WebRequest, WebResponse

pytestmark = pytest.mark.real_time

Run = Callable[..., subprocess.CompletedProcess[Any]]
SAID = "w1 w2 w3 w4 w5 w6"


class BusyServer(OpenAIServer):
    """Refuses each request."""

    def respond(self, request: WebRequest) -> WebResponse:
        return WebResponse((b"slow down",), "text/plain", 429)


@dataclass(frozen=True)
class Provider:
    """An engine and the server that speaks its protocol."""

    engine: str
    server: type[FaultServer]
    has_key: bool = True

    def options(self, base_url: str, key: str = "the-key-of-the-fault-server") -> list[str]:
        """Return the arguments that name engine and server."""
        words = ["--engine", self.engine, "--option", f"base_url={base_url}"]
        return [*words, "--option", f"api_key={key}"] if self.has_key else words


PROVIDERS = [
    Provider("deepgram", DeepgramServer),
    Provider("openai", OpenAIServer),
    Provider("openai-realtime", OpenAIServer),
    Provider("vosk", VoskServer, has_key=False),
    Provider("wyoming", WyomingServer, has_key=False),
]
each_provider = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda each: each.engine)
each_with_statuses = pytest.mark.parametrize(
    "provider",
    [each for each in PROVIDERS if each.engine != "wyoming"],
    ids=lambda each: each.engine,
)


@contextmanager
def serving(server: FaultServer) -> Iterator[FaultServer]:
    """Run *server* in a thread, so that the command can have this one."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(server):
        yield server


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "words.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(say_words(range(1, 7)).pcm)
    return path


def assert_one_line(result: subprocess.CompletedProcess[str], *told: str, retries: int = 0) -> None:
    """Check that it failed with one line, after one for each retry."""
    assert result.returncode == 1
    assert result.stdout == ""
    *notices, error = result.stderr.splitlines()
    assert len(notices) == retries, result.stderr
    for number, notice in enumerate(notices, 1):
        assert notice.startswith("anyio-stt: ")
        assert f"in attempt {number}, retrying in " in notice
    assert error.startswith("anyio-stt: ")
    for words in told:
        assert words in error
    assert "key-of-the-fault" not in result.stderr


@each_provider
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_recording_is_transcribed(
    provider: Provider, backend: str, recording: Path, run_command: Run
) -> None:
    with serving(provider.server()) as server:
        arguments = provider.options(server.base_url)
        result = run_command("transcribe", *arguments, "--backend", backend, recording)

    assert result.stdout.split() == SAID.split()
    assert (result.returncode, result.stderr) == (0, "")


def test_a_model_that_hears_turns_is_an_option_like_any_other(
    recording: Path, run_command: Run
) -> None:
    options = ["model=flux-general-en", "eot_threshold=0.8", "eager_eot_threshold=0.5"]
    with serving(DeepgramServer()) as server:
        arguments = Provider("deepgram", DeepgramServer).options(server.base_url)
        for option in options:
            arguments += ["--option", option]
        result = run_command("transcribe", *arguments, recording)
        assert isinstance(server, DeepgramServer)
        (request,) = server.requests

    assert result.stdout.split() == SAID.split()
    assert (result.returncode, result.stderr) == (0, "")
    assert request.path == "/v2/listen"
    assert {tuple(option.split("=")) for option in options} <= set(request.query)


@each_with_statuses
def test_a_key_that_is_refused_is_told_in_one_line(
    provider: Provider, recording: Path, run_command: Run
) -> None:
    with serving(provider.server([Fault(Action.STATUS, status=401)])) as server:
        result = run_command("transcribe", *provider.options(server.base_url), recording)
        connections = server.connections

    assert_one_line(result, str(recording), "answered 401: the key was refused; check api_key")
    assert connections == 1


@each_provider
def test_a_server_that_is_not_there_is_told_in_one_line(
    provider: Provider, recording: Path, run_command: Run
) -> None:
    with refused_port() as port:
        arguments = provider.options(f"{provider.server.scheme}://127.0.0.1:{port}")
        result = run_command("transcribe", *arguments, recording)

    assert_one_line(result, str(recording), f"127.0.0.1:{port}", retries=3)


@each_with_statuses
def test_too_many_requests_are_told_in_one_line(
    provider: Provider, recording: Path, run_command: Run
) -> None:
    busy = Fault(Action.STATUS, status=429, retry_after="0")
    # a fault strikes once a connection, and over HTTP all attempts share one
    server = BusyServer() if provider.engine == "openai" else provider.server([busy] * 4)
    with serving(server):
        result = run_command("transcribe", *provider.options(server.base_url), recording)

    assert_one_line(result, str(recording), "answered 429: too many requests", retries=3)


def test_a_wyoming_server_that_hangs_up_is_told_in_one_line(
    recording: Path, run_command: Run
) -> None:
    drops = [Fault(Action.CLOSE, Moment.DRAINING)] * 4
    with serving(WyomingServer(drops)) as server:
        result = run_command("transcribe", *PROVIDERS[-1].options(server.base_url), recording)

    assert_one_line(result, str(recording), "Wyoming closed the connection before", retries=3)
