"""An engine that needs no model: it hears a "la" for every tenth of a second that is loud."""

from __future__ import annotations

import numpy as np

from anyio_stt import (
    STT,
    APIConnectOptions,
    AudioBuffer,
    AudioFrame,
    RecognitionUsage,
    RecognizeStream,
    SpeechData,
    SpeechEvent,
    SpeechEventType,
    STTCapabilities,
    combine_frames,
)
from anyio_stt.options import DEFAULT_API_CONNECT_OPTIONS

STEP = 0.1


def is_loud(frame: AudioFrame) -> bool:
    return bool(np.abs(frame.to_array().astype(np.int32)).mean() > 200)


def final(text: str, start: float, end: float) -> SpeechEvent:
    return SpeechEvent(
        SpeechEventType.FINAL_TRANSCRIPT, alternatives=[SpeechData("en", text, start, end)]
    )


class LoudSTT(STT):
    def __init__(self) -> None:
        super().__init__(capabilities=STTCapabilities(streaming=True, interim_results=True))

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        frame = combine_frames(buffer)
        step = round(STEP * frame.sample_rate)
        steps = [
            frame.slice(at, at + step)
            for at in range(0, frame.samples_per_channel, step)
            if at + step <= frame.samples_per_channel
        ]
        text = " ".join("la" for each in steps if is_loud(each))
        return final(text, 0.0, frame.duration)

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> LoudStream:
        return LoudStream(self, conn_options)


class LoudStream(RecognizeStream):
    def __init__(self, stt: LoudSTT, conn_options: APIConnectOptions) -> None:
        super().__init__(stt=stt, conn_options=conn_options, sample_rate=16000, frame_duration=STEP)

    async def _run(self) -> None:
        self.heard = self.reported = 0.0
        self.loud: list[float] = []
        async for item in self._input_ch:
            if isinstance(item, self._FlushSentinel):
                self.flush_heard()
            else:
                self.hear(item)
        self.finish()

    def flush_heard(self) -> None:
        self.finish()
        self._report_silence(self.heard)

    def hear(self, frame: AudioFrame) -> None:
        if is_loud(frame):
            self.loud.append(self.heard)
        self.heard += frame.duration
        if self.loud and self.heard - self.loud[-1] > 0.35:
            self.finish()

    def finish(self) -> None:
        if self.loud:
            text = " ".join("la" for _ in self.loud)
            event = final(text, self.loud[0], min(self.loud[-1] + STEP, self.heard))
            self.loud = []
            self._event_ch.send_nowait(event)
        usage = RecognitionUsage(self.heard - self.reported)
        self.reported = self.heard
        if usage.audio_duration:
            self._event_ch.send_nowait(
                SpeechEvent(SpeechEventType.RECOGNITION_USAGE, recognition_usage=usage)
            )
