"""The names that code written for LiveKit imports."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import anyio
import pytest

from anyio_stt import AudioFrame
from anyio_stt.compat.livekit import (
    DEFAULT_API_CONNECT_OPTIONS,
    NOT_GIVEN,
    APIConnectOptions,
    LanguageCode,
    NotGivenOr,
    Plugin,
    TimedString,
    create_api_error_from_http,
    logger,
    rtc,
    stt,
    utils,
    vad,
)
from anyio_stt.testing import cut, silence


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("english", "en"), ("English", "en"), (" eng ", "en"), ("EN", "en"), ("en-us", "en-US"),
        ("en_US", "en-US"), ("zh-hans-cn", "zh-Hans-CN"), ("cmn-Hans-CN", "cmn-Hans-CN"),
        ("multi", "multi"), ("xx", "xx"), ("deu", "de"),
    ],
)  # fmt: skip
def test_a_language_is_written_one_way(code: str, expected: str) -> None:
    assert LanguageCode(code) == expected
    assert isinstance(LanguageCode(code), str)
    assert hash(LanguageCode(code)) == hash(expected)


def test_the_parts_of_a_language_can_be_asked_for() -> None:
    code = LanguageCode("cmn-Hans-CN")
    assert (code.language, code.region, code.iso) == ("zh", "CN", "zh-CN")
    assert LanguageCode("en").region is None
    assert LanguageCode("pt-BR").to_language_name() == "portuguese"
    assert LanguageCode("xx").to_language_name() is None


def test_what_is_not_given_is_false_and_none_is_not_given_either() -> None:
    assert not NOT_GIVEN
    assert repr(NOT_GIVEN) == "NOT_GIVEN"
    assert [utils.is_given(each) for each in (NOT_GIVEN, None, "", 0, "en")] == [
        False, False, True, True, True,
    ]  # fmt: skip


def test_bytes_are_cut_into_frames_and_half_a_sample_waits() -> None:
    stream = utils.audio.AudioByteStream(1000, 1, 10)
    assert stream.push(bytes(19)) == []
    assert [frame.samples_per_channel for frame in stream.write(bytes(22))] == [10, 10]
    assert stream.flush() == []  # one byte is no sample
    stream.push(bytes(2))
    assert [frame.samples_per_channel for frame in stream.flush()] == [1]
    assert stream.buffered_duration == 0.0005
    stream.clear()
    assert stream.push(b"") == stream.flush() == []
    assert [len(each.data) for each in utils.audio.AudioByteStream(1000, 2).push(bytes(400))] == [
        200
    ]


def test_frames_are_joined_and_written_as_wav() -> None:
    frames = cut(silence(0.2, sample_rate=8000), 0.1)
    joined = utils.merge_frames(frames)
    assert isinstance(joined, rtc.AudioFrame)
    assert rtc.combine_audio_frames(frames) == joined
    assert utils.audio.calculate_audio_duration(frames) == pytest.approx(0.2)
    wav = joined.to_wav_bytes()
    assert wav[:4] == b"RIFF"
    assert wav[44:] == joined.pcm


def test_a_plugin_says_its_name() -> None:
    class Own(Plugin):
        def __init__(self) -> None:
            super().__init__("own", "1.0", "own_package", logger)

    plugin = Own()
    Plugin.register_plugin(plugin)
    assert Plugin.registered_plugins[-1] is plugin
    assert (plugin.title, plugin.version, plugin.package) == ("own", "1.0", "own_package")
    plugin.download_files()
    assert plugin.logger is logger


def test_an_http_answer_becomes_an_error() -> None:
    error = create_api_error_from_http("no such model", status=404, request_id="r1")
    assert (error.status_code, error.retryable, error.request_id) == (404, False, "r1")
    assert str(error).startswith("no such model (Not Found)")
    assert create_api_error_from_http(status=503).retryable
    assert "HTTP 599" in str(create_api_error_from_http(status=599))


def test_there_is_no_session_of_nobody_and_the_error_says_what_to_write() -> None:
    with pytest.raises(RuntimeError, match="http_session="):
        utils.http_context.http_session()


class OldStyleSTT(stt.STT):
    """Written as for LiveKit, imports aside."""

    def __init__(self) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=True, interim_results=True))
        self.given: list[Any] = []
        self.starts: list[float] = []
        self.fails = 0

    async def _recognize_impl(
        self, buffer: Any, *, language: NotGivenOr[str] = NOT_GIVEN, conn_options: Any
    ) -> stt.SpeechEvent:
        self.given.append(utils.is_given(language))
        return stt.SpeechEvent(
            type=stt.SpeechEventType.FINAL_TRANSCRIPT,
            alternatives=[stt.SpeechData(language=LanguageCode("en"), text="hello")],
        )

    def stream(
        self,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> OldStyleStream:
        return OldStyleStream(stt=self, conn_options=conn_options, sample_rate=NOT_GIVEN)


class OldStyleStream(stt.SpeechStream):
    _stt: OldStyleSTT

    async def _run(self) -> None:
        self._stt.starts.append(self.start_time)
        self._report_connection_acquired(0.01, False)
        async for item in self._input_ch:
            assert isinstance(item, (rtc.AudioFrame, self._FlushSentinel))
        if self._stt.fails:
            self._stt.fails -= 1
            self.start_time = 5.0
            raise create_api_error_from_http(status=503)
        data = stt.SpeechData(
            "en", "hello", 0.1, 0.3, words=[TimedString("hello", 0.1, 0.3)],
            metadata={"mood": "good"}, source_languages=["de"],
        )  # fmt: skip
        kind = stt.SpeechEventType.FINAL_TRANSCRIPT
        self._event_ch.send_nowait(stt.SpeechEvent(kind, alternatives=[data]))


async def test_an_engine_written_for_livekit_runs_with_its_imports_changed() -> None:
    async with OldStyleSTT() as engine:
        engine.fails = 1
        engine.prewarm()
        assert (engine.model, engine.provider) == ("unknown", "unknown")
        assert set(engine.metrics_metadata) == {"model_name", "model_provider"}
        async with engine.stream() as stream:
            assert stream.start_time_offset == 0.0
            stream.context = "known"
            assert stream.context == "known"
            await stream.send_frame(silence(0.5))
            stream.end_input()
            with anyio.fail_after(5):
                events = [event async for event in stream]
        final = next(each for each in events if each.type is stt.SpeechEventType.FINAL_TRANSCRIPT)
        assert final.alternatives[0].metadata == {"mood": "good"}
        assert engine.starts[1] > 5.0  # set anew with the second attempt
        with pytest.raises(ValueError, match="0 or more"):
            stream.start_time = -1.0
        event = await engine.recognize(silence(0.1))
        assert event.alternatives[0].text == "hello"
        assert engine.given == [False]


def test_hooks_of_a_session_are_refused_with_a_word(caplog: pytest.LogCaptureFixture) -> None:
    engine = OldStyleSTT()
    with caplog.at_level(logging.WARNING, "anyio_stt"):
        engine._update_session_keyterms(["a"])
        engine._push_conversation_item(object())
    assert "takes no keyterms" in caplog.text
    assert "takes no chat context" in caplog.text


def test_detectors_have_their_names() -> None:
    assert vad.VADEventType.START_OF_SPEECH.value == "start_of_speech"
    assert AudioFrame is rtc.AudioFrame


def test_tasks_of_asyncio_are_ended_gracefully() -> None:
    async def main() -> None:
        async def stubborn() -> None:
            try:
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(0)
                raise ValueError("untidy")

        tasks = [asyncio.create_task(stubborn()), asyncio.create_task(asyncio.sleep(60))]
        await asyncio.sleep(0)
        await utils.aio.gracefully_cancel(*tasks)
        assert all(task.done() for task in tasks)
        assert isinstance(tasks[0].exception(), ValueError)
        await utils.aio.gracefully_cancel(*tasks)

    asyncio.run(main())


async def test_what_a_task_failed_with_is_logged_and_raised(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @utils.log_exceptions(logger=logger)
    async def fail() -> None:
        raise KeyError("oops")

    with caplog.at_level(logging.DEBUG, "anyio_stt"), pytest.raises(KeyError):
        await fail()
    assert "Error in fail" in caplog.text
    assert utils.shortuuid("x_").startswith("x_")
