"""Whether a recording ends where it should, where only its last bytes say so."""

from __future__ import annotations

from typing import Any

__all__ = ("cut_off_ending", "declared_by_mp3", "is_tag")

_TAIL = 1 << 17  # two of the longest pages of Ogg
_LAST_PAGE = 4


def cut_off_ending(file: Any) -> str | None:
    """Return what says that *file*, which was read to its end, is cut off; None if nothing does."""
    tail = _tail(file)
    at = tail.rfind(b"OggS\0")
    return None if at < 0 else _ogg_ending(tail[at:])


def _tail(file: Any) -> bytes:
    if not hasattr(file, "seek") or not file.seekable():
        return bytes(getattr(file, "tail", b""))
    size = file.seek(0, 2)
    start = file.seek(0)
    if file.read(4) != b"OggS":
        return b""
    file.seek(max(size - _TAIL, start))
    return bytes(file.read(_TAIL))


def _ogg_ending(page: bytes) -> str | None:
    if (
        len(page) < 27
        or len(page) < 27 + page[26]
        or len(page) < 27 + page[26] + sum(page[27 : 27 + page[26]])
    ):
        return "its last page is not whole"
    return None if page[5] & _LAST_PAGE else "its last page is missing"


def is_tag(packet: bytes) -> bool:
    """Tell whether what could not be decoded is a note about the recording, and no audio."""
    return packet.startswith((b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN"))


def declared_by_mp3(file: Any) -> float | None:
    """Return the seconds that an MP3's first frame says there are; None when it says nothing."""
    if not hasattr(file, "seek"):
        return None
    at = file.tell()
    file.seek(_after_tag(file))
    frame = bytes(file.read(4096))
    file.seek(at)
    marks = [found for mark in (b"Xing", b"Info") if 0 < (found := frame.find(mark)) < 200]
    if not marks or len(frame) < marks[0] + 12 or not frame[marks[0] + 7] & 1:
        return None
    version, rate = frame[1] >> 3 & 3, (44100, 48000, 32000, 0)[frame[2] >> 2 & 3]
    if not rate or version == 1:
        return None
    count = int.from_bytes(frame[marks[0] + 8 : marks[0] + 12], "big")
    # MPEG 1 has 1152 samples a frame; 2 and 2.5 have half as many at a half or quarter the rate.
    return count * (1152 / rate if version == 3 else 576 / (rate / (2 if version == 2 else 4)))


def _after_tag(file: Any) -> int:
    file.seek(0)
    beginning = bytes(file.read(10))
    if beginning[:3] != b"ID3":
        return 0
    size = 0
    for each in beginning[6:10]:  # seven bits of each
        size = size << 7 | each & 0x7F
    return 10 + size
