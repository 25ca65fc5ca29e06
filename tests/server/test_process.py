"""`anyio-stt serve` as a process: signals, workers, peers that misbehave, what is left behind."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from anyio_stt import APIError
from anyio_stt.testing import Fail, ScriptedSTT
from tests.server.processes import ENGINE, answers, end, ended, free_port, serving, wait_for

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(180)]

SOAK = os.environ.get("ANYIO_STT_SOAK") == "1"
OPENING = (
    b"GET /v1/listen?encoding=linear16&sample_rate=16000&interim_results=true HTTP/1.1\r\n"
    b"Host: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
AUDIO = b"\x82\xfe" + (640).to_bytes(2, "big") + bytes(4) + bytes(640)


def opened(port: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    client.sendall(OPENING)
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.recv(1)
    assert b" 101 " in head
    return client


def rest_of(client: socket.socket) -> bytes:
    data = b""
    while more := client.recv(65536):
        data += more
    return data


def ask(port: int, target: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        head = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        client.sendall(head.encode())
        return rest_of(client)


def streams_open(port: int) -> float:
    found = re.findall(
        rb"^anyio_stt_server_streams_open\{[^}]*\} (\S+)", ask(port, "/metrics"), re.MULTILINE
    )
    return sum(map(float, found))


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


@BACKENDS
def test_sigterm_lets_streams_finish_and_exits_with_0(backend: str) -> None:
    with serving(backend) as (port, server):
        with opened(port) as client:
            for _ in range(20):
                client.sendall(AUDIO)
            wait_for(lambda: streams_open(port) == 1, "the stream")
            server.send_signal(signal.SIGTERM)
            said = rest_of(client)
        ended(server)
    assert b'"models": ["benchmarks.server_engine:AnsweringSTT"]' in said  # what comes last
    assert b"the server ends" in said


@BACKENDS
def test_a_client_that_sends_much_at_once_does_not_hold_up_the_end(backend: str) -> None:
    with serving(backend, "--drain-timeout", "600") as (port, server):
        with opened(port) as client:
            client.sendall(AUDIO)
            wait_for(lambda: streams_open(port) == 1, "the stream")
            pushing = threading.Thread(target=push_much, args=(client,))
            pushing.start()
            server.send_signal(signal.SIGTERM)
            with suppress(OSError):
                rest_of(client)
            pushing.join()
        ended(server)


def push_much(client: socket.socket) -> None:
    with suppress(OSError):  # the server hangs up in the middle
        client.sendall(AUDIO * 3000)


@BACKENDS
def test_workers_share_a_port_and_all_end_in_order(backend: str) -> None:
    with serving(backend, "--workers", "2", "--wyoming", f"tcp://127.0.0.1:{free_port()}") as (
        port,
        server,
    ):
        seen: set[bytes] = set()

        def both() -> bool:
            with opened(port) as client:  # so that there is something to count
                client.sendall(b"\x82\x80" + bytes(4))
                rest_of(client)
            seen.update(re.findall(rb'worker="(\d)"', ask(port, "/metrics")))
            return seen == {b"0", b"1"}

        wait_for(both, "both workers")
        end(server)


@BACKENDS
def test_workers_finish_and_end_when_who_started_them_was_killed(backend: str) -> None:
    with serving(backend, "--workers", "2") as (port, server):
        with opened(port) as client:
            for _ in range(20):
                client.sendall(AUDIO)
            wait_for(lambda: streams_open(port) == 1, "the stream")
            server.kill()
            said = rest_of(client)
        wait_for(lambda: not answers(port), "the workers to end")
    assert b"the server ends" in said


# What opentelemetry-instrument does: the SDK is set up before the program begins.
INSTRUMENTED = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

provider = TracerProvider()
exporter = ConsoleSpanExporter(
    out=open({path!r}, "a", encoding="utf-8"), formatter=lambda span: span.name + "\\n"
)
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
"""


@BACKENDS
def test_spans_go_to_the_sdk_that_was_set_up(backend: str, tmp_path: Path) -> None:
    spans = tmp_path / "spans"
    setup = INSTRUMENTED.format(path=str(spans))
    (tmp_path / "sitecustomize.py").write_text(setup, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    with serving(backend, "--opentelemetry", PYTHONPATH=path) as (port, server):
        with opened(port) as client:
            for _ in range(20):
                client.sendall(AUDIO)
            wait_for(lambda: streams_open(port) == 1, "the stream")
            server.send_signal(signal.SIGTERM)
            rest_of(client)
        ended(server)
    assert {"stt.stream", "stt.attempt"} <= set(spans.read_text(encoding="utf-8").split())


def test_without_an_sdk_there_is_nobody_to_make_spans_for() -> None:
    command = [sys.executable, "-m", "anyio_stt", "serve", "--engine", ENGINE, "--opentelemetry"]
    made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (made.returncode, made.stderr.count("\n")) == (2, 1), made.stderr
    assert "opentelemetry-instrument anyio-stt serve" in made.stderr


@BACKENDS
def test_a_client_that_does_not_read_is_given_up(backend: str) -> None:
    with serving(backend) as (port, server):
        client = opened(port)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(0.5)
        sent = 0
        begun = time.monotonic()
        while time.monotonic() - begun < 40:
            try:
                client.sendall(AUDIO * 50)
                sent += 1
            except TimeoutError:  # it is our turn to read, and we do not
                if streams_open(port) == 0:
                    break
            except OSError:
                break
        wait_for(lambda: streams_open(port) == 0, "the server to give up")
        client.close()
        end(server)


@BACKENDS
def test_connections_that_are_opened_and_dropped_leave_nothing(backend: str) -> None:
    rng = random.Random(1)
    count = 1000 if SOAK else 60
    with serving(backend, "--max-streams", "2000") as (port, server):
        wait_for(lambda: ask(port, "/ready"), "it")
        before = descriptors(server.pid)
        clients: list[socket.socket] = []
        for number in range(count):
            client = socket.create_connection(("127.0.0.1", port), timeout=20)
            what = number % 4
            if what:
                client.sendall(OPENING)
            if what > 1:
                client.sendall(AUDIO * rng.randint(1, 20))
            if what == 3:
                client.sendall(rng.randbytes(100))
            clients.append(client)
            if len(clients) > 50:
                drop(clients.pop(rng.randrange(len(clients))), rng)
        for client in clients:
            drop(client, rng)
        wait_for(lambda: streams_open(port) == 0, "the streams to end")
        wait_for(lambda: descriptors(server.pid) <= before + 2, "the sockets to be closed")
        end(server)


def drop(client: socket.socket, rng: random.Random) -> None:
    if rng.random() < 0.5:  # a reset, and else a polite end
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()


@BACKENDS
@pytest.mark.parametrize(
    "bad", [b"\x00" * 100, b"GET / HTTP/9\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"x" * 100_000, AUDIO]
)
def test_garbage_is_hung_up_on_and_others_are_served(backend: str, bad: bytes) -> None:
    with serving(backend) as (port, server):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            try:
                client.sendall(bad)
                client.shutdown(socket.SHUT_WR)
                rest_of(client)
            except OSError:
                pass
        assert b" 200 " in ask(port, "/health")
        end(server)


def test_what_cannot_be_started_says_so_and_exits_with_2() -> None:
    for arguments in (
        ["--host", "0.0.0.0"],
        ["--engine", "nonsense"],
        ["--model", "x"],
        ["--tls", "/nowhere/cert", "/nowhere/key"],
    ):
        command = [sys.executable, "-m", "anyio_stt", "serve", "--port", "0", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 2, (arguments, done.stderr)
        assert "Traceback" not in done.stderr


@BACKENDS
def test_an_engine_that_does_not_start_is_named_and_the_exit_code_is_1(backend: str) -> None:
    command = [
        sys.executable, "-m", "anyio_stt", "serve", "--port", "0", "--backend", backend,
        "--engine", "tests.server.test_process:DeadSTT",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert done.returncode == 1
    assert "it is broken" in done.stderr.splitlines()[-1]


class DeadSTT(ScriptedSTT):
    def __init__(self) -> None:
        super().__init__([Fail(APIError("it is broken", retryable=False))])


def test_logs_are_json_and_hold_no_transcripts(tmp_path: Path) -> None:
    with serving("asyncio", "--log", "json") as (port, server):
        with opened(port) as client:
            client.sendall(AUDIO * 150)
            client.sendall(b"\x82\x80" + bytes(4))
            assert b"so much was heard" in rest_of(client)
        errors = end(server)
    lines = [json.loads(line) for line in errors.splitlines()]
    assert {"time", "level", "message"} <= set(lines[0])
    assert "so much was heard" not in errors
