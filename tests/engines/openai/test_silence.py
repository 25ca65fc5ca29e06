"""A realtime server that is there and says nothing: when that is right, and when it is not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import anyio
import pytest

from anyio_stt import (
    STT,
    APIConnectOptions,
    APITimeoutError,
    AudioBuffer,
    SpeechEvent,
    STTCapabilities,
)
from anyio_stt.testing import tone
from anyio_stt.transports.session_stream import SessionStream
from anyio_stt.wire.openai_realtime import RealtimeSession


class Mute:
    """Answers pings, which come every 20 s, and says what it has to and no more."""

    def __init__(self, *said: dict[str, object]) -> None:
        self.on_pong: Callable[[], None] | None = None
        self._said = [{"type": "session.updated"}, *said]

    async def send(self, _: str | bytes) -> None:
        await anyio.lowlevel.checkpoint()

    async def receive(self) -> str | None:
        while not self._said:
            await anyio.sleep(20)
            if self.on_pong is not None:
                self.on_pong()
        return json.dumps(self._said.pop(0))


class MuteSTT(STT):
    """Streams to a mute server."""

    def __init__(self, connection: Mute) -> None:
        super().__init__(capabilities=STTCapabilities(streaming=True, interim_results=True))
        self._connection = connection

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        raise NotImplementedError

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = APIConnectOptions(max_retry=0),  # noqa: B008
    ) -> SessionStream:
        @asynccontextmanager
        async def connect() -> AsyncIterator[Mute]:
            yield self._connection

        return SessionStream(
            stt=self,
            connect=connect,
            begin=lambda start: RealtimeSession(start, update={}, language=language or ""),
            conn_options=conn_options.with_defaults(drain_timeout=20.0, idle_timeout=60.0),
            sample_rate=24000,
        )


SPEECH = {"type": "input_audio_buffer.speech_started", "audio_start_ms": 0, "item_id": "a"}
COMMIT = {"type": "input_audio_buffer.committed", "item_id": "a"}


async def speak(connection: Mute, *, flush: bool) -> float:
    """Speak for two minutes, and return for how long the server may be silent."""
    async with (
        MuteSTT(connection) as stt,
        stt.stream() as stream,
        anyio.create_task_group() as tasks,
    ):

        async def feed() -> None:
            with suppress(RuntimeError):  # the stream fails first
                for second in range(120):
                    await stream.send_frame(tone(1.0, sample_rate=24000))
                    await anyio.sleep(1)
                    if flush and not second:
                        stream.flush()
                tasks.cancel_scope.cancel()

        tasks.start_soon(feed)
        with pytest.raises(APITimeoutError, match="said nothing for 60 s"):
            async for _ in stream:
                pass
        return anyio.current_time()
    return float("inf")


@pytest.mark.parametrize("said", [[], [SPEECH]], ids=["nothing", "speech"])
async def test_a_server_may_be_silent_while_it_answers_pings(said: list[dict[str, object]]) -> None:
    assert await speak(Mute(*said), flush=False) == float("inf")


@pytest.mark.parametrize(
    ("said", "flush"), [([], True), ([SPEECH, COMMIT], False)], ids=["a commit", "a transcript"]
)
async def test_a_server_that_owes_an_answer_may_not_be(
    said: list[dict[str, object]], flush: bool
) -> None:
    began = anyio.current_time()
    assert 55 < await speak(Mute(*said), flush=flush) - began < 85
