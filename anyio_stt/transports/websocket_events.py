"""What a peer's bytes mean: wsproto's events, and where they break the protocol."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wsproto import WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import CloseConnection, Event

__all__ = ("Violation", "events_of")

_BROKEN = 1002
_BAD_GATEWAY = 1014  # registered after wsproto was written, which takes it for a violation
_CLOSING = (ConnectionState.REMOTE_CLOSING, ConnectionState.CLOSED)


@dataclass(frozen=True)
class Violation(Event):
    """
    The peer broke the protocol; nothing that comes after can be read.

    Args:
        code: the close code that says so.
        reason: which rule it broke.
    """

    code: int
    reason: str


def events_of(connection: WSConnection, data: bytes) -> Iterator[Event]:
    """Yield what *data* means; whatever wsproto makes of garbage is a `Violation`."""
    try:
        connection.receive_data(data)
        for event in connection.events():
            if isinstance(event, CloseConnection) and connection.state not in _CLOSING:
                # wsproto tells a violation like a close; only a close changes the state.
                yield _meant(event, data)
                return
            yield event
    except Exception as exc:  # noqa: BLE001 - a peer can make any of them, by what it sends
        yield Violation(_BROKEN, str(exc) or type(exc).__name__)


def _meant(event: CloseConnection, data: bytes) -> Event:
    reason = event.reason or "no reason"
    at = data.rfind(b"\x88")
    if "reserved code" in reason and at >= 0 and data[at + 2 : at + 4] == b"\x03\xf6":
        said = data[at + 4 : at + 2 + data[at + 1]].decode(errors="replace")
        return CloseConnection(_BAD_GATEWAY, said)
    return Violation(int(event.code), reason)
