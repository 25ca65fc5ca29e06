"""LiveKit's own plugins, ported by the rules of the page, and what the page counts."""

from __future__ import annotations

import re
from pathlib import Path

import anyio
import pytest

from anyio_stt import APIConnectOptions, SpeechEventType
from anyio_stt.testing import cut
from anyio_stt.testing.servers import Action, DeepgramServer, Fault, FaultServer, Moment, say_words
from tests.engines.livekit.assemblyai_server import AssemblyAIServer

from .port import lines_changed, ported_module

pytestmark = pytest.mark.heavy
PAGE = Path(__file__).parents[3] / "docs" / "coming-from-livekit.md"
ROWS = re.findall(r"^\| (\w+) \| (\d+) of \d+ \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize(("package", "count"), ROWS)
def test_the_page_counts_the_lines_that_change(package: str, count: str) -> None:
    pytest.importorskip(f"livekit.plugins.{package}")
    assert lines_changed(package) == int(count)


@pytest.mark.parametrize("package", [package for package, _ in ROWS])
def test_a_ported_plugin_can_be_imported(package: str, tmp_path: Path) -> None:
    pytest.importorskip(f"livekit.plugins.{package}")
    module = ported_module(package, tmp_path)
    assert any(name.endswith("STT") for name in vars(module))


@pytest.mark.real_time
@pytest.mark.timeout(200)
@pytest.mark.parametrize("package", ["deepgram", "assemblyai"])
async def test_a_ported_plugin_loses_nothing_when_connections_break(
    package: str, tmp_path: Path, anyio_backend_name: str
) -> None:
    if anyio_backend_name != "asyncio":
        pytest.skip("what is in it is asyncio's still")
    pytest.importorskip(f"livekit.plugins.{package}")
    module = ported_module(package, tmp_path)
    import aiohttp

    tears = [Fault(Action.RESET, Moment.HEARING, after=0.9 + 0.4 * n) for n in range(3)]
    server: FaultServer
    async with aiohttp.ClientSession() as session:
        server = DeepgramServer(tears) if package == "deepgram" else AssemblyAIServer(tears)
        async with server:
            url = server.base_url
            address = f"{url.replace('ws', 'http', 1)}/v1/listen" if package == "deepgram" else url
            engine = module.STT(api_key=server.api_key, base_url=address, http_session=session)
            options = APIConnectOptions(max_retry=9, retry_interval=0.05)
            with anyio.fail_after(60):
                async with engine, engine.stream(conn_options=options) as stream:
                    for frame in cut(say_words(range(1, 31)), 0.1):
                        await stream.send_frame(frame)
                        await anyio.sleep(0.002)
                    stream.end_input()
                    finals = [
                        event.alternatives[0].text
                        async for event in stream
                        if event.type is SpeechEventType.FINAL_TRANSCRIPT
                    ]
            assert server.struck == 3
    assert " ".join(finals).split() == [f"w{n}" for n in range(1, 31)]
