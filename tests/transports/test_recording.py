"""A recording over a connection that is made for streams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise

import anyio
import pytest

from anyio_stt import (
    STT,
    APIConnectionError,
    APIConnectOptions,
    APIError,
    APIStatusError,
    APITimeoutError,
    AudioBuffer,
    SpeechEvent,
    STTCapabilities,
    combine_frames,
)
from anyio_stt.testing import tone
from anyio_stt.transports.recording import send_recording
from anyio_stt.transports.session_runner import Connection
from anyio_stt.wire.vosk import VoskSession


@asynccontextmanager
async def opened(connection: Connection) -> AsyncIterator[Connection]:
    yield connection


def vosk(start: float) -> VoskSession:
    return VoskSession(start, config="{}")


class Torn:
    """Fails each send at once, and says after a while why, if it does."""

    def __init__(self, failure: Exception, why: Exception | None) -> None:
        self.on_pong: Callable[[], None] | None = None
        self._failure = failure
        self._why = why

    async def send(self, _: str | bytes) -> None:
        raise self._failure

    async def receive(self) -> str | None:
        if self._why is None:
            await anyio.sleep_forever()
        await anyio.sleep(0.2)
        assert self._why is not None
        raise self._why


class Recorder(STT):
    """Recognises recordings over a connection that is torn."""

    def __init__(self, connection: Torn) -> None:
        super().__init__(capabilities=STTCapabilities(streaming=False, interim_results=False))
        self._connection = connection

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        return await send_recording(lambda: opened(self._connection), vosk, combine_frames(buffer))


async def failure_of(connection: Torn) -> APIError:
    async with Recorder(connection) as stt:
        with pytest.raises(APIError) as caught:
            await stt.recognize(tone(0.5), conn_options=APIConnectOptions(max_retry=0))
    return caught.value


@pytest.mark.parametrize("known", [True, False])
async def test_why_a_connection_was_lost_matters_more_than_that_it_was(known: bool) -> None:
    lost = APIConnectionError("lost")
    why = APIStatusError("refused", status_code=1008, retryable=False) if known else None
    with anyio.fail_after(5):
        assert await failure_of(Torn(lost, why)) is (why or lost)


async def test_a_send_that_took_too_long_is_told_at_once() -> None:
    deaf = APITimeoutError("deaf")
    with anyio.fail_after(0.1):
        assert await failure_of(Torn(deaf, APIConnectionError("lost"))) is deaf


class Roomy:
    """Has room for all that is sent, so that no send waits."""

    def __init__(self) -> None:
        self.on_pong: Callable[[], None] | None = None
        self.sent: list[str | bytes] = []
        self._ended = anyio.Event()

    async def send(self, message: str | bytes) -> None:
        self.sent.append(message)
        if "eof" in str(message):
            self._ended.set()

    async def receive(self) -> str | None:
        await self._ended.wait()
        return '{"text": "hello"}'


async def test_others_run_between_the_pieces_of_a_long_recording() -> None:
    connection, seen = Roomy(), [0]

    async def watch() -> None:
        while True:
            seen.append(len(connection.sent))
            await anyio.lowlevel.checkpoint()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch)
            event = await send_recording(lambda: opened(connection), vosk, tone(60.0))
            tasks.cancel_scope.cancel()

    assert event.alternatives[0].text.startswith("hello")
    assert len(connection.sent) > 120
    assert max(after - before for before, after in pairwise(seen)) <= 4
