"""Plugins by name, as the command takes them, and detectors."""

from __future__ import annotations

import inspect
import sys
from types import ModuleType

import anyio
import pytest

from anyio_stt import VADEventType
from anyio_stt.cli.engine_choice import make_engine
from anyio_stt.cli.errors import CommandError
from anyio_stt.testing import cut, silence, spoken

from .fake_plugin import WordsPlugin

from anyio_stt.engines.livekit import LiveKitSTT, LiveKitVAD, load_plugin  # isort: skip


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("livekit.plugins.words")
    module.STT = WordsPlugin  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "livekit.plugins.words", module)


@pytest.mark.usefixtures("plugin")
def test_the_command_finds_a_plugin_and_gives_it_its_options() -> None:
    stt = make_engine("livekit:words", {"stubborn": 0.5})
    assert isinstance(stt, LiveKitSTT)
    assert stt.plugin.stubborn == 0.5


@pytest.mark.usefixtures("plugin")
def test_an_option_that_the_plugin_does_not_take_is_refused_with_those_it_takes() -> None:
    with pytest.raises(CommandError, match="stubborn"):
        make_engine("livekit:words", {"bogus": 1})


@pytest.mark.usefixtures("plugin")
def test_a_class_may_be_named_and_one_that_is_not_there_is_told() -> None:
    assert "tears" in inspect.signature(load_plugin("words.STT")).parameters
    with pytest.raises(LookupError, match="has no STTv9"):
        load_plugin("words.STTv9")


def test_a_plugin_that_is_not_installed_says_how_to_install_it() -> None:
    with pytest.raises(CommandError, match="pip install livekit-plugins-no-such"):
        make_engine("livekit:no_such", {})


@pytest.mark.real_time
@pytest.mark.heavy
@pytest.mark.parametrize("thread", [False, True], ids=["same-loop", "thread"])
async def test_livekits_detector_finds_speech_here(thread: bool) -> None:
    silero = pytest.importorskip("livekit.plugins.silero")
    audio = spoken().frame
    quiet = silence(1.0, sample_rate=audio.sample_rate)
    with anyio.fail_after(60):
        async with LiveKitVAD(silero.VAD.load(), thread=thread) as vad, vad.stream() as stream:
            for frame in [*cut(quiet, 0.1), *cut(audio, 0.1), *cut(quiet, 0.1)]:
                await stream.send_frame(frame)
            stream.end_input()
            events = [event async for event in stream]
    kinds = [each.type for each in events if each.type is not VADEventType.INFERENCE_DONE]
    assert kinds[:2] == [VADEventType.START_OF_SPEECH, VADEventType.END_OF_SPEECH]
    ends = [each for each in events if each.type is VADEventType.END_OF_SPEECH]
    assert ends[0].frames
