"""The loop of a worker process: messages in on one pipe, messages out on the other."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from .session import Hearing, Loaded
from .wire import Kind, Message, MessageReader, pack

__all__ = ("Server", "main", "serve")


def main(load: Callable[..., Loaded]) -> None:
    """Serve until the other side closes its pipe or is gone."""
    # Ctrl-C in a terminal goes to every process: only the one that started us decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    output = os.dup(1)
    os.dup2(2, 1)  # what a recogniser prints is no message
    with suppress(BrokenPipeError):  # nobody listens any more
        serve(_messages(0), lambda message: _write(output, pack(message)), load)
    # Without the interpreter's own end, which can take as long as freeing the models does.
    os._exit(0)


def serve(
    messages: Iterator[Message], say: Callable[[Message], None], load: Callable[..., Loaded]
) -> None:
    """
    Answer *messages* until there are no more, or one cannot be answered.

    Args:
        messages: what the other side says, `SETUP` first.
        say: takes the answers.
        load: loads a recogniser, given the fields of `SETUP`.
    """
    try:
        setup = next(messages)
        server = Server(load(**setup.fields), say, _input_waits)
        say(Message(Kind.READY))
        for message in messages:
            server.take(message)
    except StopIteration:
        return
    except BrokenPipeError:
        raise
    except Exception as exc:  # noqa: BLE001 - told to the other side, which raises it
        # A value that a recogniser refuses will be refused again.
        final = isinstance(exc, (ValueError, ImportError))
        say(Message(Kind.FAULT, fields={"error": f"{exc}", "retryable": not final}))


class Server:
    """
    A loaded recogniser and the session that uses it.

    Args:
        loaded: makes the sessions.
        say: takes the answers.
        busy: whether guesses have to wait for something that matters more.
    """

    def __init__(
        self, loaded: Loaded, say: Callable[[Message], None], busy: Callable[[], bool]
    ) -> None:
        self._loaded = loaded
        self._say = say
        self._busy = busy
        self._session: Hearing | None = None

    def take(self, message: Message) -> None:
        """
        Answer *message*.

        Raises:
            RuntimeError: for a message that is none to a worker, or comes at the wrong time.
        """
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

    def _begin(self, **fields: Any) -> None:
        self._session = self._loaded.session(self._say, self._busy, **fields)
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

    def _input_waits() -> bool:
        return False  # a pipe cannot be asked

else:

    def _input_waits() -> bool:
        return bool(select.select([0], [], [], 0)[0])
