"""A plugin's own `update_options`, used so that no connection of its streams is cut."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import anyio
import pytest

from anyio_stt import APIConnectOptions, SpeechEventType
from anyio_stt.testing import cut
from anyio_stt.testing.servers import say_words

from .fake_plugin import RATE, WordsPlugin

from anyio_stt.engines.livekit import LiveKitSTT  # isort: skip - after the skip of what is missing

pytestmark = pytest.mark.real_time
HOMES = pytest.mark.parametrize("thread", [False, True], ids=["same-loop", "thread"])
SOON = APIConnectOptions(retry_interval=0.01, max_retry=30, close_timeout=0.3)


@dataclass
class Options:
    language: str = "en"
    keyterms: tuple[str, ...] = ()


class ChangingPlugin(WordsPlugin):
    """Keeps its options as LiveKit's do, and tells its open streams of changes."""

    def __init__(self, tears: list[float] | None = None) -> None:
        super().__init__(tears or [])
        self._opts = Options()
        self._streams: set[Any] = set()
        self.made: list[Options] = []

    def update_options(self, *, language: str | None = None, keyterm: Any = None) -> None:
        if language == "":
            raise ValueError("language must not be empty")
        self._opts.language = language or self._opts.language
        self._opts.keyterms = tuple(keyterm or self._opts.keyterms)
        assert not self._streams, "an open stream would connect anew"

    def stream(self, *, language: Any = None, conn_options: Any) -> Any:
        stream = super().stream(language=language, conn_options=conn_options)
        self.made.append(replace(self._opts))
        self._streams.add(stream)
        return stream


@HOMES
@pytest.mark.parametrize("tears", [[], [0.5, 0.9, 1.3]], ids=["whole", "torn"])
async def test_a_change_makes_a_stream_of_a_plugin_with_other_options(
    thread: bool, tears: list[float]
) -> None:
    plugin = ChangingPlugin(tears)
    frames = cut(say_words(range(1, 13), pause=1.2, sample_rate=RATE), 0.05)
    words: list[str] = []
    with anyio.fail_after(60):
        async with LiveKitSTT(plugin, thread=thread) as stt:
            async with stt.stream(conn_options=SOON) as stream:
                for number, frame in enumerate(frames):
                    if number == 10:
                        stream.update_options(language="de", keyterms=["one"])
                    await stream.send_frame(frame)
                stream.end_input()
                async for event in stream:
                    if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                        words += event.alternatives[0].text.split()
            assert stt.plugin is plugin
            stt.update_options(language="fr")
            assert stt.plugin is not plugin
            async with stt.stream() as stream:
                stream.end_input()
                assert [event async for event in stream if event.alternatives] == []
    assert words == [f"w{number}" for number in range(1, 13)]
    asked = [(each.language, each.keyterms) for each in plugin.made]
    first = asked.index(("de", ("one",)))
    assert asked == [("en", ())] * first + [("de", ("one",))] * (len(asked) - first - 1) + [
        ("fr", ())
    ]
    assert first > 0
    assert plugin._opts == Options()
    assert plugin.closed


async def test_what_a_plugin_cannot_change_is_refused() -> None:
    async with LiveKitSTT(ChangingPlugin()) as stt:
        with pytest.raises(TypeError, match="cannot change speed while it runs, but language, key"):
            stt.update_options(speed=2)
        with pytest.raises(ValueError, match="language must not be empty"):
            stt.update_options(language="")
    async with LiveKitSTT(WordsPlugin()) as stt:
        with pytest.raises(TypeError, match="cannot change language while it runs, but nothing"):
            stt.update_options(language="de")
