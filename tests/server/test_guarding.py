"""What hypercorn must be like for the guard of its connections to hold."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from anyio_stt.server.guarding import guard_connections

run: Any = pytest.importorskip("hypercorn.trio.run")
tcp_server: Any = pytest.importorskip("hypercorn.trio.tcp_server")


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "TCPServer", tcp_server.TCPServer)
    monkeypatch.setattr(run, "guarded", False, raising=False)


def test_the_worker_makes_its_connections_by_the_name_that_is_guarded(fresh: None) -> None:
    assert "TCPServer" in run.worker_serve.__code__.co_names, "hypercorn has changed: see guarding"
    guard_connections("trio")
    guard_connections("trio")  # and once is enough
    assert run.TCPServer.__mro__[1] is tcp_server.TCPServer


def test_asyncio_is_left_alone(fresh: None) -> None:
    guard_connections("asyncio")
    assert run.TCPServer is tcp_server.TCPServer


def test_a_hypercorn_that_is_not_known_is_told(
    fresh: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delattr(run, "TCPServer")
    with caplog.at_level(logging.WARNING, "anyio_stt.server"):
        guard_connections("trio")
    assert "one connection may end the others" in caplog.text
    assert not hasattr(run, "TCPServer")
