"""A connected socket as a stream of bytes that sends without passing the event loop."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Any

import anyio
from anyio.abc import ByteStream, SocketAttribute
from anyio.lowlevel import checkpoint

from .hanging_up import hang_up

__all__ = ("SocketStream",)


class SocketStream(ByteStream):
    """
    Sends at once what the kernel takes, and waits only for room; receiving always waits.

    anyio's own streams pass the event loop with each send, room or no room, and a deadline
    around each is a cancel scope more: together half of what a message of audio costs. And where
    a loop sends on its own, it takes more than the peer reads. Here no bytes wait but the
    kernel's, and it is only a wait for room that has a deadline.

    Args:
        raw: a connected socket, which this closes.
        send_timeout: seconds that a send may wait for room.
    """

    def __init__(self, raw: socket.socket, send_timeout: float) -> None:
        raw.setblocking(False)
        self._raw = raw
        self._send_timeout = send_timeout
        self._closed = False
        self._waits = False  # a send, for room

    @classmethod
    async def take_over(cls, stream: ByteStream, send_timeout: float) -> SocketStream:
        """Take the connection over from one of anyio's streams, which is closed."""
        theirs = stream.extra(SocketAttribute.raw_socket)
        try:
            ours = cls(socket.fromfd(theirs.fileno(), theirs.family, theirs.type), send_timeout)
        except BaseException:  # out of descriptors
            await hang_up(stream)
            raise
        try:
            await stream.aclose()
        except BaseException:
            await ours.aclose()
            raise
        return ours

    async def send(self, item: bytes) -> None:
        """
        Send all of *item*; a checkpoint only if the kernel has no room for it.

        Raises:
            TimeoutError: when there is no room for too long; a part may have been sent.
            anyio.ClosedResourceError: when it was closed, also meanwhile.
            anyio.BrokenResourceError: when the peer is gone.
            anyio.BusyResourceError: while another send waits for room; nothing was sent.
        """
        if self._waits:  # it would get into the middle of what the other sends
            raise anyio.BusyResourceError("writing to")
        sent = self._send_some(item)
        if sent < len(item):
            self._waits = True
            try:
                with anyio.fail_after(self._send_timeout):
                    await self._send_rest(memoryview(item)[sent:])
            finally:
                self._waits = False

    async def receive(self, max_bytes: int = 65536) -> bytes:
        """
        Return what has come in, at most *max_bytes*; always a checkpoint.

        Raises:
            anyio.ClosedResourceError: when it was closed, also meanwhile.
            anyio.BrokenResourceError: when the peer is gone.
            anyio.EndOfStream: when the peer sends no more.
        """
        while True:
            self._check_open()
            await anyio.wait_readable(self._raw)
            try:
                data = self._raw.recv(max_bytes)
            except (BlockingIOError, InterruptedError):
                continue
            except OSError as exc:
                raise anyio.BrokenResourceError from exc
            if not data:
                raise anyio.EndOfStream
            return data

    async def send_eof(self) -> None:
        """Tell the peer that no more comes."""
        self._check_open()
        self._raw.shutdown(socket.SHUT_WR)
        await checkpoint()

    async def aclose(self) -> None:
        """Close at once; what the kernel holds it may still deliver."""
        if not self._closed:
            self._closed = True
            anyio.notify_closing(self._raw)
            self._raw.close()
        await checkpoint()

    @property
    def extra_attributes(self) -> Mapping[Any, Callable[[], Any]]:
        """What anyio's streams have: the socket."""
        return {SocketAttribute.raw_socket: lambda: self._raw}

    async def _send_rest(self, left: memoryview) -> None:
        while left:
            await anyio.wait_writable(self._raw)
            left = left[self._send_some(left) :]

    def _send_some(self, data: bytes | memoryview) -> int:
        self._check_open()
        try:
            return self._raw.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as exc:
            raise anyio.BrokenResourceError from exc

    def _check_open(self) -> None:
        if self._closed:
            raise anyio.ClosedResourceError
