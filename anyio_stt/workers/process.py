"""One worker process: started, spoken with, and ended, each within a deadline."""

from __future__ import annotations

import math
import signal
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import anyio
from anyio.abc import ByteReceiveStream, ByteSendStream, Process

from ..exceptions import APIConnectionError, APIError, APITimeoutError
from .wire import Kind, Message, MessageReader, WireError, checked, pack

__all__ = ("WorkerProcess", "command_for")

_END_SECONDS = 5.0  # a killed process is gone in milliseconds
_BROKEN = (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError)
_REQUESTS = (Kind.SETUP, Kind.BEGIN, Kind.AUDIO, Kind.FLUSH, Kind.END)
_ANSWERS = (Kind.READY, Kind.HEARD, Kind.DONE)


def command_for(target: str) -> tuple[str, ...]:
    """Return what runs a worker that serves with what *target* loads, as `module:name`."""
    return (sys.executable, str(Path(__file__).parent / "child.py"), target)


class WorkerProcess:
    """
    A process that recognises one stream at a time.

    One task may send while another receives.

    Args:
        name: what errors call the engine.
        process: with pipes for standard input and output.
        patience: how many seconds it may take to answer a message.
    """

    def __init__(self, name: str, process: Process, patience: float) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._name = name
        self._process = process
        self._patience = patience
        self._input: ByteSendStream = process.stdin
        self._output: ByteReceiveStream = process.stdout
        self._reader = MessageReader()
        self._received: deque[Message] = deque()
        self._owed = 0  # answers
        self._waiting: anyio.CancelScope | None = None

    @classmethod
    async def start(
        cls, name: str, setup: Message, patience: float, command: Sequence[str]
    ) -> WorkerProcess:
        """
        Start a process and wait until its recogniser is loaded.

        Cancelled or failed, it leaves no process.

        Args:
            name: what errors call the engine.
            setup: the message that says what to load.
            patience: how many seconds it may take to answer this message or any later one.
            command: what to run; `command_for` makes it.

        Raises:
            APIError: when the recogniser refuses its options; not retryable.
            APIConnectionError: when the process cannot be started, or ends.
            APITimeoutError: when it is not ready in time.
        """
        try:
            # A session of its own, so that Ctrl-C in the terminal is for its parent to handle.
            # Shielded: cancelled on the way, asyncio and uvloop do not wait for what they began.
            with anyio.CancelScope(shield=True), anyio.fail_after(_END_SECONDS):
                process = await anyio.open_process(command, stderr=None, start_new_session=True)
        except OSError as exc:
            why = str(exc) or f"it took more than {_END_SECONDS:g} s"
            raise APIConnectionError(f"cannot start a {name} worker: {why}") from exc
        worker = cls(name, process, patience)
        try:
            await worker.send(setup)
            await worker.expect(Kind.READY)
        except BaseException:
            await worker.kill()
            raise
        return worker

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs, as far as is known."""
        return self._process.returncode is None

    # ---- talking

    async def send(self, message: Message) -> None:
        """
        Send *message*. Cancelled, it may have been sent in part: then kill the worker.

        A worker that has died takes everything; `receive` says that it died.

        Raises:
            APITimeoutError: when the pipe takes nothing for too long.
        """
        if message.kind in _REQUESTS:
            self._owed += 1
            if self._owed == 1:
                self._expect_answer()
        with anyio.move_on_after(self._patience):
            with suppress(*_BROKEN):
                await self._input.send(pack(message))
            return
        raise self._too_slow()

    async def receive(self) -> Message:
        """
        Return the next message. Cancellation loses none.

        It waits for ever while the worker owes no answer, and no longer than it was told
        otherwise.

        Raises:
            APITimeoutError: when an answer is late.
            APIConnectionError: when the worker has died.
            APIError: when the worker says that it cannot go on.
        """
        while not self._received:
            for message in self._reader_feed(await self._read()):
                if message.kind in _ANSWERS:
                    self._owed -= 1
                self._received.append(message)
        message = self._received.popleft()
        if message.kind is Kind.FAULT:
            raise self._fault(message)
        return message

    async def expect(self, kind: Kind) -> Message:
        """
        Return the next message, which must be of *kind*.

        Raises:
            APIConnectionError: when it is of another, or as `receive` does.
        """
        message = await self.receive()
        if message.kind is not kind:
            raise APIConnectionError(
                f"a {self._name} worker said {message.kind.name} instead of {kind.name}"
            )
        return message

    # ---- ending

    async def kill(self) -> None:
        """End it now, and wait until it is gone; not cancellable, but soon over."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
        with anyio.CancelScope(shield=True), anyio.move_on_after(_END_SECONDS):
            await self._process.aclose()  # closes the pipes too, and waits

    # ---- inside

    async def _read(self) -> bytes:
        with anyio.CancelScope() as self._waiting:
            self._expect_answer()
            try:
                return await self._output.receive()
            except (anyio.EndOfStream, *_BROKEN) as exc:
                death = exc
            raise await self._death() from death
        raise self._too_slow()

    def _reader_feed(self, data: bytes) -> list[Message]:
        try:
            return [checked(message) for message in self._reader.feed(data)]
        except WireError as exc:
            raise APIConnectionError(
                f"a {self._name} worker sent what cannot be read: {exc}"
            ) from exc

    def _expect_answer(self) -> None:
        if self._waiting is not None:
            late = anyio.current_time() + self._patience if self._owed else math.inf
            self._waiting.deadline = late

    async def _death(self) -> APIConnectionError:
        with anyio.move_on_after(_END_SECONDS):
            await self._process.wait()
        return APIConnectionError(
            f"a {self._name} worker (process {self.pid}) died: {_how(self._process.returncode)}"
        )

    def _too_slow(self) -> APITimeoutError:
        return APITimeoutError(
            f"a {self._name} worker (process {self.pid}) did not answer within "
            f"{self._patience:g} s; the machine is overloaded, or worker_timeout too short"
        )

    def _fault(self, message: Message) -> APIError:
        error = message.fields.get("error", "unknown")
        return APIError(
            f"{self._name} failed: {error}", retryable=bool(message.fields.get("retryable", True))
        )


def _how(returncode: int | None) -> str:
    if returncode is None:
        return "it closed its pipe"
    if returncode < 0:
        try:
            return f"exit code {returncode} ({signal.Signals(-returncode).name})"
        except ValueError:
            pass
    return f"exit code {returncode}"
