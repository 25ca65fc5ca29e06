"""A client's stream: what it says goes to an engine, what the engine says goes to it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import anyio
from anyio.lowlevel import checkpoint

from ..audio import AudioFrame, mix_down
from ..events import SpeechEvent, SpeechEventType
from ..exceptions import APIError, InputEndedError, StreamClosedError, StreamFullError
from ..stream import RecognizeStream
from ..stt import STT
from ..wire.server_session import ClientError, Command, Compressed, End, Flush, Say, ServerSession
from ..wire.session import Message
from .decompressing import Decompressor
from .finalizing import Flushes
from .models import open_stream
from .peer import Peer, PeerGone
from .service import Service, logger

__all__ = ("LiveConnection",)

_EPSILON = 1e-3
_LOOK = 1.0  # seconds of audio between two looks at what is silent, and how far the engine is
_GOING_AWAY = 1001
_TELLING = (SpeechEventType.FINAL_TRANSCRIPT, SpeechEventType.END_OF_SPEECH)


class LiveConnection:
    """
    One client and its stream, which begins with the first audio.

    Args:
        service: whose bounds hold.
        peer: the way to the client.
        session: the protocol.
        stt: who recognises, as soon as the session knows what is asked for.
        apart: whether channels are recognised apart; else they are mixed down.
        protocol: what metrics call it.
    """

    def __init__(
        self, service: Service, peer: Peer, session: ServerSession, *, apart: bool, protocol: str
    ) -> None:
        self._service = service
        self._peer = peer
        self._session = session
        self._apart = apart
        self._protocol = protocol
        self._options = service.options
        self._stream: RecognizeStream | None = None
        self._sending = anyio.Lock(fast_acquire=True)
        self._scope = anyio.CancelScope()
        self._heard_at = anyio.current_time()
        self._decoder: Decompressor | None = None
        self._serving = False
        self._ended = False
        self._closing = False
        self._reason = ""
        self._looked = 0.0
        self._dropped = 0.0
        self._flushes = Flushes(self._answer)

    def find_engine(self) -> STT:
        """Return who recognises; a subclass may ask the session first."""
        raise NotImplementedError

    # ---- lifetime

    async def run(self) -> None:
        """Serve until the client or the stream is done, or the server ends."""
        service = self._service
        async with service.open(self):
            service.metrics.opened(self._protocol, 1)
            try:
                with self._scope:
                    async with anyio.create_task_group() as self._tasks:
                        self._serving = True
                        await self._serve()
                        self._tasks.cancel_scope.cancel()
            finally:
                service.metrics.opened(self._protocol, -1)

    def end(self) -> None:
        """Take no more audio, say what is left, and hang up: the server ends."""
        self._session.close_code = _GOING_AWAY
        self._reason = "the server ends"
        self._end_input()

    def check(self, now: float) -> None:
        """Hang up on a client that has been silent for too long."""
        patience = max(self._options.client_timeout, self._session.patience)
        if now - self._heard_at > patience and not self._ended:
            self._session.close_code = 1011
            self._reason = f"nothing came for {patience:g} s"
            self._end_input()

    def _end_input(self) -> None:
        if self._ended:
            return
        self._ended = True
        if not self._serving:
            self._scope.cancel()
        elif self._decoder is not None:
            self._decoder.end(self._drain)
        else:
            self._drain()

    def _drain(self) -> None:
        if self._stream is None:
            self._tasks.start_soon(self._finish)
            return
        with suppress(InputEndedError, StreamClosedError):  # it has failed, as its reader tells
            self._stream.end_input()

    async def _serve(self) -> None:
        try:
            await self._say(self._session.greet())
            while True:  # `_close` ends it, when it is done
                try:
                    commands = await self._peer.receive()
                    self._heard_at = anyio.current_time()
                    for command in () if self._closing else commands:
                        await self._obey(command)
                except ClientError as exc:
                    await self._refuse(exc)
        except PeerGone:
            return
        finally:  # cancelled, too: no task can be started any more
            self._serving = False

    async def _refuse(self, error: ClientError) -> None:
        await checkpoint()  # whoever sends nothing but garbage holds up nobody
        await self._say(self._session.refused(error))
        if self._session.close_code != 1000 and not self._ended:
            await self._close(str(error))

    # ---- what the client says

    async def _obey(self, command: Command) -> None:
        if isinstance(command, AudioFrame):
            if not self._ended:  # else the server ends, and the close says so
                await self.hear(command)
        elif isinstance(command, Say):
            await self._say((command.message,))
        elif isinstance(command, Flush):
            await self._flush(command)
        elif isinstance(command, End):
            self._end_input()
        elif isinstance(command, Compressed):
            await self._decompress(command.data)

    async def _decompress(self, data: bytes) -> None:
        if self._ended:
            return
        if self._decoder is None:
            self._decoder = Decompressor(self.hear, self._undecodable, self._tell_lost)
            self._tasks.start_soon(self._decoder.run)
        await self._decoder.push(data, self._options.stall_timeout)

    async def _undecodable(self, error: ClientError) -> None:
        self._session.close_code = 1008
        await self._say(self._session.refused(error))
        await self._close(str(error))

    async def hear(self, frame: AudioFrame) -> None:
        """Give audio to the engine, waiting for room if need be."""
        if frame.num_channels > 1 and not self._apart:
            frame = mix_down(frame)
        session = self._session
        session.heard(frame.duration)
        if session.sent > self._options.max_audio:
            session.close_code = 1008
            raise ClientError(f"{self._options.max_audio:g} s of audio is the most that is taken")
        stream = self._stream or self._open()
        try:
            stream.push_frame(frame)
        except StreamFullError:
            await self._push(stream, frame)
        except (StreamClosedError, InputEndedError):
            return  # whoever reads the stream tells why
        except ValueError as exc:
            raise ClientError(str(exc)) from exc
        if session.sent - self._looked >= _LOOK:
            self._looked = session.sent
            await self._look(stream)

    def _open(self) -> RecognizeStream:
        session, options = self._session, self._service.stream_options
        try:
            made = open_stream(self.find_engine(), session.language, options)
        except ClientError:
            session.close_code = 1008
            raise
        self._stream = stream = made.start(self._tasks)
        self._tasks.start_soon(self._tell, stream)
        return stream

    async def _push(self, stream: RecognizeStream, frame: AudioFrame) -> None:
        # Meanwhile nothing is read from the client, which is how it learns to wait.
        try:
            with (
                suppress(StreamClosedError, InputEndedError),
                anyio.fail_after(self._options.stall_timeout),
            ):
                await stream.send_frame(frame)
        except TimeoutError:
            await self._fail(f"the engine took nothing for {self._options.stall_timeout:g} s")
        finally:
            self._heard_at = anyio.current_time()

    async def _flush(self, flush: Flush) -> None:
        if self._stream is None or self._ended:
            await self._say(self._session.flushed(flush))
        elif flush.waits or self._flushes.full:
            await self._flushes.finalize(self._stream, flush)
        else:
            self._tasks.start_soon(self._flushes.finalize, self._stream, flush)

    async def _answer(self, flush: Flush) -> None:
        await self._say(self._session.flushed(flush))

    async def _look(self, stream: RecognizeStream) -> None:
        statistics = stream.statistics()
        if not statistics.unread_events:
            covered = statistics.pushed - statistics.pending - statistics.replay
            await self._say(self._session.covered(min(covered, self._session.sent)))
        await self.looked(stream)

    async def looked(self, stream: RecognizeStream) -> None:
        """Do what a protocol does once a second of audio."""

    async def _tell(self, stream: RecognizeStream) -> None:
        try:
            async for event in stream:
                await self._say(self._session.tell(event))
                if event.type in _TELLING:
                    await self._report_losses(stream, event)
                await self._flushes.settle(stream)
            await self._report_losses(stream, None)
        except PeerGone:
            return
        except Exception as exc:  # noqa: BLE001 - told to the client, and logged if it is a bug
            if not isinstance(exc, APIError):
                logger.exception("a stream failed")
            reason = exc.message if isinstance(exc, APIError) else "the engine failed"
            await self._fail(reason)
            return
        await self._finish()

    async def _report_losses(self, stream: RecognizeStream, event: SpeechEvent | None) -> None:
        dropped = stream.statistics().dropped
        lost = dropped - self._dropped
        if lost < _EPSILON:
            return
        self._dropped = dropped
        end = self._session.sent
        if event is not None and event.alternatives:
            end = event.alternatives[0].start_time
        await self._tell_lost(max(end - lost, 0.0), max(end, lost))

    async def _tell_lost(self, start: float, end: float) -> None:
        self._service.metrics.lost(self._protocol, end - start)
        await self._say(self._session.lost(start, end))

    async def _finish(self) -> None:
        """Say the last words and hang up."""
        await self._flushes.settle()
        await self._say(self._session.finished())
        await self._close(self._reason)

    async def _fail(self, reason: str) -> None:
        await self._say(self._session.failed(reason))
        await self._close(reason)

    async def _say(self, messages: Iterable[Message]) -> None:
        said = list(messages)
        if not said or self._closing:
            return
        try:
            with anyio.fail_after(self._options.send_timeout):
                async with self._sending:
                    for message in said:
                        await self._peer.send(message)
        except TimeoutError:
            logger.info("a client did not read for %g s", self._options.send_timeout)
            self._scope.cancel()
        except PeerGone:
            self._scope.cancel()

    async def _close(self, reason: str) -> None:
        if not self._closing:
            self._closing = True
            with anyio.move_on_after(self._options.send_timeout):
                await self._peer.close(self._session.close_code, reason)
        self._scope.cancel()
