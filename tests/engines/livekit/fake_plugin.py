# mypy: disallow_subclassing_any=False, warn_return_any=False
"""A plugin written for LiveKit, with LiveKit's own classes, that needs no provider."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from anyio_stt.testing.servers.words import HeardWord, Recogniser, Utterance

pytest.importorskip("livekit.agents", reason="LiveKit is not installed: the extra heavy brings it")

from livekit import rtc
from livekit.agents import APIConnectionError, LanguageCode, stt, utils
from livekit.agents.types import TimedString

__all__ = ("RATE", "Forgetful", "WordsPlugin", "lost")

RATE = 16000
Kind = stt.SpeechEventType


def lost() -> Exception:
    return APIConnectionError("the line is dead")


class WordsPlugin(stt.STT):
    """
    Recognises the words of `say_words`.

    Args:
        tears: after how many seconds of audio each attempt fails; those after the last do not.
        error: makes what they fail with.
        bill: whether it reports usage.
        stubborn: seconds for which it ignores that it is cancelled.
        block: holds up its event loop with each second of audio.
    """

    def __init__(
        self,
        tears: Iterable[float] = (),
        *,
        error: Callable[[], Exception] = lost,
        bill: bool = True,
        stubborn: float = 0.0,
        block: Callable[[], None] | None = None,
        num_channels: int = 1,
    ) -> None:
        super().__init__(
            capabilities=stt.STTCapabilities(
                streaming=True, interim_results=True, aligned_transcript="word"
            )
        )
        self.tears = list(tears)
        self.error = error
        self.bill = bill
        self.stubborn = stubborn
        self.block = block
        self.num_channels = num_channels
        self.attempts = 0
        self.languages: list[Any] = []
        self.loops: set[object] = set()
        self.closed = False

    @property
    def model(self) -> str:
        return "words-1"

    @property
    def provider(self) -> str:
        return "nobody"

    async def _recognize_impl(self, buffer: Any, *, language: Any, conn_options: Any) -> Any:
        self.attempts += 1
        self.languages.append(language)
        self.loops.add(asyncio.get_running_loop())
        if self.tears:
            self.tears.pop(0)
            raise self.error()
        frame = utils.merge_frames(buffer)
        recogniser = Recogniser(frame.sample_rate)
        said = [*recogniser.feed(_samples(frame)), *recogniser.finish()]
        words = [word for each in said if each.final for word in each.words]
        whole = Utterance(tuple(words), 0.0, recogniser.heard, final=True)
        return stt.SpeechEvent(Kind.FINAL_TRANSCRIPT, "batch", [_data(whole, 0.0)])

    def stream(self, *, language: Any = None, conn_options: Any) -> Any:
        self.attempts += 1
        self.languages.append(language)
        self.loops.add(asyncio.get_running_loop())
        assert conn_options.max_retry == 0
        return WordsStream(self, conn_options)

    async def aclose(self) -> None:
        self.closed = True


class WordsStream(stt.SpeechStream):
    def __init__(self, owner: WordsPlugin, conn_options: Any) -> None:
        super().__init__(stt=owner, conn_options=conn_options, sample_rate=RATE)
        self._opts = owner  # where plugins keep num_channels
        self._recogniser = Recogniser(RATE)
        self._speaking = False
        self._heard = 0.0

    async def _run(self) -> None:
        owner = self._stt
        tear = owner.tears.pop(0) if owner.tears else None
        try:
            async for item in self._input_ch:
                if isinstance(item, self._FlushSentinel):
                    self._say_all(self._recogniser.finish())
                    continue
                assert isinstance(item, rtc.AudioFrame)
                assert item.sample_rate == RATE
                before, self._heard = self._heard, self._heard + item.duration
                if owner.block is not None and int(self._heard) > int(before):
                    owner.block()
                self._say_all(self._recogniser.feed(_samples(item)))
                if tear is not None and self._heard >= tear:
                    raise owner.error()
        except asyncio.CancelledError:
            until = time.monotonic() + owner.stubborn
            while time.monotonic() < until:
                try:
                    await asyncio.sleep(0.05)
                except asyncio.CancelledError:
                    continue
            raise
        if owner.bill:
            usage = stt.RecognitionUsage(audio_duration=self._heard)
            self._event_ch.send_nowait(
                stt.SpeechEvent(Kind.RECOGNITION_USAGE, recognition_usage=usage)
            )

    def _say_all(self, said: Iterable[Utterance]) -> None:
        for each in said:
            if each.words:
                self._say(each)

    def _say(self, each: Utterance) -> None:
        if not self._speaking:
            self._speaking = True
            onset = self.start_time + each.words[0].start
            event = stt.SpeechEvent(Kind.START_OF_SPEECH, speech_start_time=onset)
            self._event_ch.send_nowait(event)
        kind = Kind.FINAL_TRANSCRIPT if each.final else Kind.INTERIM_TRANSCRIPT
        data = [_data(each, self.start_time_offset)]
        self._event_ch.send_nowait(stt.SpeechEvent(kind, "stream", data))
        if each.final:
            self._speaking = False
            self._event_ch.send_nowait(stt.SpeechEvent(Kind.END_OF_SPEECH))


class Forgetful(WordsPlugin):
    """Connects anew by itself, without what the lost connection had heard."""

    def __init__(self, tears: Iterable[float], *, tells: bool) -> None:
        super().__init__(tears)
        self.tells = tells

    def stream(self, **options: Any) -> Any:
        stream = super().stream(**options)
        run = stream._run
        stream._reconnect_event = asyncio.Event() if self.tells else None

        async def run_on() -> None:
            while True:
                try:
                    return await run()
                except APIConnectionError:
                    stream._recogniser = Recogniser(RATE)
                    if self.tells:
                        stream._reconnect_event.set()
                        await stream._reconnect_event.wait()

        stream._run = run_on
        return stream


def _samples(frame: Any) -> Any:
    return np.frombuffer(frame.data, dtype=np.int16).reshape(-1, frame.num_channels)[:, 0]


def _data(said: Utterance, offset: float) -> Any:
    return stt.SpeechData(
        LanguageCode("en"),
        said.text,
        said.start + offset,
        said.end + offset,
        0.9,
        speaker_id="S1",
        words=[_word(word, offset) for word in said.words],
    )


def _word(word: HeardWord, offset: float) -> Any:
    return TimedString(
        word.text, start_time=word.start + offset, end_time=word.end + offset, confidence=0.8
    )
