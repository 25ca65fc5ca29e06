"""LiveKit's own plugins, unchanged, as engines: the contract, and connections that are torn."""

from __future__ import annotations

import logging
import os
from dataclasses import replace

import anyio
import pytest

from anyio_stt import STT, APIConnectOptions, SpeechEventType
from anyio_stt.testing import ContractViolation, check_stt, cut
from anyio_stt.testing.servers import Action, Fault, Moment, say_words

from .real_plugins import PLUGINS

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.real_time,
    pytest.mark.timeout(600),
    # OpenAI's leaves sockets to the garbage collector. A warning that is an error would keep it
    # from closing them, and the next test would be told.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SOAK = bool(os.environ.get("ANYIO_STT_SOAK"))
OPTIONS = APIConnectOptions(max_retry=30, retry_interval=0.05, drain_timeout=20.0)
# Deepgram's ends a stream up to five seconds late, when it wakes to keep the connection alive:
# with `settle` nobody waits for that. The soak runs do.
CHECKED = {
    name: plugin if SOAK or plugin.settle is not None else replace(plugin, settle=0.4)
    for name, plugin in PLUGINS.items()
    if name != "openai-realtime"
}


@pytest.mark.parametrize("name", CHECKED)
async def test_a_plugin_keeps_the_contract_but_for_what_is_its_own(name: str) -> None:
    plugin = CHECKED[name]
    broken: set[str] = set()
    async with plugin.serve() as server:
        try:
            audio = say_words(range(1, 7), sample_rate=plugin.rate)
            await check_stt(
                lambda: plugin.engine(server), audio=audio, patience=plugin.patience, grace=3.0
            )
        except ContractViolation as exc:
            broken = {each.id for each in exc.violations}
    assert broken <= set(plugin.breaks), broken


async def heard(stt: STT, words: int, rate: int, *, pause: float = 0.5) -> list[str]:
    """Push a word after the other as fast as the engine takes them; return what finals say."""
    said: list[str] = []
    async with stt.stream(conn_options=OPTIONS) as stream:
        audio = say_words(range(1, words + 1), sample_rate=rate)
        audio = audio.slice(0, audio.samples_per_channel - round((0.5 - pause) * rate))
        for frame in cut(audio, 0.1):
            await stream.send_frame(frame)
            await anyio.sleep(0.002)
        stream.end_input()
        async for event in stream:
            if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                said += event.alternatives[0].text.split()
    return said


@pytest.mark.parametrize(
    ("name", "thread"),
    [
        ("deepgram", False),
        ("deepgram", True),
        ("assemblyai", False),
        ("assemblyai", True),
        ("gladia", False),
        ("soniox", False),
        ("speechmatics", False),
    ],
)
async def test_twenty_torn_connections_in_a_minute_of_speech_lose_nothing(
    name: str, thread: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    plugin, words = PLUGINS[name], 140  # 61 s
    tears = [Fault(Action.RESET, Moment.HEARING, after=0.9 + 0.17 * n) for n in range(20)]
    async with plugin.serve(tears) as server:
        async with plugin.engine(server, thread=thread) as stt:
            with anyio.fail_after(120):
                said = await heard(stt, words, plugin.rate)
        assert server.struck == 20
    assert said == [f"w{n}" for n in range(1, words + 1)]


@pytest.mark.parametrize("name", ["gladia", "soniox", "speechmatics"])
async def test_a_connection_that_is_torn_at_the_end_thrice_loses_nothing(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    plugin = PLUGINS[name]
    torn = [Fault(Action.RESET, each) for each in (Moment.DRAINING, Moment.FINAL, Moment.DRAINING)]
    async with plugin.serve(torn) as server, plugin.engine(server) as stt:
        with anyio.fail_after(60):
            said = await heard(stt, 8, plugin.rate, pause=0.0)
    assert said == [f"w{n}" for n in range(1, 9)]


@pytest.mark.parametrize("name", ["gladia", "soniox"])
async def test_a_flush_cuts_nothing_of_what_follows(name: str) -> None:
    plugin, said = PLUGINS[name], list[tuple[str, float]]()
    async with plugin.serve() as server, plugin.engine(server) as stt:
        with anyio.fail_after(60):
            async with stt.stream(conn_options=OPTIONS) as stream:
                for number, frame in enumerate(cut(say_words(range(1, 19)), 0.1)):
                    if number in {8, 15, 21}:
                        stream.flush()
                    await stream.send_frame(frame)
                stream.end_input()
                async for event in stream:
                    if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                        for data in event.alternatives:
                            said += [(word, data.start_time) for word in data.text.split()]
    assert [word for word, _ in said] == [f"w{n}" for n in range(1, 19)]
    assert [when for _, when in said] == sorted(when for _, when in said)


@pytest.mark.parametrize("torn", [False, True], ids=["whole", "torn"])
async def test_a_plugins_options_change_where_nothing_is_cut(torn: bool) -> None:
    plugin = PLUGINS["deepgram"]
    tears = [Fault(Action.RESET, Moment.HEARING, after=0.9)] * 3 if torn else []
    said: list[tuple[str, str]] = []
    async with plugin.serve(tears) as server, plugin.engine(server) as stt:
        with anyio.fail_after(60):
            async with stt.stream(conn_options=OPTIONS) as stream:
                for number, frame in enumerate(cut(say_words(range(1, 19), pause=1.2), 0.1)):
                    if number == 45:  # in the third utterance
                        stream.update_options(language="de", keyterms=["one"])
                    await stream.send_frame(frame)
                stream.end_input()
                async for event in stream:
                    if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                        data = event.alternatives[0]
                        said += [(word, data.language) for word in data.text.split()]
        asked = {
            (dict(each.query)["language"], dict(each.query).get("keyterm"))
            for each in server.requests  # type: ignore[attr-defined]
        }
    assert [word for word, _ in said] == [f"w{n}" for n in range(1, 19)]
    assert [spoken for _, spoken in said] == ["en-US"] * 9 + ["de"] * 9
    assert asked == {("en-US", None), ("de", "one")}


async def test_requests_that_fail_are_made_again() -> None:
    plugin = PLUGINS["openai"]
    faults = [Fault(Action.RESET, Moment.DRAINING)] * 9 + [Fault(Action.STATUS, status=503)]
    audio = say_words(range(1, 7), sample_rate=plugin.rate)
    async with plugin.serve(faults) as server, plugin.engine(server) as stt:
        with anyio.fail_after(60):
            event = await stt.recognize(audio, conn_options=OPTIONS)
        assert event.alternatives[0].text == "w1 w2 w3 w4 w5 w6"
        assert server.struck == 10


async def test_a_realtime_plugin_that_never_ends_is_taken_to_be_over_when_it_is_quiet() -> None:
    plugin = PLUGINS["openai-realtime"]
    async with plugin.serve() as server, plugin.engine(server) as stt:
        with anyio.fail_after(60):
            assert await heard(stt, 6, plugin.rate) == [f"w{n}" for n in range(1, 7)]


async def test_its_last_utterance_ends_also_without_a_pause_behind_it() -> None:
    plugin = PLUGINS["openai-realtime"]
    async with plugin.serve() as server, plugin.engine(server) as stt:
        with anyio.fail_after(60):
            assert await heard(stt, 6, plugin.rate, pause=0.0) == [f"w{n}" for n in range(1, 7)]


async def test_the_key_is_refused_once_and_for_good() -> None:
    for name in ("deepgram", "assemblyai", "gladia", "soniox", "speechmatics", "openai"):
        plugin = PLUGINS[name]
        refused = [Fault(Action.STATUS, status=401)] * 3
        async with plugin.serve(refused) as server, plugin.engine(server) as stt:
            with anyio.fail_after(60), pytest.raises(Exception, match="401"):
                if stt.capabilities.streaming:
                    await heard(stt, 3, plugin.rate)
                else:
                    await stt.recognize(say_words([1]), conn_options=OPTIONS)
            assert server.struck == 1, name
