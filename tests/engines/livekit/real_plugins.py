"""LiveKit's plugins as they come from the package index, each with a server that speaks to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from anyio_stt import STT
from anyio_stt.testing.servers import DeepgramServer, FaultServer, OpenAIServer

from .assemblyai_server import AssemblyAIServer
from .gladia_server import GladiaServer
from .soniox_server import SonioxServer
from .speechmatics_server import SpeechmaticsServer

pytest.importorskip("livekit.agents", reason="LiveKit is not installed: the extra heavy brings it")

from anyio_stt.engines.livekit import LiveKitSTT  # isort: skip

__all__ = ("PLUGINS", "Plugin")


@dataclass(frozen=True)
class Plugin:
    """
    Args:
        package: of `livekit.plugins`.
        serve: makes its server.
        make: makes the plugin, from the server's address and key.
        breaks: lines of the contract that stay broken, and why: all are the plugin's own.
        settle: given to the bridge.
        patience: seconds that an answer may take, in the checks of the contract.
        rate: of the audio it is tried with.
    """

    package: str
    serve: Callable[..., FaultServer]
    make: Callable[[Any, str, str], Any]
    breaks: dict[str, str]
    settle: float | None = None
    rate: int = 16000
    patience: float = 20.0

    def plugin(self, server: FaultServer) -> Any:
        module = pytest.importorskip(f"livekit.plugins.{self.package}")
        return self.make(module, server.base_url, server.api_key)

    def engine(self, server: FaultServer, *, thread: bool = False) -> STT:
        return LiveKitSTT(self.plugin(server), thread=thread, settle=self.settle)


def _http(url: str) -> str:
    return url.replace("ws", "http", 1) if url.startswith("ws") else url


def _ws(url: str) -> str:
    return url.replace("http", "ws", 1) if url.startswith("http") else url


PLUGINS = {
    "deepgram": Plugin(
        "deepgram",
        DeepgramServer,
        lambda module, url, key: module.STT(api_key=key, base_url=f"{_http(url)}/v1/listen"),
        {"S20": "it bills its socket's life"},
    ),
    "assemblyai": Plugin(
        "assemblyai",
        AssemblyAIServer,
        lambda module, url, key: module.STT(api_key=key, base_url=_ws(url)),
        {"S23": "it tells its provider nothing of a flush in the middle of speech"},
    ),
    "gladia": Plugin(
        "gladia",
        GladiaServer,
        lambda module, url, key: module.STT(api_key=key, base_url=f"{_http(url)}/v2/live"),
        {},
    ),
    "soniox": Plugin(
        "soniox",
        SonioxServer,
        lambda module, url, key: module.STT(
            api_key=key, base_url=f"{_ws(url)}/transcribe-websocket"
        ),
        {
            "S20": "it commits nothing at the end, so it is given silence, which it bills",
            "S23": "it tells its provider nothing of a flush",
        },
        settle=0.5,
        patience=5.0,
    ),
    "speechmatics": Plugin(
        "speechmatics",
        SpeechmaticsServer,
        lambda module, url, key: module.STT(
            api_key=key,
            base_url=f"{_ws(url)}/v2/agent",
            turn_detection_mode=module.TurnDetectionMode.VAD,
        ),
        {"S23": "it tells its provider nothing of a flush in the middle of speech"},
        patience=5.0,
    ),
    "openai": Plugin(
        "openai",
        OpenAIServer,
        lambda module, url, key: module.STT(
            api_key=key, base_url=f"{_http(url)}/v1", model="whisper-1"
        ),
        {"S2": "it does not close its HTTP client"},
    ),
    "openai-realtime": Plugin(
        "openai",
        OpenAIServer,
        lambda module, url, key: module.STT(
            api_key=key, base_url=f"{_http(url)}/v1", use_realtime=True
        ),
        dict.fromkeys(("S2", "S9", "S11", "S16", "S19"), "no times, no commit, no end"),
        settle=0.5,
        rate=24000,
    ),
}
