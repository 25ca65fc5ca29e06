"""The loop of a worker process: messages in on one pipe, messages out on the other."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from .segmenter import Endpointing, Segmenter
from .session import Session
from .wire import Kind, Message, MessageReader, pack

__all__ = ("main", "serve")


def main() -> None:
    """Serve until the other side closes its pipe or is gone."""
    # Ctrl-C in a terminal goes to every process: only the one that started us decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    output = os.dup(1)
    os.dup2(2, 1)  # pocketsphinx's grammar parser prints to what it takes for standard output
    with suppress(BrokenPipeError):  # nobody listens any more
        serve(_messages(0), lambda message: _write(output, pack(message)))
    # Without the interpreter's own end, which can take as long as freeing the models does.
    os._exit(0)


def serve(messages: Iterator[Message], say: Callable[[Message], None]) -> None:
    """
    Answer *messages* until there are no more, or one cannot be answered.

    Args:
        messages: what the other side says, `SETUP` first.
        say: takes the answers.
    """
    try:
        worker = _Worker(next(messages), say)
        for message in messages:
            worker.take(message)
    except StopIteration:
        return
    except BrokenPipeError:
        raise
    except Exception as exc:  # noqa: BLE001 - told to the other side, which raises it
        # A value that pocketsphinx refuses will be refused again.
        final = isinstance(exc, (ValueError, ImportError))
        say(Message(Kind.FAULT, fields={"error": f"{exc}", "retryable": not final}))


class _Worker:
    """A loaded decoder and the session that uses it."""

    def __init__(self, setup: Message, say: Callable[[Message], None]) -> None:
        from .recogniser import SphinxRecogniser, make_detector

        self._say = say
        options: dict[str, Any] = dict(setup.fields)
        self._endpointing = Endpointing(**options.pop("endpointing"))
        self._make_detector = make_detector
        self._recogniser = SphinxRecogniser(**options)
        self._session: Session | None = None
        say(Message(Kind.READY))

    def take(self, message: Message) -> None:
        if message.kind is Kind.BEGIN:
            self._begin(**message.fields)
            return
        session = self._session
        if session is None:
            raise RuntimeError(f"{message.kind.name} came before BEGIN")
        if message.kind is Kind.AUDIO:
            session.hear(message.audio)
        elif message.kind is Kind.FLUSH:
            session.flush()
        elif message.kind is Kind.END:
            self._session = None
            session.end()
        else:
            raise RuntimeError(f"{message.kind.name} is no message to a worker")

    def _begin(self, interims: bool) -> None:
        detector = self._make_detector(self._endpointing.vad_mode)
        segmenter = Segmenter(detector.is_speech, self._endpointing)
        self._recogniser.reset()
        self._session = Session(segmenter, self._recogniser, self._say, interims=interims)
        self._say(Message(Kind.READY))


def _messages(descriptor: int) -> Iterator[Message]:
    reader = MessageReader()
    while data := os.read(descriptor, 1 << 16):
        yield from reader.feed(data)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


if sys.platform == "win32":  # pragma: no cover - pipes are opened in text mode there
    import msvcrt

    for _descriptor in (0, 1):
        msvcrt.setmode(_descriptor, os.O_BINARY)
