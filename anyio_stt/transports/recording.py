"""A whole recording over a connection that is made for streams."""

from __future__ import annotations

from collections.abc import Iterable

import anyio
from anyio.lowlevel import checkpoint

from ..audio.frame import AudioFrame
from ..events import SpeechData, SpeechEvent, SpeechEventType
from ..wire.session import ClientSession
from .session_stream import Connection, reason_awaited

__all__ = ("join_finals", "send_recording")


async def send_recording(
    connection: Connection, session: ClientSession, frame: AudioFrame, *, piece: float = 0.5
) -> SpeechEvent:
    """
    Say *frame* in pieces, and return all that is final as one FINAL_TRANSCRIPT.

    Args:
        connection: newly opened.
        session: newly begun.
        frame: the recording.
        piece: seconds of audio in a message.

    Raises:
        APIError: when the provider fails or is lost.
    """
    finals: list[SpeechEvent] = []
    ready = anyio.Event()

    async def talk() -> None:
        async with reason_awaited():
            await _say(connection, session.opening())
            await ready.wait()
            size = max(1, round(piece * frame.sample_rate))
            for start in range(0, frame.samples_per_channel, size):
                stop = min(start + size, frame.samples_per_channel)
                await _say(connection, session.audio(frame.slice(start, stop)))
                await checkpoint()  # sending is none while the kernel has room
            await _say(connection, session.ending())

    async with anyio.create_task_group() as task_group:
        task_group.start_soon(talk)
        while not session.done:
            if session.ready:
                ready.set()
            message = await connection.receive()
            if message is None:
                session.closed()
                break
            events = session.receive(message)
            finals += [each for each in events if each.type is SpeechEventType.FINAL_TRANSCRIPT]
        task_group.cancel_scope.cancel()
    return join_finals(finals, frame.duration)


async def _say(connection: Connection, messages: Iterable[str | bytes]) -> None:
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
