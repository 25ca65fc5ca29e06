"""OpenAI's own client and our server understand each other; and the recordings are of today."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from anyio_stt.testing.servers import Action, Fault, OpenAIServer, say_words
from anyio_stt.transports.http import wav_upload
from tests.engines.recorded import record

openai = pytest.importorskip("openai")

pytestmark = pytest.mark.real_time

FILE = ("audio.wav", wav_upload(say_words([1, 2, 3]).pcm, 16000, 1).content, "audio/wav")


def client(server: OpenAIServer, **options: Any) -> Any:
    options = {"api_key": server.api_key, **options}
    return openai.AsyncOpenAI(base_url=f"{server.base_url}/v1", max_retries=0, **options)


async def test_what_was_recorded_of_their_client_is_what_it_says_today() -> None:
    file = record.HERE / "openai.json"
    with anyio.fail_after(20):  # it is slow to import its types
        log = await record.openai()
    assert json.loads(json.dumps(log)) == json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", list(record.REQUESTS))
async def test_their_types_take_our_answers_without_leniency(name: str) -> None:
    from openai.types.audio import Transcription, TranscriptionStreamEvent, TranscriptionVerbose
    from pydantic import TypeAdapter

    kind: Any = {
        "json": Transcription,
        "verbose": TranscriptionVerbose,
        "stream": TranscriptionStreamEvent,
    }[name]
    with anyio.fail_after(10):
        async with OpenAIServer() as server, client(server) as theirs:
            answer = await theirs.audio.transcriptions.create(file=FILE, **record.REQUESTS[name])
            parts = [part async for part in answer] if name == "stream" else [answer]
    for part in parts:
        assert TypeAdapter(kind).validate_json(part.to_json(), strict=True) == part


async def test_their_client_tells_our_refusals_apart() -> None:
    busy = Fault(Action.STATUS, status=429, retry_after="7")
    with anyio.fail_after(10):
        async with OpenAIServer([None, busy]) as server:
            async with client(server, api_key="another") as theirs:
                with pytest.raises(openai.AuthenticationError):
                    await theirs.audio.transcriptions.create(file=FILE, model="m")
            async with client(server) as theirs:
                with pytest.raises(openai.RateLimitError) as caught:
                    await theirs.audio.transcriptions.create(file=FILE, model="m")
    assert caught.value.response.headers["retry-after"] == "7"


async def test_their_realtime_types_take_our_messages(anyio_backend_name: str) -> None:
    pytest.importorskip("websockets")
    if anyio_backend_name != "asyncio":
        pytest.skip("their websocket runs on asyncio only")
    from openai.types.realtime import RealtimeServerEvent
    from pydantic import TypeAdapter

    audio = say_words(range(1, 7), sample_rate=24000)
    kinds = []
    with anyio.fail_after(20):
        async with (
            OpenAIServer() as server,
            client(server) as theirs,
            theirs.realtime.connect(extra_query={"intent": "transcription"}) as socket,
        ):
            await record.speak(socket, audio.pcm)
            await socket.input_audio_buffer.clear()
            await socket.input_audio_buffer.commit()  # an error: nothing is there
            async for event in socket:
                kinds.append(event.type)
                if event.type not in ("session.created", "session.updated"):
                    # a session's fields are the server's own business
                    TypeAdapter(RealtimeServerEvent).validate_json(event.to_json())
                if event.type == "error":
                    break
    assert kinds[:2] == ["session.created", "session.updated"]
    item = "conversation.item.input_audio_transcription"
    assert kinds.count(f"{item}.completed") == 2
    assert set(kinds[2:]) == {
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "input_audio_buffer.cleared",
        "conversation.item.added",
        "conversation.item.done",
        f"{item}.delta",
        f"{item}.completed",
        "error",
    }
