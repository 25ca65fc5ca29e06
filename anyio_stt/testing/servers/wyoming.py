"""A server that speaks Wyoming."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np

from ...wire.wyoming_events import WyomingDecoder, encode_event
from .faults import Action, Moment
from .link import HangUp, Link, PoliteClose
from .server import FaultServer
from .service import Message, Reply, Service, answer
from .words import Recogniser, Utterance

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


class WyomingService(Service):
    """The server's side of one utterance."""

    done: bool
    heard: float

    garbage: Message = "no event\n"
    foreign: Message = '{"text": "a"}\n'

    def __init__(self) -> None:
        super().__init__()
        self.payload = b""
        self._recogniser = Recogniser(16000)
        self._finals: list[Utterance] = []

    def hear(self, message: Message) -> Iterable[Reply]:
        """Answer one event."""
        event = json.loads(message)
        kind, data = event["type"], event["data"]
        self.note("audio" if kind == "audio-chunk" else f"{kind} {json.dumps(data)}")
        match kind:
            case "audio-start":
                self._recogniser = Recogniser(int(data["rate"]))
            case "audio-chunk":
                said = self._recogniser.feed(np.frombuffer(self.payload, dtype=np.int16))
                self._finals += [each for each in said if each.final]
                self.heard = self._recogniser.heard
                if self.habit is Action.UNASKED and any(each.words for each in self._finals):
                    self.done = True
                    return self._transcript()
            case "audio-stop":
                self.ending = self.done = True
                return self._transcript()
        return []

    def _transcript(self) -> list[Reply]:
        finals = [*self._finals, *self._recogniser.finish()]
        texts = [each.text for each in finals if each.words]
        events = [("transcript-start", {"language": "en"})]
        events += [("transcript-chunk", {"text": f"{text} "}) for text in texts]
        replies = [Reply(encode_event(*event)) for event in events]
        whole = "" if self.habit is Action.EMPTY_TEXTS else " ".join(texts)
        last = encode_event("transcript", {"text": whole, "language": "en"})
        return [*replies, Reply(last, final=True), Reply(encode_event("transcript-stop"))]


def _frame(message: Message) -> bytes:
    return message.encode() if isinstance(message, str) else message
