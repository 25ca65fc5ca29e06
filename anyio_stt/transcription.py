"""Whole recordings: a stream that feeds itself, and words for whoever wants nothing else."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, Union, cast

import anyio
import numpy as np
import numpy.typing as npt

from ._rules.lifecycle import Action, State
from .audio.frame import AudioFrame, FrameLike, as_frame
from .audio.pauses import cut_at_pauses
from .audio.reader import AudioReader
from .audio.reading import open_audio
from .events import SpeechEvent, SpeechEventType
from .exceptions import AudioLostError
from .options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions
from .turns import TurnOptions, Turns
from .utterances import Utterances

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from .stream import RecognizeStream
    from .stt import STT

__all__ = (
    "AudioSource",
    "StreamTranscription",
    "TranscribeOptions",
    "checked_source",
    "raise_for_lost",
    "text_of",
    "transcribe",
)

AudioSource: TypeAlias = Union[
    str,
    "os.PathLike[str]",
    bytes,
    "npt.NDArray[Any]",
    FrameLike,
    Iterable[FrameLike],
    AsyncIterable[FrameLike],
]
"""A path; samples as an array or bytes, with their rate; a frame; frames, async or not."""

_Frames: TypeAlias = Union[Iterable[FrameLike], AsyncIterable[FrameLike]]
_Lost: TypeAlias = list[tuple[float, float]]


class TranscribeOptions(TypedDict, total=False):
    """
    What `STT.transcribe` takes by keyword.

    Args:
        sample_rate: the rate of an array or of bytes.
        num_channels: how many channels are interleaved in bytes; by default 1.
        language: the language spoken, for engines that take one.
        conn_options: retries, deadlines and bounds.
    """

    sample_rate: int | None
    num_channels: int
    language: str | None
    conn_options: APIConnectOptions


def checked_source(
    source: AudioSource, sample_rate: int | None, num_channels: int
) -> str | os.PathLike[str] | _Frames:
    """Return a path as it is, and everything else as frames."""
    if isinstance(source, (str, os.PathLike)):
        return source
    if isinstance(source, (np.ndarray, bytes, bytearray, memoryview)):
        if sample_rate is None:
            raise ValueError(
                f"{type(source).__name__} does not say its rate: write "
                f"transcribe(samples, sample_rate=16000) with the rate it has"
            )
        if isinstance(source, np.ndarray):
            return [AudioFrame.from_array(source, sample_rate)]
        samples = len(memoryview(source).cast("B")) // (2 * num_channels)
        return [AudioFrame(source, sample_rate, num_channels, samples)]
    if isinstance(source, (Iterable, AsyncIterable)):
        return cast("_Frames", source)
    return [as_frame(source)]  # one frame, or the error that says what to write


@asynccontextmanager
async def _opened(source: str | os.PathLike[str] | _Frames) -> AsyncGenerator[_Frames, None]:
    if isinstance(source, (str, os.PathLike)):
        async with open_audio(source) as audio:
            yield audio
    else:
        yield source


class StreamTranscription:
    """
    The events of a stream that feeds itself; made by `RecognizeStream.transcribe`.

    Iterate it once, in the stream's block. The feeding is a task of that block, and ends with the
    stream at the latest.
    """

    def __init__(self, stream: RecognizeStream, source: str | os.PathLike[str] | _Frames) -> None:
        self._stream = stream
        self._source = source
        self._scope = anyio.CancelScope()
        self._fed: anyio.Event | None = None
        self._error: Exception | None = None
        self._lost: _Lost = []
        self._texts: list[str] = []

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SpeechEvent:
        """
        Return the next event; cancellation loses none.

        Raises:
            AudioLostError: at the end, when the stream ended well but not all was recognised.
            Exception: what the engine failed with, or else what the source did, as itself.
        """
        if self._fed is None:
            self._begin()
        try:
            event = await self._stream.__anext__()
        except StopAsyncIteration:
            self._finish()
            raise
        if event.type is SpeechEventType.FINAL_TRANSCRIPT:
            self._texts.append(text_of(event))
        return event

    def utterances(self) -> Utterances:
        """Iterate over utterances, one `Utterance` for each END, instead of events."""
        return Utterances(self._stream, self)

    def turns(self, **options: Unpack[TurnOptions]) -> Turns:
        """Iterate the moments of turns instead, as `RecognizeStream.turns` gives them."""
        return Turns(self._stream, events=self, **options)

    async def aclose(self) -> None:
        """Stop feeding; the stream calls it when it ends."""
        self._scope.cancel()
        if self._fed is not None:
            await self._fed.wait()

    def _begin(self) -> None:
        stream, self._fed = self._stream, anyio.Event()
        lifecycle = stream._core_lifecycle  # noqa: SLF001 - the other half of one class
        if lifecycle.state in (State.CREATED, State.DRAINING):
            raise lifecycle.refusal(Action.PUSH)
        if lifecycle.running:
            stream._closing(self)  # noqa: SLF001
            stream._core_tasks.start_soon(self._feed)  # noqa: SLF001
        else:
            self._fed.set()

    async def _feed(self) -> None:
        assert self._fed is not None
        try:
            with self._scope:
                await self._feed_all()
        except Exception as exc:  # noqa: BLE001 - the source's; raised after the last event
            self._error = exc
            self._end_early()
        finally:
            self._fed.set()

    async def _feed_all(self) -> None:
        async with _opened(self._source) as frames:
            await self._stream.feed(frames)
            if isinstance(frames, AudioReader):
                self._lost.extend(frames.lost)

    def _end_early(self) -> None:
        """What came before the source failed is recognised; if that is nothing, all is over."""
        stream = self._stream
        if not stream.statistics().pushed:
            stream._core_abort()  # noqa: SLF001 - likewise
        elif stream._core_lifecycle.state is State.OPEN:  # noqa: SLF001
            stream.end_input()

    def _finish(self) -> None:
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        stream = self._stream
        if stream._core_lifecycle.state is State.FINISHED:  # noqa: SLF001 - likewise
            lost, self._lost = [*stream._core_lost, *self._lost], []  # noqa: SLF001
            raise_for_lost(stream.label, lost, " ".join(filter(None, self._texts)))


async def transcribe(stt: STT, source: AudioSource, **options: Unpack[TranscribeOptions]) -> str:
    """Do what `STT.transcribe` promises."""
    rate, channels = options.get("sample_rate"), options.get("num_channels", 1)
    checked = checked_source(source, rate, channels)
    language = options.get("language")
    conn_options = options.get("conn_options", DEFAULT_API_CONNECT_OPTIONS)
    if stt.capabilities.streaming:
        async with stt.stream(language=language, conn_options=conn_options) as stream:
            events = stream.transcribe(checked)
            texts = [text_of(e) async for e in events if e.type is SpeechEventType.FINAL_TRANSCRIPT]
        return " ".join(filter(None, texts))
    async with _opened(checked) as frames:
        texts, longest = [], stt.capabilities.max_utterance
        async with aclosing(cut_at_pauses(frames, longest)) as pieces:
            async for _, piece in pieces:
                event = await stt.recognize(piece, language=language, conn_options=conn_options)
                texts.append(text_of(event))
        text = " ".join(filter(None, texts))
        if isinstance(frames, AudioReader):
            raise_for_lost(frames.name, list(frames.lost), text)
    return text


def text_of(event: SpeechEvent) -> str:
    """Return the best reading's text, "" where there is none."""
    return event.alternatives[0].text if event.alternatives else ""


def raise_for_lost(name: str, lost: _Lost, text: str) -> None:
    """Raise an `AudioLostError` if anything is *lost*."""
    if lost:
        told = ", ".join(f"{start:.3f} to {end:.3f} s" for start, end in lost[:5])
        more = f" and {len(lost) - 5} more" if len(lost) > 5 else ""
        message = f"{name} did not recognise all: {told}{more} were lost; .text has the rest"
        raise AudioLostError(message, lost=sorted(lost), text=text)
