"""Our own end of a connection: what is sent at once, what waits, and how waiting ends."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import anyio
import pytest
from anyio.abc import SocketAttribute

from anyio_stt.transports.socket_stream import SocketStream

pytestmark = pytest.mark.real_time

MUCH = bytes(range(256)) * 40_000  # ten megabytes: more than any kernel holds


@pytest.fixture
def peer_and_raw() -> Iterator[tuple[socket.socket, socket.socket]]:
    peer, raw = socket.socketpair()
    with closing(peer), closing(raw):
        yield peer, raw


Pair = tuple[socket.socket, socket.socket]


async def read_all(peer: SocketStream, size: int) -> bytes:
    got = b""
    while len(got) < size:
        got += await peer.receive()
    return got


async def test_all_arrives_in_order_however_little_room_there_is(peer_and_raw: Pair) -> None:
    peer, ours = (SocketStream(raw, 5.0) for raw in peer_and_raw)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ours.send, MUCH)
            assert await read_all(peer, len(MUCH)) == MUCH


async def test_sending_with_room_does_not_pass_the_loop(peer_and_raw: Pair) -> None:
    ours = SocketStream(peer_and_raw[1], 5.0)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await ours.send(b"audio")  # a checkpoint would have ended the block
        assert peer_and_raw[0].recv(100) == b"audio"
        await anyio.lowlevel.checkpoint()
    assert scope.cancelled_caught


async def test_no_room_for_too_long_is_a_timeout(peer_and_raw: Pair) -> None:
    ours = SocketStream(peer_and_raw[1], 0.2)
    with anyio.fail_after(5), pytest.raises(TimeoutError):
        await ours.send(MUCH)


@pytest.mark.parametrize("what", ["send", "receive"])
async def test_closing_wakes_who_waits(what: str, peer_and_raw: Pair) -> None:
    ours = SocketStream(peer_and_raw[1], 5.0)

    async def wait() -> None:
        with pytest.raises(anyio.ClosedResourceError):
            await (ours.send(MUCH) if what == "send" else ours.receive())

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            await ours.aclose()


async def test_a_closed_one_says_so_and_closes_again(peer_and_raw: Pair) -> None:
    ours = SocketStream(peer_and_raw[1], 5.0)
    await ours.aclose()
    await ours.aclose()
    with anyio.fail_after(5):
        for use in (ours.send(b"x"), ours.receive(), ours.send_eof()):
            with pytest.raises(anyio.ClosedResourceError):
                await use


async def test_a_peer_that_is_gone_breaks_sending_and_ends_receiving(peer_and_raw: Pair) -> None:
    peer_and_raw[0].close()
    ours = SocketStream(peer_and_raw[1], 5.0)
    with anyio.fail_after(5):
        with pytest.raises(anyio.BrokenResourceError):
            await ours.send(b"x")
        with pytest.raises(anyio.EndOfStream):
            await ours.receive()


async def test_a_cancelled_receive_loses_nothing(peer_and_raw: Pair) -> None:
    peer, ours = peer_and_raw[0], SocketStream(peer_and_raw[1], 5.0)
    with anyio.fail_after(5):
        for _ in range(3):
            with anyio.move_on_after(0.01):
                await ours.receive()
        peer.send(b"here")
        assert await ours.receive() == b"here"


async def test_the_peer_hears_the_end_and_can_still_talk(peer_and_raw: Pair) -> None:
    peer, ours = (SocketStream(raw, 5.0) for raw in peer_and_raw)
    with anyio.fail_after(5):
        await ours.send_eof()
        with pytest.raises(anyio.EndOfStream):
            await peer.receive()
        await peer.send(b"goodbye")
        assert await ours.receive() == b"goodbye"


async def test_a_connection_is_taken_over_whole_and_its_old_stream_is_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, anyio.fail_after(5):
        theirs = await anyio.connect_tcp("127.0.0.1", listener.getsockname()[1])
        ours = await SocketStream.take_over(theirs, 5.0)
        accepted, _ = listener.accept()
        with closing(accepted):
            with pytest.raises(anyio.ClosedResourceError):
                await theirs.send(b"x")
            await ours.send(b"to the peer")
            assert accepted.recv(100) == b"to the peer"
            accepted.send(b"from the peer")
            assert await ours.receive() == b"from the peer"
            assert ours.extra(SocketAttribute.raw_socket).getsockopt(
                socket.IPPROTO_TCP, socket.TCP_NODELAY
            )
            await ours.aclose()
            assert accepted.recv(100) == b""


async def test_cancelled_while_it_takes_over_it_leaves_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, anyio.fail_after(5):
        theirs = await anyio.connect_tcp("127.0.0.1", listener.getsockname()[1])
        accepted, _ = listener.accept()
        with closing(accepted):
            with anyio.CancelScope() as scope:
                scope.cancel()
                await SocketStream.take_over(theirs, 5.0)
            assert scope.cancelled_caught
            accepted.settimeout(5)
            assert accepted.recv(100) == b""


async def test_a_send_never_gets_into_the_middle_of_another(peer_and_raw: Pair) -> None:
    peer, ours = peer_and_raw[0], SocketStream(peer_and_raw[1], 5.0)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ours.send, MUCH)
            await anyio.wait_readable(peer)
            peer.recv(1 << 20)  # now there is room, which the first one has not seen
            with pytest.raises(anyio.BusyResourceError):
                await ours.send(b"other")
            tasks.cancel_scope.cancel()


async def test_taking_over_without_descriptors_leaves_no_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_left(*_: object) -> None:
        raise OSError(24, "too many open files")

    with anyio.fail_after(5):
        async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
            port = listener.extra(SocketAttribute.local_port)
            theirs = await anyio.connect_tcp("127.0.0.1", port)
            monkeypatch.setattr(socket, "fromfd", none_left)
            with pytest.raises(OSError, match="too many"):
                await SocketStream.take_over(theirs, 1.0)
            with pytest.raises(anyio.ClosedResourceError):
                await theirs.send(b"x")
