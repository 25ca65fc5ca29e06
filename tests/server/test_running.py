"""The whole server on real sockets, with our own engines as its clients."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import SocketStream

from anyio_stt import STT, SpeechEventType
from anyio_stt.engines.deepgram import DeepgramSTT
from anyio_stt.engines.openai import OpenAIRealtimeSTT, OpenAISTT
from anyio_stt.engines.vosk import VoskServerSTT
from anyio_stt.engines.wyoming import WyomingSTT
from anyio_stt.server import ServerOptions
from anyio_stt.server.running import listen, serve
from anyio_stt.server.settings import Settings, SettingsError, check_settings
from anyio_stt.testing import Hang, ScriptedSTT
from anyio_stt.testing.servers import say_words, word_name
from anyio_stt.transports.address import provider_address
from anyio_stt.transports.websocket_opening import connect_websocket
from tests.server.words_engine import WordsSTT

pytestmark = pytest.mark.real_time

KEY = "a-key-of-a-client"
NUMBERS = list(range(1, 13))


@asynccontextmanager
async def served(
    backend: tuple[str, Any], engine: STT | None = None, **given: Any
) -> AsyncGenerator[list[int], None]:
    """Serve on free ports and give them: HTTP's, and Wyoming's."""
    options = given.pop("options", ServerOptions(hosts=(), keys=(KEY,)))
    asked = Settings(
        backend=backend[0],  # type: ignore[arg-type]
        port=0, wyoming="tcp://127.0.0.1:0", options=options, warm_up=False, **given,
    )  # fmt: skip
    sockets = listen(asked)
    ports = [each.getsockname()[1] for each in sockets]
    settings = Settings(
        backend=asked.backend,
        options=options,
        warm_up=False,
        descriptors=tuple(each.detach() for each in sockets),
    )
    async with anyio.create_task_group() as tasks:
        stop = anyio.Event()
        tasks.start_soon(partial(serve, stop=stop), settings, {"words": engine or WordsSTT()})
        with anyio.fail_after(10):
            while not await answers(ports[0]):
                await anyio.sleep(0.02)
        try:
            yield ports
        finally:
            stop.set()


async def at(port: int) -> SocketStream:
    return await anyio.connect_tcp("127.0.0.1", port)


async def answers(port: int) -> bool:
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(b"GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return b" 200 " in await stream.receive()


CLIENTS: dict[str, Callable[[list[int]], STT]] = {
    "deepgram": lambda ports: DeepgramSTT(base_url=f"http://127.0.0.1:{ports[0]}", api_key=KEY),
    "realtime": lambda ports: OpenAIRealtimeSTT(
        base_url=f"http://127.0.0.1:{ports[0]}", api_key=KEY, model="whisper-1"
    ),
    "wyoming": lambda ports: WyomingSTT(base_url=f"tcp://127.0.0.1:{ports[1]}"),
}


async def words_of(stt: STT) -> list[str]:
    texts: list[str] = []
    audio = say_words(NUMBERS)
    pieces = [audio.slice(n, n + 1600) for n in range(0, audio.samples_per_channel, 1600)]
    async with stt, stt.stream() as stream, anyio.create_task_group() as tasks:
        tasks.start_soon(stream.feed, pieces)
        async for event in stream:
            if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                texts += event.alternatives[0].text.split()
    return texts


@pytest.mark.parametrize("client", CLIENTS)
async def test_an_engine_of_ours_hears_every_word_through_the_server(
    anyio_backend: Any, client: str
) -> None:
    async with served(anyio_backend) as ports:
        with anyio.fail_after(30):
            assert await words_of(CLIENTS[client](ports)) == [word_name(n) for n in NUMBERS]


async def test_vosk_hears_every_word_where_no_key_is_asked_for(anyio_backend: Any) -> None:
    async with served(anyio_backend, options=ServerOptions(hosts=())) as ports:
        with anyio.fail_after(30):
            stt = VoskServerSTT(base_url=f"ws://127.0.0.1:{ports[0]}")
            assert await words_of(stt) == [word_name(n) for n in NUMBERS]


async def test_a_recording_is_answered_to_an_engine_of_ours(anyio_backend: Any) -> None:
    async with served(anyio_backend) as ports:
        base_url = f"http://127.0.0.1:{ports[0]}/v1"
        async with OpenAISTT(base_url=base_url, api_key=KEY, model="whisper-1") as stt:
            event = await stt.recognize(say_words(NUMBERS))
    assert event.alternatives[0].text.split() == [word_name(n) for n in NUMBERS]


async def test_a_client_that_resets_its_connection_leaves_nothing(anyio_backend: Any) -> None:
    stt = ScriptedSTT([Hang()])
    async with served(anyio_backend, stt, options=ServerOptions(hosts=())) as ports:
        stream = await anyio.connect_tcp("127.0.0.1", ports[1])
        async with stream:
            await stream.send(
                b'{"type":"audio-chunk","data":{"rate":16000,"width":2,"channels":1},'
                b'"payload_length":3200}\n' + bytes(3200)
            )
            with anyio.fail_after(10):
                while not stt.heard:
                    await anyio.sleep(0.01)
        with anyio.fail_after(10):
            while stt.heard[0].outcome != "cancelled":
                await anyio.sleep(0.01)


async def test_wyoming_is_described_and_answers_pings(anyio_backend: Any) -> None:
    async with served(anyio_backend) as ports, await at(ports[1]) as stream:
        await stream.send(b'{"type":"describe"}\n{"type":"ping","data":{"text":"x"}}\n')
        data = b""
        with anyio.fail_after(10):
            while b'"pong"' not in data:
                data += await stream.receive()
    header, _, rest = data.partition(b"\n")
    length = json.loads(header)["data_length"]
    described = json.loads(rest[:length])["asr"][0]
    assert described["supports_transcript_streaming"] is True
    assert described["models"][0]["name"] == "words"


async def test_garbage_over_wyoming_is_hung_up_on(anyio_backend: Any) -> None:
    async with served(anyio_backend) as ports, await at(ports[1]) as stream:
        await stream.send(b"GET / HTTP/1.1\r\n\r\n")
        data = b""
        with anyio.fail_after(10), suppress(anyio.EndOfStream, anyio.BrokenResourceError):
            while True:
                data += await stream.receive()
    assert b'"error"' in data


async def test_wyoming_speaks_over_a_unix_socket(anyio_backend: Any, tmp_path: Path) -> None:
    sockets = listen(Settings(port=0, wyoming=f"unix://{tmp_path}/s"))
    settings = Settings(
        backend=anyio_backend[0],
        options=ServerOptions(),
        warm_up=False,
        descriptors=tuple(each.detach() for each in sockets),
    )
    async with anyio.create_task_group() as tasks:
        stop = anyio.Event()
        tasks.start_soon(partial(serve, stop=stop), settings, {"words": WordsSTT()})
        async with await anyio.connect_unix(f"{tmp_path}/s") as stream:
            await stream.send(b'{"type":"describe"}\n')
            with anyio.fail_after(10):
                assert b'"info"' in await stream.receive()
        stop.set()


# ---- where it listens


@pytest.mark.parametrize(
    "given",
    [
        {"host": "0.0.0.0"},
        {"wyoming": "tcp://0.0.0.0:10300"},
        {"wyoming": "tcp://0.0.0.0:10300", "options": ServerOptions(keys=("k" * 8,))},
        {"wyoming": "udp://127.0.0.1:1"},
        {"wyoming": "tcp://:1"},
        {"announce": True},
    ],
)
def test_nobody_is_served_by_accident(given: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        check_settings(Settings(**given))


def test_beyond_loopback_takes_a_key_or_a_word() -> None:
    check_settings(Settings(host="0.0.0.0", options=ServerOptions(keys=("k" * 8,))))
    check_settings(Settings(host="0.0.0.0", insecure=True))


def test_a_port_that_is_taken_is_named() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=str(port)):
            listen(Settings(port=port))


async def test_opus_from_a_browser_is_heard_whole(anyio_backend: Any) -> None:
    av = pytest.importorskip("av")
    webm = compressed(av)
    async with served(anyio_backend, options=ServerOptions(hosts=())) as ports:
        address = provider_address(
            f"http://127.0.0.1:{ports[0]}", "/v1/listen", websocket=True,
            query=[("encoding", "webm-opus")],
        )  # fmt: skip
        async with connect_websocket(address) as socket:
            for at_ in range(0, len(webm), 4000):
                await socket.send(webm[at_ : at_ + 4000])
            await socket.send('{"type": "CloseStream"}')
            body: dict[str, Any] = {"type": ""}
            with anyio.fail_after(30):
                while body["type"] != "Metadata":
                    body = json.loads(await socket.receive() or "")
    assert body["duration"] == pytest.approx(5.2, abs=0.05)


def compressed(av: Any) -> bytes:
    file = io.BytesIO()
    audio = say_words(NUMBERS)
    with av.open(file, "w", format="webm") as container:
        stream = container.add_stream("libopus", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(audio.to_array()[None, :], format="s16", layout="mono")
        frame.sample_rate = audio.sample_rate
        for each in av.AudioResampler("s16", "mono", 48000).resample(frame):
            container.mux(stream.encode(each))
        container.mux(stream.encode(None))
    return file.getvalue()
