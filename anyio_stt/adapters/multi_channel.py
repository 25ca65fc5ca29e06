"""Each channel of the audio recognised by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import anyio

from ..audio.frame import AudioBuffer, AudioFrame, combine_frames
from ..events import SpeechEvent
from ..exceptions import StreamClosedError
from ..options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions
from ..stream import RecognizeStream
from ..stt import STT
from .adapter import Adapter, AdapterStream

__all__ = ("MultiChannel",)


class MultiChannel(Adapter):
    """
    Recognises each channel with a stream of its own, such as the two sides of a phone call.

    Events carry the `channel` they were heard in, counted from 0, and come as they are said:
    in order within a channel, and across channels in the order their engines speak. The
    channels are heard at one pace. When one channel's stream fails, the whole stream does.

    Args:
        stt: the engine; it stays the caller's to close.
    """

    def __init__(self, stt: STT) -> None:
        super().__init__([stt], capabilities=stt.capabilities)
        self._wrapped = stt

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> RecognizeStream:
        """Make a stream; it starts nothing until its block is entered."""
        return _ChannelsStream(self, self._wrapped, language=language, conn_options=conn_options)

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        """Recognise every channel; the answer holds them all, in the order they were spoken."""
        frame = combine_frames(buffer)
        answers: list[SpeechEvent | None] = [None] * frame.num_channels

        async def recognize(channel: int) -> None:
            answers[channel] = await self._wrapped.recognize(
                _channel_of(frame, channel), language=language, conn_options=conn_options
            )

        async with anyio.create_task_group() as tasks:
            for channel in range(frame.num_channels):
                tasks.start_soon(recognize, channel)
        return _joined([answer for answer in answers if answer is not None])


class _ChannelsStream(AdapterStream):
    def __init__(
        self,
        adapter: MultiChannel,
        wrapped: STT,
        *,
        language: str | None,
        conn_options: APIConnectOptions,
    ) -> None:
        super().__init__(stt=adapter, conn_options=conn_options)
        self._wrapped = wrapped
        self._language = language

    async def _run(self) -> None:
        first = await self._first_frame()
        if first is None:
            return
        streams = [
            self._wrapped.stream(language=self._language, conn_options=self._member_options)
            for _ in range(first.num_channels)
        ]
        async with anyio.create_task_group() as tasks:
            for channel, stream in enumerate(streams):
                await tasks.start(self._listen, stream, channel)
            await self._deal(first, streams)

    async def _first_frame(self) -> AudioFrame | None:
        async for item in self._input_ch:
            if isinstance(item, AudioFrame):
                return item
        return None

    async def _listen(
        self,
        stream: RecognizeStream,
        channel: int,
        *,
        task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        async with stream:
            task_status.started()
            async for event in stream:
                self._event_ch.send_nowait(replace(event, channel=channel))

    async def _deal(self, first: AudioFrame, streams: Sequence[RecognizeStream]) -> None:
        """Give each stream its channel of everything."""
        try:
            await self._split(first, streams)
            async for item in self._input_ch:
                if isinstance(item, self._FlushSentinel):
                    for stream in streams:
                        stream.flush()
                else:
                    await self._split(item, streams)
            for stream in streams:
                stream.end_input()
        except StreamClosedError:
            return  # the one that failed is iterated, and raises why

    async def _split(self, frame: AudioFrame, streams: Sequence[RecognizeStream]) -> None:
        for channel, stream in enumerate(streams):
            await self._pass_on(_channel_of(frame, channel), stream)


def _channel_of(frame: AudioFrame, channel: int) -> AudioFrame:
    if frame.num_channels == 1:
        return frame
    return AudioFrame.from_array(frame.to_array()[:, channel], frame.sample_rate)


def _joined(answers: list[SpeechEvent]) -> SpeechEvent:
    """Put the channels' readings one after the other, whoever began first before."""
    spoken = [answer.alternatives[0] for answer in answers if answer.alternatives]
    spoken = sorted((data for data in spoken if data.text), key=lambda data: data.start_time)
    if not spoken:
        return answers[0]
    words = [word for data in spoken for word in data.words or []]
    together = replace(
        spoken[0],
        text=" ".join(data.text for data in spoken),
        end_time=max(data.end_time for data in spoken),
        words=sorted(words, key=lambda word: word.start_time) or None,
    )
    return replace(answers[0], alternatives=[together])
