"""Other people's clients: each transcribes speech through the server, on both event loops."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

import anyio_stt.testing
from tests.collecting import collect_what_was_left_open
from tests.server.processes import answers, free_port, wait_for

SPOKEN = Path(anyio_stt.testing.__file__).with_name("spoken.wav")
KEY = "a-key-of-a-client"
WORDS = ("morning", "machine")

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.real_time,
    pytest.mark.timeout(180),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # theirs
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def what_clients_leave_open() -> Iterator[None]:
    yield
    collect_what_was_left_open()


@pytest.fixture(params=["asyncio", "trio"], scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[list[int]]:
    """A server with PocketSphinx behind it: the ports of HTTP, and of Wyoming."""
    ports = [free_port(), free_port()]
    command = [
        sys.executable, "-m", "anyio_stt", "serve", "--engine", "pocketsphinx",
        "--backend", request.param,
        "--port", str(ports[0]), "--wyoming", f"tcp://127.0.0.1:{ports[1]}",
    ]  # fmt: skip
    environment = {**os.environ, "ANYIO_STT_SERVER_KEYS": KEY}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as running:
        try:
            wait_for(lambda: answers(ports[0]), "the server to listen")
            yield ports
        finally:
            running.send_signal(signal.SIGTERM)
            _, errors = running.communicate(timeout=60)
    assert "Traceback" not in errors, errors
    assert running.returncode == 0


def samples() -> bytes:
    with wave.open(str(SPOKEN)) as file:
        assert (file.getframerate(), file.getnchannels()) == (16000, 1)
        return bytes(file.readframes(file.getnframes()))


def pieces(seconds: float = 0.1) -> Iterator[bytes]:
    data, size = samples(), round(seconds * 16000) * 2
    for start in range(0, len(data), size):
        yield data[start : start + size]


def heard(text: str) -> None:
    assert all(word in text for word in WORDS), text


# ---- OpenAI's


def openai_client(ports: list[int]) -> Any:
    openai = pytest.importorskip("openai")
    return openai.AsyncOpenAI(
        base_url=f"http://127.0.0.1:{ports[0]}/v1", api_key=KEY, max_retries=0, timeout=60
    )


async def test_openai_transcribes_a_file(server: list[int]) -> None:
    async with openai_client(server) as client:
        said = await client.audio.transcriptions.create(file=SPOKEN, model="whisper-1")
        heard(said.text)
        verbose = await client.audio.transcriptions.create(
            file=SPOKEN, model="whisper-1", response_format="verbose_json",
            timestamp_granularities=["word", "segment"],
        )  # fmt: skip
        assert verbose.words[0].start < verbose.words[-1].end
        assert verbose.segments[0].tokens == []
        srt = await client.audio.transcriptions.create(
            file=SPOKEN, model="whisper-1", response_format="srt"
        )
        assert " --> " in srt
        assert [model.id async for model in client.models.list()] == ["pocketsphinx"]


async def test_openai_streams_a_transcript(server: list[int]) -> None:
    async with openai_client(server) as client:
        events = await client.audio.transcriptions.create(
            file=SPOKEN, model="gpt-4o-transcribe", stream=True
        )
        told = [event async for event in events]
    assert told[-1].type == "transcript.text.done"
    heard(told[-1].text)
    assert "".join(event.delta for event in told[:-1]) == told[-1].text


async def test_openai_reads_our_errors(server: list[int]) -> None:
    openai = pytest.importorskip("openai")
    async with openai_client(server) as client:
        with pytest.raises(openai.BadRequestError, match="prompt is not supported here"):
            await client.audio.transcriptions.create(file=SPOKEN, model="w", prompt="Ada")
        with pytest.raises(openai.BadRequestError, match="translation is not served"):
            await client.audio.translations.create(file=SPOKEN, model="whisper-1")
    stranger = openai.AsyncOpenAI(base_url=client.base_url, api_key="wrong-key", max_retries=0)
    async with stranger:
        with pytest.raises(openai.AuthenticationError):
            await stranger.models.list()


@pytest.mark.parametrize("detects", [True, False])
async def test_openai_realtime_transcribes(
    server: list[int], detects: bool, anyio_backend: Any
) -> None:
    if anyio_backend[0] == "trio":
        pytest.skip("their websocket client needs asyncio")
    async with (
        openai_client(server) as client,
        client.realtime.connect(extra_query={"intent": "transcription"}) as connection,
    ):
        entry = {
            "format": {"type": "audio/pcm", "rate": 24000},
            "transcription": {"model": "gpt-4o-transcribe"},
            "turn_detection": {"type": "server_vad"} if detects else None,
        }
        session = {"type": "transcription", "audio": {"input": entry}}
        await connection.session.update(session=session)
        for piece in pieces():
            # Three samples for two: the text matters, not the sound.
            louder = b"".join(piece[n : n + 4] + piece[n + 2 : n + 4] for n in range(0, 3200, 4))
            await connection.input_audio_buffer.append(audio=base64.b64encode(louder).decode())
        await connection.input_audio_buffer.commit()
        texts: list[str] = []
        with anyio.fail_after(90):
            async for event in connection:
                if event.type.endswith("transcription.completed"):
                    texts.append(event.transcript)
                    if not detects or "machine" in event.transcript:
                        break
    heard(" ".join(texts))


# ---- Deepgram's


def deepgram_client(ports: list[int]) -> Any:
    deepgram = pytest.importorskip("deepgram")
    at = f"127.0.0.1:{ports[0]}"
    environment = deepgram.DeepgramClientEnvironment(
        base=f"http://{at}", production=f"ws://{at}", agent=f"ws://{at}", agent_rest=f"http://{at}"
    )
    return deepgram.AsyncDeepgramClient(api_key=KEY, environment=environment)


async def test_deepgram_transcribes_a_file(server: list[int], anyio_backend: Any) -> None:
    client = deepgram_client(server)
    answer = await client.listen.v1.media.transcribe_file(
        request=SPOKEN.read_bytes(), model="nova-3", smart_format=True
    )
    heard(answer.results.channels[0].alternatives[0].transcript)


async def test_deepgram_streams(server: list[int], anyio_backend: Any) -> None:
    if anyio_backend[0] == "trio":
        pytest.skip("their websocket client needs asyncio")
    client = deepgram_client(server)
    async with client.listen.v1.connect(
        model="nova-3", encoding="linear16", sample_rate=16000, interim_results=True,
        vad_events=True, utterance_end_ms=1000,
    ) as connection:  # fmt: skip
        await connection.send_keep_alive()
        for piece in pieces():
            await connection.send_media(piece)
        await connection.send_finalize()
        await connection.send_close_stream()
        told: list[Any] = []
        with anyio.fail_after(90):
            while not told or told[-1].type != "Metadata":
                told.append(await connection.recv())
    kinds = {each.type for each in told}
    assert kinds == {"Results", "SpeechStarted", "UtteranceEnd", "Metadata"}
    results = [each for each in told if each.type == "Results"]
    assert any(not each.is_final for each in results)
    finals = [each.channel.alternatives[0].transcript for each in results if each.is_final]
    heard(" ".join(finals))


# ---- Wyoming's


async def test_wyoming_transcribes_as_home_assistant_does(
    server: list[int], anyio_backend: Any
) -> None:
    if anyio_backend[0] == "trio":
        pytest.skip("their client needs asyncio")
    pytest.importorskip("wyoming")
    from wyoming.asr import Transcribe, Transcript
    from wyoming.audio import AudioChunk, AudioStart, AudioStop
    from wyoming.client import AsyncClient
    from wyoming.info import Describe, Info

    uri = f"tcp://127.0.0.1:{server[1]}"
    async with AsyncClient.from_uri(uri) as client:
        await client.write_event(Describe().event())
        event = await asyncio.wait_for(client.read_event(), 10)
        assert event is not None
        described = Info.from_event(event)
        assert described.asr[0].models[0].languages
    async with AsyncClient.from_uri(uri) as client:  # one connection for one utterance
        await client.write_event(Transcribe(language="en").event())
        await client.write_event(AudioStart(16000, 2, 1).event())
        for piece in pieces():
            await client.write_event(AudioChunk(16000, 2, 1, piece).event())
        await client.write_event(AudioStop().event())
        while True:
            event = await asyncio.wait_for(client.read_event(), 90)
            assert event is not None
            if Transcript.is_type(event.type):
                heard(Transcript.from_event(event).text)
                return


# ---- Vosk's, and curl


async def test_a_client_of_vosk_gets_one_answer_to_each_piece(
    server: list[int], anyio_backend: Any
) -> None:
    if anyio_backend[0] == "trio":
        pytest.skip("their client needs asyncio")
    websockets = pytest.importorskip("websockets")
    headers = {"Authorization": f"Bearer {KEY}"}
    address = f"ws://127.0.0.1:{server[0]}"
    async with websockets.connect(address, additional_headers=headers) as socket:
        await socket.send('{ "config" : { "sample_rate" : 16000 } }')
        texts = []
        for piece in pieces(0.2):
            await socket.send(piece)
            texts.append(json.loads(await asyncio.wait_for(socket.recv(), 60)).get("text"))
        await socket.send('{"eof" : 1}')
        texts.append(json.loads(await asyncio.wait_for(socket.recv(), 90)).get("text"))
    heard(" ".join(text for text in texts if text))


def test_vosk_transcriber_transcribes(tmp_path: Path) -> None:
    pytest.importorskip("vosk")
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    if answers(2700):
        pytest.skip("it knows one port, which is taken")
    serve = [
        sys.executable,
        "-m",
        "anyio_stt",
        "serve",
        "--engine",
        "pocketsphinx",
        "--port",
        "2700",
    ]
    with subprocess.Popen(serve, stderr=subprocess.PIPE, text=True) as running:
        try:
            wait_for(lambda: answers(2700), "the server to listen")
            out = tmp_path / "said.txt"
            # It loads a model of its own, also where a server recognises.
            main = "from vosk.transcriber import cli, transcriber as t; t.Model = dict; cli.main()"
            arguments = ["--server", "-i", str(SPOKEN), "-o", str(out)]
            subprocess.run([sys.executable, "-c", main, *arguments], timeout=90, check=True)
            heard(out.read_text())
        finally:
            running.terminate()
            running.communicate(timeout=60)
    assert running.returncode == 0


def test_curl_transcribes(server: list[int]) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    for more in (
        ["-F", f"file=@{SPOKEN}", f"http://127.0.0.1:{server[0]}/v1/audio/transcriptions"],
        ["-F", f"file=@{SPOKEN}", f"http://127.0.0.1:{server[0]}/inference"],
        ["--data-binary", f"@{SPOKEN}", f"http://127.0.0.1:{server[0]}/v1/listen"],
    ):
        command = [curl, "-sS", "-H", f"Authorization: Bearer {KEY}", *more]
        heard(
            subprocess.run(command, capture_output=True, text=True, timeout=90, check=True).stdout
        )


def test_plugins_of_livekit_transcribe(server: list[int]) -> None:
    for needed in ("livekit.plugins.deepgram", "livekit.plugins.openai", "aiohttp"):
        pytest.importorskip(needed)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.server.livekit_clients", str(server[0]), KEY],
        capture_output=True, text=True, timeout=170, check=False,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if ": " in line]
    assert [line.partition(":")[0] for line in lines] == ["deepgram", "openai", "realtime"], done
    for line in lines:
        heard(line)
