"""Engines for the command's tests; a subprocess finds them as `--engine fake_engines:Class`."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import anyio

from anyio_stt import (
    DEFAULT_API_CONNECT_OPTIONS,
    STT,
    APIConnectionError,
    APIConnectOptions,
    APIStatusError,
    AudioBuffer,
    RecognizeStream,
    SpeechData,
    SpeechEvent,
    SpeechEventType,
    STTCapabilities,
    Word,
    calculate_audio_duration,
    combine_frames,
)

FINAL = SpeechEventType.FINAL_TRANSCRIPT
INTERIM = SpeechEventType.INTERIM_TRANSCRIPT


class CountingStream(RecognizeStream):
    """Says what it heard after each second: how many seconds, how loud, of which language."""

    def __init__(self, stt: CountingSTT, language: str | None, options: APIConnectOptions) -> None:
        if stt.mute:
            options = replace(options, retry_interval=0.01)
        super().__init__(stt=stt, conn_options=options, sample_rate=8000, frame_duration=0.5)
        self._counting = stt
        self._language = language or "none"

    async def _run(self) -> None:
        heard = 0.0
        if self._counting.mute:
            await anyio.sleep_forever()
        async for item in self._input_ch:
            if isinstance(item, self._FlushSentinel):
                continue
            heard += item.duration
            if self._counting.shall_fail(heard):
                raise APIStatusError("the quota is used up", status_code=402)
            if self._counting.shall_refuse(heard):
                error = APIStatusError("nobody hears that", status_code=400)
                self._report_refused(error, heard - 1, heard)
                continue
            self._say(INTERIM, f"perhaps {heard:g}", heard)
            if heard % 1 == 0:
                peak = int(abs(item.to_array()).max())
                self._say(
                    FINAL, f"second {heard:g} peak {peak} channels {item.num_channels}", heard
                )
            if self._counting.shall_stall(heard):
                await anyio.sleep_forever()

    def _say(self, type_: SpeechEventType, text: str, heard: float) -> None:
        word = Word(text.split()[0], heard - 1, heard, 0.5)
        data = SpeechData(self._language, text, heard - 1, heard, 0.25, words=[word])
        self._event_ch.send_nowait(SpeechEvent(type_, "fake", [data]))


class CountingSTT(STT):
    """Counts the seconds it hears."""

    def __init__(
        self,
        *,
        fail_after: float | None = None,
        fail_once: str | None = None,
        stall_after: float | None = None,
        mute: bool = False,
        stall_once: str | None = None,
        refuse_once: str | None = None,
    ) -> None:
        super().__init__(capabilities=STTCapabilities(streaming=True, interim_results=True))
        self.mute = mute
        self.stall_once = stall_once
        self.refuse_once = refuse_once
        self.fail_after = fail_after
        self.fail_once = fail_once
        self.stall_after = stall_after

    def shall_fail(self, heard: float) -> bool:
        """Fail behind a second, or once behind two until the file `fail_once` is there."""
        if self.fail_once is not None and heard > 2 and not Path(self.fail_once).exists():
            Path(self.fail_once).touch()
            return True
        return self.fail_after is not None and heard > self.fail_after

    def shall_stall(self, heard: float) -> bool:
        """Stall behind some seconds, or once behind two until the file `stall_once` is there."""
        if self.stall_once is not None and heard == 2 and not Path(self.stall_once).exists():
            Path(self.stall_once).touch()
            return True
        return self.stall_after is not None and heard >= self.stall_after

    def shall_refuse(self, heard: float) -> bool:
        """Refuse the second second, once, until the file `refuse_once` is there."""
        if self.refuse_once is not None and heard == 2 and not Path(self.refuse_once).exists():
            Path(self.refuse_once).touch()
            return True
        return False

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        raise NotImplementedError

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> CountingStream:
        return CountingStream(self, language, conn_options)


class BatchSTT(STT):
    """Hears whole recordings only."""

    def __init__(self, *, longest: float | None = None) -> None:
        super().__init__(
            capabilities=STTCapabilities(
                streaming=False,
                interim_results=False,
                aligned_transcript="chunk",
                max_utterance=longest,
            )
        )

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        seconds = calculate_audio_duration(buffer)
        channels = combine_frames(buffer).num_channels
        text = f"{seconds:g} seconds, {channels} channel"
        return SpeechEvent(FINAL, "", [SpeechData("en", text, 0.0, seconds)])


class UntimedSTT(BatchSTT):
    """Hears whole recordings, and does not tell when what was said."""

    def __init__(self) -> None:
        super().__init__()
        self._capabilities = STTCapabilities(streaming=False, interim_results=False)

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        return SpeechEvent(FINAL, "", [SpeechData("en", "one two three four five six seven")])


class SayingSTT(BatchSTT):
    """Says what it is told to."""

    def __init__(self, *, text: str) -> None:
        super().__init__()
        self.text = text

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        return SpeechEvent(FINAL, "", [SpeechData("en", self.text, 0.0, 1.0)])


class GuessingSTT(SayingSTT):
    """Tells whether it was asked for guesses."""

    def __init__(self, *, interim_results: bool = True) -> None:
        super().__init__(text=f"interims {interim_results}")


class TalkativeSTT(SayingSTT):
    """Logs what it does."""

    def __init__(self) -> None:
        super().__init__(text="well")
        logger = logging.getLogger("anyio_stt")
        logger.info("it listens")
        logger.debug("it thinks")


class StreamOnlySTT(CountingSTT):
    """Recognises no recordings."""

    def __init__(self) -> None:
        super().__init__()
        self._capabilities = STTCapabilities(
            streaming=True, interim_results=True, offline_recognize=False
        )


class LostStream(RecognizeStream):
    """Never gets through."""

    async def _run(self) -> None:
        raise APIConnectionError("the line is dead")


class LostSTT(BatchSTT):
    """Cannot be reached, and is not waited for long."""

    def __init__(self) -> None:
        super().__init__()
        self._capabilities = STTCapabilities(streaming=True, interim_results=False)

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> LostStream:
        return LostStream(stt=self, conn_options=APIConnectOptions(retry_interval=0.01))


class DeadSTT(BatchSTT):
    """Cannot be reached, and recognises recordings only."""

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        raise APIConnectionError("nobody listens there")


class NeedsKeySTT(BatchSTT):
    """Cannot be made without a key."""

    def __init__(self, *, key: str) -> None:
        super().__init__()
        if key != "right":
            raise ValueError("key is wrong: ask for a new one")


class MissingExtraSTT(BatchSTT):
    """Needs what nobody has."""

    def __init__(self) -> None:
        raise ImportError("no_such_library is not installed: pip install 'anyio-stt[fake]'")
