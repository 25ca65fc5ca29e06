"""Wyoming's framing: a line of JSON, more JSON, and bytes; both halves, no input or output."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .fields import reason_of

__all__ = ("WyomingDecoder", "encode_event")

_SHOWN = 80
_MAX_LINE = 64 * 1024
_MAX_PART = 16 * 1024 * 1024


def encode_event(kind: str, data: Mapping[str, Any] | None = None, payload: bytes = b"") -> bytes:
    """Write one event; its data go after the line, as the reference client does it."""
    body = json.dumps(data).encode() if data else b""
    header: dict[str, Any] = {"type": kind, "version": "1.5.2"}
    if body:
        header["data_length"] = len(body)
    if payload:
        header["payload_length"] = len(payload)
    return json.dumps(header).encode() + b"\n" + body + payload


class WyomingDecoder:
    """Cuts events out of bytes, however they were cut before."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def seen(self) -> str:
        """The beginning of what is not read yet, for errors."""
        return self._buffer[:_SHOWN].decode(errors="replace")

    def feed(self, data: bytes) -> None:
        """Take more bytes."""
        self._buffer += data

    def next(self) -> tuple[dict[str, Any], bytes] | None:
        """
        Return the next event, its `type` and `data` as one object, and its payload.

        Raises:
            ValueError: when the bytes are no event, or one that is too big.
        """
        try:
            return self._next()
        except (AttributeError, RecursionError, TypeError, ValueError) as exc:
            raise ValueError(reason_of(exc)) from None

    def _next(self) -> tuple[dict[str, Any], bytes] | None:
        end = self._buffer.find(b"\n")
        if end < 0:
            if len(self._buffer) > _MAX_LINE:
                raise ValueError(f"no line ends within {_MAX_LINE} bytes")
            return None
        header = json.loads(self._buffer[:end])
        if not isinstance(header, dict) or not isinstance(header.get("type"), str):
            raise ValueError("the line is no event")
        sizes = [header.get(name) or 0 for name in ("data_length", "payload_length")]
        if any(not isinstance(size, int) or not 0 <= size <= _MAX_PART for size in sizes):
            raise ValueError(f"lengths must be 0 to {_MAX_PART}, got {sizes}")
        start, middle = end + 1, end + 1 + sizes[0]
        if len(self._buffer) < middle + sizes[1]:
            return None
        data = _object(header.get("data") or {})
        if sizes[0]:
            data.update(_object(json.loads(self._buffer[start:middle])))
        payload = bytes(self._buffer[middle : middle + sizes[1]])
        del self._buffer[: middle + sizes[1]]
        return {"type": header["type"], "data": data}, payload


def _object(data: object) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ValueError(f"an event's data are an object, not {type(data).__name__}")
    return dict(data)
