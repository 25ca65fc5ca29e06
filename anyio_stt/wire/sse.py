"""Server-sent events: bytes to the data of each; no input or output."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

__all__ = ("ServerSentEvents",)

_MAX_LINE = 1024 * 1024
_MAX_EVENT = 1024 * 1024
_SHOWN = 80
_OTHERS = ("event", "id", "retry", "")  # a line that begins with a colon is a comment


class ServerSentEvents:
    """Cuts the data of server-sent events out of bytes, however they were cut before."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, data: bytes, *, last: bool = False) -> Iterator[str]:
        """
        Return the data of the events that are complete.

        Raises:
            ValueError: when a line or an event does not end, or a line is none of the protocol's:
                a browser would pass over it, but with what was garbled words are lost.
        """
        self._text += self._decoder.decode(data, last)
        *lines, self._text = self._text.split("\n")
        if len(self._text) > _MAX_LINE:
            raise ValueError(f"a line of more than {_MAX_LINE} characters")
        for raw in lines:
            line = raw.removeprefix("\ufeff").removesuffix("\r")
            if line.startswith("data:"):
                self._keep(line)
            elif line:
                _check(line)
            elif self._data:
                yield "\n".join(self._data)
                self._data, self._size = [], 0

    def _keep(self, line: str) -> None:
        self._size += len(line)  # with its `data:`, so that empty lines count too
        if self._size > _MAX_EVENT:
            raise ValueError(
                f"an event of more than {_MAX_EVENT} characters in its data lines: no empty line "
                f"ends it"
            )
        self._data.append(line[5:].removeprefix(" "))


def _check(line: str) -> None:
    if line.partition(":")[0] not in _OTHERS:
        raise ValueError(f"a line that is no server-sent event: {line[:_SHOWN]!r}")
