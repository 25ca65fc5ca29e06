"""The captions application without a browser: tabs that go away, or do not read."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import pytest

import anyio_stt.testing
from anyio_stt.audio import open_audio

pytest.importorskip("hypercorn")
pytest.importorskip("pocketsphinx")

from anyio_stt.engines.pocketsphinx import PocketSphinxSTT

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SPOKEN = Path(anyio_stt.testing.__file__).with_name("spoken.wav")

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(180)]


def load(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("example", EXAMPLES / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Tab:
    """A websocket's other end: says what it is given, then hangs up or stays silent."""

    def __init__(self, messages: list[dict[str, Any]], *, reads: bool = True) -> None:
        self._messages: Iterator[dict[str, Any]] = iter(messages)
        self._reads = reads
        self.got: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        await anyio.sleep(0)
        for message in self._messages:
            return message
        await anyio.sleep_forever()
        raise AssertionError

    async def send(self, message: dict[str, Any]) -> None:
        self.got.append(message)
        if message["type"] == "websocket.send" and not self._reads:
            await anyio.sleep_forever()


async def said() -> list[dict[str, Any]]:
    async with open_audio(SPOKEN) as audio:
        return [{"type": "websocket.receive", "bytes": frame.pcm} async for frame in audio]


async def serve(tab: Tab) -> None:
    module: Any = load("captions/captions.py")
    module.SEND_TIMEOUT = 0.2
    with anyio.fail_after(90):
        async with PocketSphinxSTT() as stt:
            await module.Captions(stt)({"type": "websocket"}, tab.receive, tab.send)


async def test_a_tab_that_goes_away_ends_its_stream(anyio_backend: Any) -> None:
    await serve(Tab([{"type": "websocket.connect"}, {"type": "websocket.disconnect"}]))


async def test_a_tab_that_does_not_read_is_hung_up_on(anyio_backend: Any) -> None:
    tab = Tab([{"type": "websocket.connect"}, *(await said())[:45]], reads=False)
    await serve(tab)
    assert [message["type"] for message in tab.got][:2] == ["websocket.accept", "websocket.send"]


async def test_a_message_that_is_no_int16_is_named(anyio_backend: Any) -> None:
    tab = Tab([{"type": "websocket.connect"}, {"type": "websocket.receive", "bytes": b"odd"}])
    await serve(tab)
    assert "int16, got 3" in tab.got[1]["text"]
    assert tab.got[-1] == {"type": "websocket.close", "code": 1011}
