"""A connection to a Wyoming server: the kernel watches over it."""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from anyio.abc import SocketAttribute

from anyio_stt.testing import assert_no_leaks
from anyio_stt.transports.wyoming import connect_wyoming

pytestmark = pytest.mark.real_time


@asynccontextmanager
async def connected_socket(url: str) -> AsyncIterator[socket.socket]:
    async with connect_wyoming(url, 1.0) as connection:
        yield connection._stream.extra(SocketAttribute.raw_socket)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other options")
async def test_a_machine_that_vanishes_is_noticed_within_half_a_minute() -> None:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    url = f"tcp://127.0.0.1:{listener.extra(SocketAttribute.local_port)}"
    with anyio.fail_after(5):
        async with assert_no_leaks(), listener, connected_socket(url) as raw:
            read = raw.getsockopt
            assert read(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            idle = read(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
            between = read(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL)
            questions = read(socket.IPPROTO_TCP, socket.TCP_KEEPCNT)
            assert idle + between * questions <= 40
            assert read(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000


@pytest.mark.skipif(sys.platform == "win32", reason="anyio has no unix sockets there")
async def test_a_unix_socket_needs_no_questions(tmp_path: Path) -> None:
    listener = await anyio.create_unix_listener(tmp_path / "s")
    with anyio.fail_after(5):
        async with listener, connected_socket(f"unix://{tmp_path / 's'}") as raw:
            assert not raw.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
