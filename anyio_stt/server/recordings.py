"""Recognising a recording, as its frames are read."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

import anyio

from ..audio import AudioFileError, AudioFrame, AudioReader, mix_down, open_audio
from ..events import SpeechData, SpeechEvent, SpeechEventType
from ..exceptions import APIError
from ..stream import RecognizeStream
from ..wire.server_session import ClientError
from .models import Model, open_stream
from .service import Service

__all__ = ("LostError", "Recording", "recognise", "recognise_file")

_EPSILON = 1e-3


class LostError(APIError):
    """Raised when part of a recording could not be recognised."""


@dataclass
class Recording:
    """What was said in a recording."""

    duration: float = 0.0
    channels: int = 1
    said: list[SpeechEvent] = field(default_factory=list)
    """The finals, in order."""

    @property
    def data(self) -> list[SpeechData]:
        """The best reading of each final."""
        return [event.alternatives[0] for event in self.said if event.alternatives]

    @property
    def language(self) -> str:
        """The language of the first final that tells it."""
        return next((data.language for data in self.data if data.language), "")


Tell = Callable[[SpeechEvent], Awaitable[None]]


async def recognise_file(
    service: Service,
    model: Model,
    path: str,
    *,
    language: str | None,
    apart: bool = False,
    tell: Tell | None = None,
) -> Recording:
    """
    Recognise the sound file at *path*.

    Args:
        service: whose bounds hold.
        model: who recognises.
        path: of the file.
        language: what is spoken, where the client said.
        apart: whether each channel is recognised by itself.
        tell: is given each final as it comes.

    Raises:
        ClientError: when it is no audio, or too long.
        LostError: when part of it could not be recognised.
        APIError: what the engine failed with.
    """
    try:
        async with open_audio(path) as audio:
            if audio.duration is not None and audio.duration > service.options.max_audio:
                raise _too_long(service)
            recording = await recognise(
                service, model, audio, language=language, apart=apart, tell=tell
            )
            _check_whole(audio)
            return recording
    except AudioFileError as exc:
        reason = str(exc).replace(path, "the recording")
        raise ClientError(f"the recording cannot be read: {reason}", "file") from exc


def _check_whole(audio: AudioReader) -> None:
    if audio.lost:
        places = ", ".join(f"{start:.3f} s to {end:.3f} s" for start, end in audio.lost[:10])
        raise ClientError(f"the recording is damaged or cut off: {places} cannot be read", "file")


async def recognise(
    service: Service,
    model: Model,
    frames: AsyncIterable[AudioFrame],
    *,
    language: str | None,
    apart: bool = False,
    tell: Tell | None = None,
) -> Recording:
    """Recognise frames; see `recognise_file`."""
    recording = Recording()
    stt = model.channels if apart else model.stt
    failures: list[Exception] = []
    async with (
        open_stream(stt, language, service.stream_options) as stream,
        anyio.create_task_group() as tasks,
    ):
        try:
            audio = _bounded(service, recording, frames, apart=apart)
            tasks.start_soon(_feed, stream, audio, failures, tasks.cancel_scope)
            async for event in stream:
                if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                    recording.said.append(event)
                    if tell is not None:
                        await tell(event)
        except Exception as exc:  # noqa: BLE001 - raised again, outside of the group
            failures.append(exc)
            tasks.cancel_scope.cancel()
    if failures:
        raise failures[0]
    lost = stream.statistics().dropped
    if lost > _EPSILON:
        raise LostError(f"{lost:.3f} s of {recording.duration:.3f} s could not be recognised")
    return recording


async def _feed(
    stream: RecognizeStream,
    frames: AsyncGenerator[AudioFrame, None],
    failures: list[Exception],
    everything: anyio.CancelScope,
) -> None:
    try:
        async with aclosing(frames):
            await stream.feed(frames)
    except Exception as exc:  # noqa: BLE001 - raised again, outside of the group
        failures.append(exc)
        everything.cancel()


async def _bounded(
    service: Service, recording: Recording, frames: AsyncIterable[AudioFrame], *, apart: bool
) -> AsyncGenerator[AudioFrame, None]:
    async for frame in frames:
        recording.duration += frame.duration
        recording.channels = frame.num_channels if apart else 1
        if recording.duration > service.options.max_audio:
            raise _too_long(service)
        yield frame if apart or frame.num_channels == 1 else mix_down(frame)


def _too_long(service: Service) -> ClientError:
    return ClientError(
        f"the recording is longer than {service.options.max_audio:g} s, the most that is taken",
        "file",
        status=413,
    )
