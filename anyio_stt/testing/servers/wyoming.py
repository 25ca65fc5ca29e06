"""A server that speaks Wyoming."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from ...wire.server_session import Command, End
from ...wire.wyoming_events import WyomingDecoder, encode_event
from ...wire.wyoming_server import WyomingServerSession, info
from .faults import Action, Moment
from .link import HangUp, Link, PoliteClose
from .server import FaultServer
from .service import Message, Reply, answer
from .session_service import SessionService
from .words import Utterance

__all__ = ("WyomingServer", "WyomingService")


class WyomingServer(FaultServer):
    """Speaks Wyoming over TCP; keeps its conversations in `services`."""

    scheme = "tcp"

    async def serve(self, link: Link) -> None:
        """Answer one client until it goes, or a transcript was said."""
        service = WyomingService()
        decoder = WyomingDecoder()
        try:
            await link.reach(Moment.OPENING)
            await link.reach(Moment.OPENED)
            service.habit = link.habit
            while not service.done:
                event = decoder.next()
                if event is None:
                    decoder.feed(await link.receive())
                    continue
                service.payload = event[1]
                replies = service.hear(json.dumps(event[0]))
                await answer(link, service, replies, _frame)
                if link.mute:
                    service.done = False
        except PoliteClose:
            return
        except ValueError as exc:
            raise HangUp from exc


class WyomingService(SessionService[WyomingServerSession]):
    """The server's side of one utterance."""

    garbage: Message = "no event\n"
    foreign: Message = '{"text": "a"}\n'

    def __init__(self) -> None:
        super().__init__(WyomingServerSession(info([], "1.0", ["en"])))
        self.payload = b""
        self._said: list[Utterance] = []

    def hear(self, message: Message) -> Iterable[Reply]:
        """Answer one event."""
        event = json.loads(message)
        kind = event["type"]
        self.note("audio" if kind == "audio-chunk" else f"{kind} {json.dumps(event['data'])}")
        replies = self.answers(message)
        if self.habit is Action.UNASKED and any(each.words for each in self._said):
            replies += self.obey([End()])
        return replies

    def commands(self, message: Message) -> Iterable[Command]:
        """Understand an event and its payload."""
        return self.session.hear(json.loads(message), self.payload)

    def tell(self, said: Iterable[Utterance], _: int) -> Iterable[Reply]:
        """Keep what will not change for the end."""
        self._said += (each for each in said if each.final)
        return ()

    def finish(self) -> Iterator[Reply]:
        """Say all of it."""
        yield from super().finish()
        yield from super().tell(self._said, 0)

    def is_final(self, message: Message) -> bool:
        """Whether it is the transcript of the whole."""
        return _read(message)[0] == "transcript"

    def bent(self, replies: Iterable[Reply]) -> Iterator[Reply]:
        """Leave out the text of the whole."""
        for reply in replies:
            kind, data = _read(reply.message)
            empty = self.habit is Action.EMPTY_TEXTS and kind == "transcript"
            yield Reply(encode_event(kind, {**data, "text": ""}), reply.final) if empty else reply


def _read(message: Message) -> tuple[str, dict[str, object]]:
    decoder = WyomingDecoder()
    decoder.feed(_frame(message))
    event = decoder.next()
    assert event is not None
    return event[0]["type"], event[0]["data"]


def _frame(message: Message) -> bytes:
    return message.encode() if isinstance(message, str) else message
