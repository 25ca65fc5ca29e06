"""
The messages between a stream and its worker process, as bytes; no I/O.

A message is a kind (one byte), the length of its body (four bytes, little-endian) and the body:
raw audio for `AUDIO`, JSON for the others. The worker answers each request in order: `SETUP` and
`BEGIN` with `READY`, `AUDIO` and `FLUSH` with `HEARD`, `END` with `DONE`; what it has recognised
meanwhile comes before the answer. `FAULT` takes the place of an answer, and the worker ends.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

__all__ = ("MAX_BODY", "Kind", "Message", "MessageReader", "WireError", "checked", "pack")

MAX_BODY = 1 << 22
"""The longest body in bytes; two minutes of audio, or any transcript of 30 s."""
_HEADER = struct.Struct("<BI")


class WireError(ValueError):
    """Raised for bytes that are no message."""


class Kind(IntEnum):
    """What a message is about."""

    # to the worker
    SETUP = 1
    BEGIN = 2
    AUDIO = 3
    FLUSH = 4
    END = 5
    # from it
    READY = 16
    HEARD = 17
    ONSET = 18
    INTERIM = 19
    FINAL = 20
    OFFSET = 21
    DONE = 22
    FAULT = 23


@dataclass(frozen=True)
class Message:
    """
    One message.

    Args:
        kind: what it is about.
        audio: the body of `AUDIO`: 16 kHz mono, 16 bits, little-endian.
        fields: the body of any other kind.
    """

    kind: Kind
    audio: bytes = b""
    fields: dict[str, Any] = field(default_factory=dict)


def pack(message: Message) -> bytes:
    """
    Return *message* as bytes.

    Raises:
        WireError: when its body is longer than `MAX_BODY`.
    """
    if message.kind is Kind.AUDIO:
        body = message.audio
    else:
        body = json.dumps(message.fields).encode() if message.fields else b""
    _check_length(len(body))
    return _HEADER.pack(message.kind, len(body)) + body


class MessageReader:
    """Turns bytes, however they were cut, back into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """
        Return the messages that *data* completes.

        Raises:
            WireError: when the bytes are no message.
        """
        self._buffer += data
        messages = []
        while (message := self._next()) is not None:
            messages.append(message)
        return messages

    def _next(self) -> Message | None:
        if len(self._buffer) < _HEADER.size:
            return None
        kind, length = _HEADER.unpack_from(self._buffer)
        _check_length(length)
        end = _HEADER.size + length
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[_HEADER.size : end])
        del self._buffer[:end]
        return _message(kind, body)


def checked(message: Message) -> Message:
    """
    Return *message* if a worker may say so.

    Raises:
        WireError: when a field that it has to have is missing, or is none.
    """
    for name, fits in _REQUIRED.get(message.kind, {}).items():
        if not fits(message.fields.get(name)):
            raise WireError(f"{message.kind.name} has no {name} that can be read")
    return message


def _is_time(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < _LATEST


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are_words(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_word, value))


def _is_word(value: object) -> bool:
    if not isinstance(value, list) or len(value) != 4:
        return False
    text, *numbers = value
    return _is_text(text) and all(map(_is_time, numbers))


_LATEST = 1e9  # seconds; 30 years
_REQUIRED: dict[Kind, dict[str, Callable[[object], bool]]] = {
    Kind.HEARD: {"quiet": _is_time},
    Kind.ONSET: {"time": _is_time},
    Kind.OFFSET: {"time": _is_time},
    Kind.INTERIM: {"text": _is_text, "start": _is_time, "end": _is_time},
    Kind.FINAL: {"text": _is_text, "words": _are_words},
}


def _message(kind: int, body: bytes) -> Message:
    try:
        known = Kind(kind)
    except ValueError:
        raise WireError(f"there is no message of kind {kind}") from None
    if known is Kind.AUDIO:
        return Message(known, audio=body)
    try:
        fields = json.loads(body) if body else {}
    except (ValueError, RecursionError) as exc:
        raise WireError(f"the body of {known.name} is no JSON: {exc}") from exc
    if not isinstance(fields, dict):
        raise WireError(f"the body of {known.name} is no JSON object")
    return Message(known, fields=fields)


def _check_length(length: int) -> None:
    if length > MAX_BODY:
        raise WireError(f"a body of {length} bytes is longer than {MAX_BODY} bytes")
