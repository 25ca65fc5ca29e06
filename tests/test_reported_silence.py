"""What an engine reports as silence is covered like what a final says."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from anyio_stt import (
    STT,
    APIConnectionError,
    APIConnectOptions,
    AudioBuffer,
    RecognizeStream,
    SpeechData,
    SpeechEvent,
    SpeechEventType,
    STTCapabilities,
)
from anyio_stt.testing import cut, noise

OPTIONS = APIConnectOptions(retry_interval=0.1, replay_limit=2.0)


class Listener(RecognizeStream):
    """Reports silence up to half a second before what it has heard; fails once, after 5 s."""

    first_heard: list[Any] = []  # noqa: RUF012 - shared by the attempts of a test

    async def _run(self) -> None:
        heard = 0.0
        async for item in self._input_ch:
            if isinstance(item, self._FlushSentinel):
                continue
            if not heard:
                self.first_heard.append(item)
            heard += item.duration
            self._report_silence(heard - 0.5)
            if len(self.first_heard) == 1 and heard > 4.95:
                raise APIConnectionError("lost")
        said = SpeechData("en", "over", start_time=heard - 0.2, end_time=heard)
        self._event_ch.send_nowait(SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT, "", [said]))


class ListenerSTT(STT):
    def __init__(self) -> None:
        super().__init__(capabilities=STTCapabilities(streaming=True, interim_results=False))

    def stream(self, **_: Any) -> Listener:
        return Listener(stt=self, conn_options=OPTIONS)

    async def _recognize_impl(self, buffer: AudioBuffer, **_: Any) -> SpeechEvent:
        raise NotImplementedError


@pytest.mark.contract("S16", "S17")
async def test_a_new_attempt_does_not_hear_reported_silence_again_and_nothing_counts_as_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    audio = noise(8.0)
    Listener.first_heard = []
    with anyio.fail_after(5):
        async with ListenerSTT() as stt, stt.stream() as stream:
            for frame in cut(audio, 0.1):
                await stream.send_frame(frame)
            stream.end_input()
            events = [event async for event in stream]
            statistics = stream.statistics()

    assert len(Listener.first_heard) == 2
    assert Listener.first_heard[1].slice(0, 1600) == audio.slice(72000, 73600)
    assert statistics.dropped == 0
    assert "lost 3" not in caplog.text
    final = [event for event in events if event.type is SpeechEventType.FINAL_TRANSCRIPT]
    assert [event.alternatives[0].end_time for event in final] == [pytest.approx(8.0)]
