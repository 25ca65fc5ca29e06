"""A recording that goes from one member of a fallback to the next until one recognises it."""

from __future__ import annotations

import logging

import anyio

from ..audio.frame import AudioBuffer
from ..events import SpeechEvent
from ..options import APIConnectOptions
from .fallback_members import Member, Members
from .refusals import is_refusal

__all__ = ("recognize",)

logger: logging.Logger = logging.getLogger("anyio_stt")


async def recognize(
    members: Members,
    buffer: AudioBuffer,
    hedge_after: float,
    language: str | None,
    conn_options: APIConnectOptions,
) -> SpeechEvent:
    """
    Return the first answer that one of *members* gives.

    Args:
        members: who is asked, one after the other.
        buffer: the recording.
        hedge_after: seconds after which the next one is asked too.
        language: the language spoken.
        conn_options: the caller's.

    Raises:
        APIError: what the recording was refused with, when one that is up refused it and none
            that is up took it; `all STTs failed` when each was asked and failed.
    """
    call = _Call(members, buffer, language, members.options(conn_options))
    async with anyio.create_task_group() as tasks:
        call.scope = tasks.cancel_scope
        for member in members.in_order():
            if call.refusal is not None and not member.is_up():
                continue  # the recording is at fault: who is down need not be asked
            done = anyio.Event()
            tasks.start_soon(call.ask, member, done)
            with anyio.move_on_after(hedge_after):
                await done.wait()
    if call.answer is not None:
        return call.answer
    raise call.refusal or members.all_failed(call.failure)


class _Call:
    def __init__(
        self,
        members: Members,
        buffer: AudioBuffer,
        language: str | None,
        options: APIConnectOptions,
    ) -> None:
        self._members = members
        self._buffer = buffer
        self._language = language
        self._options = options
        self.scope = anyio.CancelScope()
        self.answer: SpeechEvent | None = None
        self.failure: Exception | None = None
        self.refusal: Exception | None = None

    async def ask(self, member: Member, done: anyio.Event) -> None:
        try:
            answer = await member.stt.recognize(
                self._buffer, language=self._language, conn_options=self._options
            )
        except Exception as exc:  # noqa: BLE001 - whatever a member raises, the next goes on
            self._failed(member, exc)
        else:
            if self.answer is None:  # else another one was first
                self.answer = answer
                self._members.succeeded(member)
                self.scope.cancel()
        finally:
            done.set()

    def _failed(self, member: Member, error: Exception) -> None:
        if is_refusal(error):
            self.refusal = error
            logger.warning("%s refuses a recording, the next is asked: %s", member.label, error)
        else:
            self.failure = error
            logger.warning("%s failed, the next is asked: %s", member.label, error)
            self._members.failed(member, error)
