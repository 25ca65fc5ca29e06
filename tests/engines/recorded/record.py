"""
Records what the vendors' own clients say to our servers, so that tests can compare.

In an environment of its own (`openai[realtime]` pins an old websockets):

    pip install -e . deepgram-sdk 'openai[realtime]' wsproto httpx2
    python tests/engines/recorded/record.py

It writes `deepgram.json`, `deepgram_flux.json`, `openai.json` and `openai_realtime.json` beside
itself.
"""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import json
from pathlib import Path
from typing import Any

from anyio_stt.testing.servers import DeepgramServer, OpenAIServer, say_words
from anyio_stt.testing.servers.web import WebRequest
from anyio_stt.transports.http import wav_upload

HERE = Path(__file__).parent


def deepgram_client(server: DeepgramServer) -> Any:
    from deepgram import AsyncDeepgramClient
    from deepgram.environment import DeepgramClientEnvironment

    ws = server.base_url.replace("http", "ws")
    where = DeepgramClientEnvironment(
        base=server.base_url, production=ws, agent=ws, agent_rest=server.base_url
    )
    return AsyncDeepgramClient(api_key=server.api_key, environment=where)


async def deepgram() -> dict[str, Any]:
    audio = say_words(range(1, 4)).pcm
    async with DeepgramServer() as server:
        client = deepgram_client(server)
        async with client.listen.v1.connect(
            model="nova-3",
            encoding="linear16",
            sample_rate="16000",
            interim_results="true",
            vad_events="true",
        ) as socket:
            for start in range(0, len(audio), 3200):
                await socket.send_media(audio[start : start + 3200])
            await socket.send_keep_alive()
            await socket.send_finalize()
            await socket.send_close_stream()
            heard = [json.loads(message.json()) async for message in socket]
        request = server.requests[0]
        log = server.services[0].log
    return {
        "path": request.path,
        "query": sorted(request.query),
        "authorization": request.headers["authorization"].replace(server.api_key, "KEY"),
        "log": log,
        "finals": [
            each["channel"]["alternatives"][0]["transcript"]
            for each in heard
            if each.get("is_final")
        ],
    }


async def deepgram_flux() -> dict[str, Any]:
    audio = say_words(range(1, 5), per_utterance=2).pcm[:-16000]  # cut off in the last pause
    async with DeepgramServer() as server:
        client = deepgram_client(server)
        async with client.listen.v2.connect(
            model="flux-general-en",
            encoding="linear16",
            sample_rate="16000",
            eot_threshold="0.8",
            eager_eot_threshold="0.5",
            eot_timeout_ms="3000",
            keyterm=["anyio", "trio"],
        ) as socket:
            for start in range(0, len(audio), 2560):
                await socket.send_media(audio[start : start + 2560])
            await socket.send_close_stream()
            understood = [json.loads(message.json()) async for message in socket]
        request = server.requests[0]
        log = server.services[0].log
    return {
        "path": request.path,
        "query": sorted(request.query),
        "authorization": request.headers["authorization"].replace(server.api_key, "KEY"),
        "log": log,
        "understood": understood,
    }


REQUESTS: dict[str, dict[str, Any]] = {
    "json": {"model": "gpt-transcribe", "response_format": "json", "prompt": "words"},
    "verbose": {
        "model": "whisper-1",
        "response_format": "verbose_json",
        "timestamp_granularities": ["word"],
        "temperature": 0.5,
    },
    "stream": {"model": "gpt-transcribe", "response_format": "json", "stream": True},
}
"""What OpenAI's own client is asked for; each with the language `en`."""


def form(request: WebRequest) -> dict[str, Any]:
    """Return what a request says, without its key, boundary and audio."""
    kind = request.headers["content-type"]
    mime = f"Content-Type: {kind}\r\n\r\n".encode() + request.body
    fields = []
    for part in email.message_from_bytes(mime, policy=email.policy.HTTP).iter_parts():
        name = part.get_param("name", header="content-disposition")
        file = part.get_filename()
        value = part.get_payload(decode=True)
        assert isinstance(value, bytes)
        shown = value.decode() if file is None else f"{part.get_content_type()}, {len(value)} bytes"
        fields.append([name, shown])
    return {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "authorization": request.headers["authorization"].partition(" ")[0],
        "content-type": kind.partition(";")[0],
        "fields": fields,
    }


async def openai() -> dict[str, Any]:
    from openai import AsyncOpenAI

    upload = wav_upload(say_words(range(1, 4)).pcm, 16000, 1)
    file = ("audio.wav", upload.content, "audio/wav")
    log: dict[str, Any] = {}
    async with OpenAIServer() as server:
        base_url = f"{server.base_url}/v1"
        async with AsyncOpenAI(api_key=server.api_key, base_url=base_url) as client:
            for name, wanted in REQUESTS.items():
                answer = await client.audio.transcriptions.create(
                    file=file, language="en", **wanted
                )
                if name == "stream":
                    understood = [event.to_dict() async for event in answer]
                else:
                    understood = answer.to_dict()
                log[name] = {"request": form(server.requests[-1]), "understood": understood}
    return log


async def speak(socket: Any, audio: bytes) -> None:
    """Set a session up and say *audio*."""
    settings = {
        "type": "transcription",
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "transcription": {"model": "gpt-transcribe", "language": "en"},
                "turn_detection": {"type": "server_vad"},
            }
        },
    }
    await socket.session.update(session=settings)
    for start in range(0, len(audio), 4800):
        piece = base64.b64encode(audio[start : start + 4800]).decode()
        await socket.input_audio_buffer.append(audio=piece)


async def openai_realtime() -> dict[str, Any]:
    from openai import AsyncOpenAI

    audio = say_words(range(1, 4), sample_rate=24000).pcm
    transcripts = []
    async with OpenAIServer() as server:
        client = AsyncOpenAI(
            api_key=server.api_key,
            base_url=f"{server.base_url}/v1",
            websocket_base_url=f"{server.base_url.replace('http', 'ws')}/v1",
        )
        async with client.realtime.connect(extra_query={"intent": "transcription"}) as socket:
            await speak(socket, audio)
            await socket.input_audio_buffer.commit()
            async for event in socket:
                if event.type == "conversation.item.input_audio_transcription.completed":
                    transcripts.append(event.transcript)
                    break
        request = server.requests[0]
        log = server.services[0].log
        update = server.services[0].first
    return {
        "path": request.path,
        "query": sorted(request.query),
        "authorization": request.headers["authorization"].replace(server.api_key, "KEY"),
        "session.update": json.loads(update),
        "log": log,
        "transcripts": transcripts,
    }


async def main() -> None:
    for record in (deepgram, deepgram_flux, openai, openai_realtime):
        name = record.__name__
        text = json.dumps(await asyncio.wait_for(record(), 20), indent=1)
        (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
