"""Each channel of the audio recognised by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import anyio

from ..audio.frame import AudioBuffer, AudioFrame, combine_frames
from ..events import SpeechEvent, SpeechEventType
from ..exceptions import StreamClosedError
from ..options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions
from ..stream import RecognizeStream
from ..stt import STT
from ..vad import VADStream
from .adapter import Adapter
from .adapter_stream import AdapterStream, with_queue
from .time_order import TimeOrder

__all__ = ("MultiChannel",)


class MultiChannel(Adapter):
    """
    Recognises each channel with a stream of its own, such as the two sides of a phone call.

    Events carry their `channel`, counted from 0. FINALs of all channels come in the order they
    began: one waits until the finals and the reported silence of every other channel reach as far,
    but at most `reorder_within` seconds, so that a channel whose engine hangs delays the others no
    longer. All other events come at once, so an END may come before its FINAL. All channels are fed
    at the same pace. When one channel's stream fails, the waiting FINALs are delivered, then the
    stream fails.

    Args:
        stt: the engine; it stays the caller's to close.
        reorder_within: the most seconds that a FINAL waits for others; 0 for no wait.

    Raises:
        ValueError: for a negative number of seconds.
    """

    def __init__(self, stt: STT, *, reorder_within: float = 2.0) -> None:
        if not 0 <= reorder_within < math.inf:
            raise ValueError(f"reorder_within must be seconds from 0 up, got {reorder_within!r}")
        reach = with_queue([stt.capabilities.max_uncovered])
        super().__init__(
            [stt],
            # Each channel is given alone, so an engine of one channel takes any number.
            capabilities=replace(stt.capabilities, max_uncovered=reach, num_channels=None),
        )
        self._wrapped = stt
        self._reorder_within = reorder_within

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> RecognizeStream:
        """Make a stream; it starts nothing until its block is entered."""
        return _ChannelsStream(
            self,
            self._wrapped,
            self._reorder_within,
            language=language,
            conn_options=conn_options,
        )

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
        reorder_within: float,
        *,
        language: str | None,
        conn_options: APIConnectOptions,
    ) -> None:
        super().__init__(stt=adapter, conn_options=conn_options)
        self._wrapped = wrapped
        self._reorder_within = reorder_within
        self._language = language

    async def _run(self) -> None:
        first = await self._first_frame()
        if first is None:
            return
        streams = [
            self._wrapped.stream(language=self._language, conn_options=self._member_options)
            for _ in range(first.num_channels)
        ]
        self._channels = {stream: channel for channel, stream in enumerate(streams)}
        self._order = TimeOrder(len(streams), self._reorder_within)
        self._held = anyio.Event()
        self._dealt = False
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._say_when_due)
                async with anyio.create_task_group() as listeners:
                    for stream in streams:
                        await listeners.start(self._listen, stream)
                    await self._deal(first, streams)
                tasks.cancel_scope.cancel()
        finally:
            self._say(math.inf)

    async def _first_frame(self) -> AudioFrame | None:
        async for item in self._input_ch:
            if isinstance(item, AudioFrame):
                return item
        return None

    async def _listen(
        self,
        stream: RecognizeStream,
        *,
        task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        channel = self._channels[stream]
        self._watch(stream)
        async with stream:
            task_status.started()
            async for event in stream:
                event = replace(event, channel=channel)
                if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                    self._order.hold(channel, event, anyio.current_time())
                    self._held.set()
                else:
                    self._event_ch.send_nowait(event)
                self._settle(stream)
            self._check_ended_well(stream, given_all=self._dealt)
        self._order.settle(channel, math.inf)
        self._say(anyio.current_time())

    # ---- the order

    def _on_loss(
        self,
        stream: RecognizeStream,
        error: BaseException | None,
        start: float,
        end: float,
        refused: bool,
        channel: int | None,  # noqa: ARG002 - each is given alone, and knows no other
    ) -> bool:
        return super()._on_loss(stream, error, start, end, refused, self._channels[stream])

    def _on_silence(self, stream: RecognizeStream) -> None:
        self._settle(stream)

    def _settle(self, stream: RecognizeStream) -> None:
        """Note how far the channel's finals and silences reach, once all of them were read."""
        if not stream.statistics().unread_events:
            channel = self._channels[stream]
            self._order.settle(channel, self._settled(stream))
            if not self._order.holds(channel):
                self._report_silence(self._settled(stream), channel)
        self._say(anyio.current_time())

    def _say(self, now: float) -> None:
        for event in self._order.take(now):
            self._event_ch.send_nowait(event)

    async def _say_when_due(self) -> None:
        """Say what was held for long enough; cancelled when every channel has ended."""
        while True:
            self._held = held = anyio.Event()
            with anyio.move_on_after(self._order.deadline - anyio.current_time()):
                await held.wait()
            self._say(anyio.current_time())

    # ---- the audio

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
            self._dealt = True
        except StreamClosedError:
            return  # the one that failed is iterated, and raises why

    async def _pass_on(self, frame: AudioFrame, stream: RecognizeStream | VADStream) -> None:
        await super()._pass_on(frame, stream)
        if isinstance(stream, RecognizeStream):
            self._settle(stream)

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
