"""Compressed audio that arrives piece by piece, such as Opus in WebM from a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import anyio

from ..audio import AudioFileError, AudioFrame, open_audio_stream
from ..wire.server_session import ClientError

__all__ = ("Decompressor",)

_TAGS = 4096  # bytes; a quarter of a second where it is audio
_PIECES = 64  # that may wait for the decoder


class _Pieces(AsyncIterator[bytes]):
    """What arrived; a class, because the decoder reads it in tasks of other scopes."""

    def __init__(self) -> None:
        self.sender, self.receiver = anyio.create_memory_object_stream[bytes](_PIECES)

    def __aiter__(self) -> _Pieces:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await self.receiver.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None


class Decompressor:
    """
    Decodes what is pushed, and gives on the frames.

    Args:
        hear: is given each frame.
        fail: is given what is wrong with the audio, if something is.
        lose: is given each stretch that could not be decoded, its beginning and end in seconds.
    """

    def __init__(
        self,
        hear: Callable[[AudioFrame], Awaitable[None]],
        fail: Callable[[ClientError], Awaitable[None]],
        lose: Callable[[float, float], Awaitable[None]],
    ) -> None:
        self._hear = hear
        self._fail = fail
        self._lose = lose
        self._pieces = _Pieces()
        self._ended: Callable[[], None] | None = None

    async def push(self, data: bytes, timeout: float) -> None:
        """
        Take a piece, waiting for room.

        Raises:
            ClientError: when there is none for *timeout* seconds.
        """
        try:
            with anyio.fail_after(timeout):
                await self._pieces.sender.send(data)
        except TimeoutError:
            raise ClientError(f"the decoder took nothing for {timeout:g} s") from None
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            return  # it has failed, and said so

    def end(self, ended: Callable[[], None]) -> None:
        """No more comes; *ended* is called when everything was given on."""
        self._ended = ended
        self._pieces.sender.close()

    async def run(self) -> None:
        """Decode until the end."""
        try:
            async with self._pieces.receiver, self._pieces.sender:
                async with open_audio_stream(self._pieces, name="the audio") as audio:
                    async for frame in audio:
                        await self._hear(frame)
                await self._pass_tags()
            for start, end in audio.lost:
                await self._lose(start, end)
        except (AudioFileError, ImportError) as exc:
            await self._fail(ClientError(str(exc), "encoding"))
            return
        except ClientError as exc:
            await self._fail(exc)
            return
        if self._ended is not None:
            self._ended()

    async def _pass_tags(self) -> None:
        """Pass over what stands behind a recording that says itself where it ends."""
        behind = 0
        async for data in self._pieces:
            behind += len(data)
            if behind > _TAGS:
                raise ClientError(
                    f"more than {_TAGS} bytes come behind the end of the recording, and are not "
                    f"heard: a connection takes one recording",
                    "encoding",
                )
