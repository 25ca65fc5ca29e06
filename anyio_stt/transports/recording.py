"""A whole recording over connections that are made for streams."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager

import anyio
from anyio.lowlevel import checkpoint

from ..audio.frame import AudioFrame
from ..events import SpeechData, SpeechEvent, SpeechEventType
from ..exceptions import APIConnectionError
from ..wire.session import ClientSession
from .session_runner import Connection, reason_awaited

__all__ = ("join_finals", "send_recording")


async def send_recording(
    connect: Callable[[], AbstractAsyncContextManager[Connection]],
    begin: Callable[[float], ClientSession],
    frame: AudioFrame,
    *,
    piece: float = 0.5,
) -> SpeechEvent:
    """
    Send *frame* in pieces, and return all that is final as one FINAL_TRANSCRIPT.

    One connection does, unless the peer answers before it has heard everything: then another one
    takes the rest.

    Args:
        connect: opens a connection for a block; raises `APIError`.
        begin: begins a session, at so many seconds of the recording.
        frame: the recording.
        piece: seconds of audio in a message.

    Raises:
        APIError: when the provider fails, is lost, or refuses a part for good.
    """
    finals: list[SpeechEvent] = []
    done = 0
    while done < frame.samples_per_channel:
        session = begin(done / frame.sample_rate)
        async with connect() as connection:
            finals += await _send_rest(connection, session, frame, done, piece)
        reached = round(session.sent * frame.sample_rate)
        if reached <= done:
            raise APIConnectionError(f"{session.name} answered before it had heard anything")
        done = reached
    return join_finals(finals, frame.duration)


async def _send_rest(
    connection: Connection, session: ClientSession, frame: AudioFrame, first: int, piece: float
) -> list[SpeechEvent]:
    finals: list[SpeechEvent] = []
    ready = anyio.Event()

    async def send() -> None:
        async with reason_awaited():
            await _send_all(connection, session.opening())
            await ready.wait()
            size = max(1, round(piece * frame.sample_rate))
            for start in range(first, frame.samples_per_channel, size):
                stop = min(start + size, frame.samples_per_channel)
                await _send_all(connection, session.audio(frame.slice(start, stop)))
                await checkpoint()  # sending is none while the kernel has room
            await _send_all(connection, session.ending())

    async with anyio.create_task_group() as task_group:
        task_group.start_soon(send)
        while not session.done:
            if session.ready:
                ready.set()
            message = await connection.receive()
            events = session.closed() if message is None else session.receive(message)
            finals += [each for each in events if each.type is SpeechEventType.FINAL_TRANSCRIPT]
            for error, _, _ in session.refusals:
                raise error
            if message is None:
                break
        task_group.cancel_scope.cancel()
    return finals


async def _send_all(connection: Connection, messages: Iterable[str | bytes]) -> None:
    for message in messages:
        await connection.send(message)


def join_finals(finals: list[SpeechEvent], duration: float) -> SpeechEvent:
    """Join what was said of a recording of *duration* seconds."""
    best = [event.alternatives[0] for event in finals]
    joined = SpeechData(
        language=best[0].language if best else "",
        text=" ".join(reading.text for reading in best),
        end_time=duration,
        confidence=sum(reading.confidence for reading in best) / len(best) if best else 0.0,
        words=[word for reading in best for word in reading.words or ()] or None,
    )
    request_id = finals[0].request_id if finals else ""
    return SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT, request_id, [joined])
