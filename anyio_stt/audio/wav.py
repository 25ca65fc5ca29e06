"""What a WAV file says about its samples, and where among its chunks they are."""

from __future__ import annotations

import struct

from .pcm import PCMFormat

__all__ = ("UnknownEncodingError", "WAVParser", "looks_like_wav")

_PCM, _FLOAT, _ALAW, _MULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_ENCODINGS = {_PCM: "int", _FLOAT: "float", _ALAW: "alaw", _MULAW: "mulaw"}
# What follows the tag in the identifier that an extensible header has.
_SUBTYPE = bytes.fromhex("000000001000800000aa00389b71")
_MAX_FORMAT = 4096
_UNKNOWN_LENGTHS = (range(0x7FFF0000, 0x80000000), range(0xFFFF0000, 0x1_0000_0000))


def looks_like_wav(beginning: bytes) -> bool:
    """Tell whether a file that begins so is a WAV file; its first 12 bytes say it."""
    return beginning[:4] in (b"RIFF", b"RF64", b"BW64") and beginning[8:12] == b"WAVE"


class UnknownEncodingError(ValueError):
    """Raised when samples are not raw but encoded in a way that others have to decode."""


class WAVParser:
    """
    Finds the samples among the bytes of a WAV file, which arrive in pieces of any size.

    Chunks before the samples may be of any length: they are passed over, not kept.
    """

    def __init__(self) -> None:
        self.format: PCMFormat | None = None
        """How the samples are laid out, once the header has said it."""
        self.in_samples: bool = False
        """Whether the header is over."""
        self.ended: bool = False
        """Whether all samples were given; what follows them is no audio."""
        self.declared: int | None = None
        """Bytes of samples, or None when the writer did not know."""
        self.data_offset: int = 0
        """Where in the file the samples begin, in bytes."""
        self._buffer = b""
        self._skip = 0
        self._large: int | None = None  # what RF64 says in 64 bits
        self._riff_size = 0
        self.limit: int = 0
        """Bytes that are samples at most, also where the length is a guess."""
        self._left = 0
        self._doubted = False

    def push(self, data: bytes) -> bytes:
        """
        Take *data* and return the samples in it.

        Raises:
            UnknownEncodingError: when the samples have to be decoded by others.
            ValueError: when the header contradicts itself, or says what no recording has.
        """
        self._buffer += data
        if not self.data_offset:
            if len(self._buffer) < 12:
                return b""
            self._riff_size = int.from_bytes(self._buffer[4:8], "little")
            self._pass(12)
        while not self.in_samples and self._next_chunk():
            pass
        return self._samples() if self.in_samples else b""

    def _samples(self) -> bytes:
        if self._doubted:
            if len(self._buffer) < 8:
                return b""
            self._doubted = False
            if self._is_chunk():
                self.declared = self.limit = self._left = 0
        data, self._buffer = self._buffer[: self._left], b""
        self._left -= len(data)
        self.ended = self._left == 0
        return data

    def _pass(self, count: int) -> None:
        here = self._buffer[:count]
        self._buffer = self._buffer[len(here) :]
        self.data_offset += len(here)
        self._skip = count - len(here)

    def _next_chunk(self) -> bool:
        if self._skip:
            self._pass(self._skip)
        if self._skip or len(self._buffer) < 8:
            return False
        name, size = self._buffer[:4], int.from_bytes(self._buffer[4:8], "little")
        if name == b"data":
            self._begin_samples(size)
        elif name not in (b"fmt ", b"ds64"):
            self._pass(8 + size + size % 2)
        elif size > _MAX_FORMAT:
            raise ValueError(f"a header of {size} bytes")
        elif len(self._buffer) < 8 + size:
            return False
        else:
            body = self._buffer[8 : 8 + size]
            if name == b"fmt ":
                self.format = _parse_format(body)
            else:
                self._large = int.from_bytes(body[8:16], "little")
            self._pass(8 + size + size % 2)
        return True

    def _begin_samples(self, size: int) -> None:
        if self.format is None:
            raise ValueError("samples before their format")
        self._pass(8)
        self.in_samples = True
        if size == 0xFFFFFFFF and self._large is not None:
            size = self._large
        # Programs that write to a pipe cannot know the length: they fill in nothing, or nearly
        # the most that a signed or an unsigned number takes.
        self._doubted = size == 0
        guess = self._doubted or any(size in numbers for numbers in _UNKNOWN_LENGTHS)
        self.declared = None if guess else size
        self.limit = self._left = size or 1 << 63

    def _is_chunk(self) -> bool:
        """Tell whether what follows samples of no length is another chunk, and no sample."""
        name, size = self._buffer[:4], int.from_bytes(self._buffer[4:8], "little")
        return name.isascii() and name.decode().isprintable() and (
            self.data_offset + size <= self._riff_size
        )  # fmt: skip


def _parse_format(body: bytes) -> PCMFormat:
    if len(body) < 16:
        raise ValueError(f"a format of {len(body)} bytes")
    tag, channels, rate, _, align, bits = struct.unpack("<HHIIHH", body[:16])
    if tag == _EXTENSIBLE and body[26:40] == _SUBTYPE:
        tag = int.from_bytes(body[24:26], "little")
    if tag not in _ENCODINGS:
        raise UnknownEncodingError(f"unknown format: {tag:#x}")
    width = -(-bits // 8)
    if channels and align and align != channels * width:
        # Some put the bits at the upper end of their bytes, some at the lower, and none says it.
        raise ValueError(
            f"samples of {bits} bits in {align / channels:g} bytes each can be read in two ways"
        )
    return PCMFormat(rate, channels, width, _ENCODINGS[tag])  # type: ignore[arg-type]
