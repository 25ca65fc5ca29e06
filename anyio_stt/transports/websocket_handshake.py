"""The handshake of a websocket, from the client's side."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
from anyio.abc import ByteStream
from wsproto import WSConnection
from wsproto.events import AcceptConnection, Event, RejectConnection, RejectData, Request
from wsproto.extensions import Extension, PerMessageDeflate
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from ..exceptions import APIConnectionError, APIStatusError
from .address import Address
from .redaction import EXCERPT, excerpt
from .statuses import status_error

__all__ = ("shake_hands",)

_COMPLAINT = 1.0  # a refusal is not worth a longer wait for its text


async def shake_hands(
    stream: ByteStream,
    connection: WSConnection,
    address: Address,
    headers: Sequence[tuple[str, str]],
    secrets: Sequence[str],
    compression: bool,
) -> list[Event]:
    """
    Ask for the upgrade, and return what came right after the answer.

    Raises:
        APIStatusError: when the answer is another status than 101.
        APIConnectionError: when there is no answer, or one that is no HTTP.
    """
    extensions: list[Extension] = [PerMessageDeflate()] if compression else []
    request = Request(
        host=address.authority,
        target=address.target,
        extensions=extensions,
        extra_headers=[(name.encode(), value.encode()) for name, value in headers],
    )
    try:
        await stream.send(connection.send(request))
        return await _await_answer(stream, connection, address, secrets)
    except (anyio.BrokenResourceError, anyio.EndOfStream, OSError) as exc:
        raise APIConnectionError(f"{address} hung up during the handshake") from exc
    except (RemoteProtocolError, LocalProtocolError, ValueError, LookupError) as exc:
        why = excerpt(str(exc), secrets)  # what the peer said, and it may have repeated a secret
    raise APIConnectionError(f"{address} did not answer the handshake as a websocket does: {why}")


async def _await_answer(
    stream: ByteStream, connection: WSConnection, address: Address, secrets: Sequence[str]
) -> list[Event]:
    while True:
        connection.receive_data(await stream.receive())
        events = list(connection.events())
        if not events:
            continue
        if isinstance(events[0], AcceptConnection):
            return events[1:]
        if isinstance(events[0], RejectConnection):
            said = await _read_complaint(stream, connection, events[1:])
            raise _refused(address, events[0], said, secrets)


async def _read_complaint(
    stream: ByteStream, connection: WSConnection, events: list[Event]
) -> bytes:
    """Read the body of a refusal, as far as it comes: the status alone says enough."""
    said = b""
    with anyio.move_on_after(_COMPLAINT):
        while True:
            for event in events:
                if isinstance(event, RejectData):
                    said += event.data
                if not isinstance(event, RejectData) or event.body_finished:
                    return said
            if len(said) > EXCERPT:
                return said
            try:
                connection.receive_data(await stream.receive())
            except (anyio.BrokenResourceError, anyio.EndOfStream, OSError, RemoteProtocolError):
                return said
            events = list(connection.events())
    return said


def _refused(
    address: Address, rejection: RejectConnection, said: bytes, secrets: Sequence[str]
) -> APIStatusError:
    return status_error(
        address,
        rejection.status_code,
        said=said.decode(errors="replace"),
        headers=[(name.decode(), value.decode("latin-1")) for name, value in rejection.headers],
        secrets=secrets,
    )
