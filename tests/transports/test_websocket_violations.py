"""What a peer may send and what it may not: the kinds that Autobahn's test suite tries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import APIConnectionError, APIError, APIStatusError
from anyio_stt.transports.websocket import WebSocketOptions
from tests.transports.raw_peer import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    close,
    frame,
    open_websocket,
)

VIOLATIONS = {
    "a reserved bit": (frame(TEXT, b"x", reserved=1), 1002),
    "a kind of frame that is reserved": (frame(3, b"x"), 1002),
    "a kind of control frame that is reserved": (frame(11), 1002),
    "a ping in pieces": (frame(PING, fin=False) + frame(CONTINUATION), 1002),
    "a ping that is too long": (frame(PING, bytes(126)), 1002),
    "a close in pieces": (frame(CLOSE, fin=False), 1002),
    "a piece of nothing begun": (frame(CONTINUATION, b"x"), 1002),
    "a message within a message": (frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"), 1002),
    "text that is no UTF-8": (frame(TEXT, b"\xff\xfe"), 1007),
    "text that is no UTF-8 over two pieces": (
        frame(TEXT, b"\xce\xba\xe1", fin=False) + frame(CONTINUATION, b"\xff"),
        1007,
    ),
    "text that breaks off within a letter": (frame(TEXT, b"\xe2\x82"), 1007),
    "a close of one byte": (frame(CLOSE, b"\x03"), 1002),
    "a close whose reason is no UTF-8": (close(1000, b"\xff"), 1007),
    "a frame that is masked": (bytes((0x81, 0x81)) + b"abcd" + b"x", 1002),
    "a length of 64 bits and a sign": (b"\x82\x7f" + b"\xff" * 8, 1002),
    **{
        f"a close with {code}": (close(code), 1002)
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)
    },
}


@pytest.mark.parametrize("name", VIOLATIONS)
@pytest.mark.parametrize("whole", [True, False])
async def test_what_breaks_the_protocol_is_the_peers_fault_and_may_be_tried_again(
    name: str, whole: bool
) -> None:
    data, code = VIOLATIONS[name]
    said = frame(TEXT, b"first") + data
    pieces = [said] if whole else [bytes((byte,)) for byte in said]
    socket, pipe = open_websocket(*pieces)
    assert await socket.receive() == "first"
    for _ in range(2):  # and no reading after it
        with pytest.raises(APIConnectionError, match=r"broke the websocket protocol") as caught:
            await socket.receive()
        assert caught.value.retryable
        assert not isinstance(caught.value, APIStatusError)
    kind, told = pipe.frames()[0]
    assert (kind, told) == ("CLOSE", (code, ""))


LEGAL = {
    "nothing": ((frame(TEXT),), ""),
    "pieces": (
        (
            frame(TEXT, b"a", fin=False),
            frame(PING, b"p"),
            frame(CONTINUATION, b"b", fin=False),
            frame(CONTINUATION, b"c"),
        ),
        "abc",
    ),
    "a letter over two pieces": (
        (frame(TEXT, b"\xce", fin=False), frame(CONTINUATION, b"\xba")),
        "κ",
    ),
    "pieces of nothing": (
        (frame(BINARY, fin=False), frame(CONTINUATION, fin=False), frame(CONTINUATION, b"x")),
        b"x",
    ),
    "a length of 16 bits": ((frame(BINARY, bytes(65535)),), bytes(65535)),
    "a pong that nobody asked for": ((frame(PONG, b"?"), frame(TEXT, b"x")), "x"),
}


@pytest.mark.parametrize("name", LEGAL)
async def test_what_is_odd_but_legal_is_read(name: str) -> None:
    said, message = LEGAL[name]
    socket, _ = open_websocket(*said, close(1000))
    assert await socket.receive() == message
    assert await socket.receive() is None


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1008, 1011, 1012, 1013, 1014, 3000, 4999])
async def test_each_close_code_that_is_registered_is_told_as_it_is(code: int) -> None:
    socket, _ = open_websocket(close(code, b"because"))
    if code == 1000:
        assert await socket.receive() is None
        return
    with pytest.raises(APIStatusError, match="because") as caught:
        await socket.receive()
    assert caught.value.status_code == code


@pytest.mark.parametrize("broken", [False, True])
async def test_what_came_before_a_close_is_read_whatever_became_of_the_pongs(broken: bool) -> None:
    said = frame(PING, b"?") + frame(TEXT, b"the last final") + frame(PING) + frame(TEXT, b"more")
    socket, pipe = open_websocket(said + close(1000), broken=broken)
    assert [await socket.receive() for _ in range(3)] == ["the last final", "more", None]
    assert not [kind for kind, _ in pipe.frames() if kind == "PONG"]  # it has closed already


async def test_a_ping_is_answered_while_the_connection_is_open() -> None:
    socket, pipe = open_websocket(frame(PING, b"there?"), frame(TEXT, b"x"))
    assert await socket.receive() == "x"
    assert pipe.frames() == [("PONG", bytearray(b"there?"))]


async def test_pieces_of_nothing_are_bounded() -> None:
    options = WebSocketOptions(max_message=64 * 1024)
    pieces = [frame(TEXT, fin=False), *[frame(CONTINUATION, fin=False) * 500] * 10]
    socket, _ = open_websocket(*pieces, options=options)
    with pytest.raises(APIConnectionError, match="too many pieces") as caught:
        await socket.receive()
    assert not caught.value.retryable


@given(st.lists(st.binary(max_size=20) | st.sampled_from([d for d, _ in VIOLATIONS.values()])))
async def test_whatever_bytes_a_peer_sends_are_messages_or_an_api_error(said: list[bytes]) -> None:
    socket, _ = open_websocket(*filter(None, said))
    try:
        while await socket.receive() is not None:
            pass
    except APIError:
        pass
