"""A stream of recognition: audio in, speech events out."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from ._core.attempt import Attempt
from ._core.attempts import AttemptLoop
from ._core.audio_stream import AudioStream
from ._core.clock import wall_clock
from ._core.delivery import Delivery
from ._core.emitter import logger
from ._core.failures import sole_error
from ._core.metrics_monitor import MetricsMonitor
from ._core.speech import SpeechOutput, speech_delivery
from ._rules.lifecycle import Action, State
from .events import SpeechEvent
from .exceptions import APIError
from .metrics import StreamStatistics, STTError
from .options import APIConnectOptions

if TYPE_CHECKING:
    from .stt import STT

__all__ = ("RecognizeStream", "SpeechStream")


class RecognizeStream(AudioStream[SpeechEvent]):
    """
    Push audio in, iterate events out; made by `STT.stream()`.

        async with stt.stream() as stream, anyio.create_task_group() as tg:
            tg.start_soon(stream.feed, frames)
            async for event in stream:
                ...

    An engine subclasses it and writes `_run`: one attempt, which reads `self._input_ch` and
    sends to `self._event_ch`. The base retries it, and lets the next attempt hear again what no
    final covers.

    Args:
        stt: the engine that makes the stream.
        conn_options: retries, deadlines and bounds.
        sample_rate: what the engine wants; the base resamples to it. `None` takes what comes.
        frame_duration: the frames' length in seconds that the engine wants; shorter ones come
            only before a marker. `None` takes what comes.
    """

    def __init__(
        self,
        *,
        stt: STT,
        conn_options: APIConnectOptions,
        sample_rate: int | None = None,
        frame_duration: float | None = None,
    ) -> None:
        limit = conn_options.replay_seconds(stt.capabilities.max_uncovered)
        super().__init__(
            label=stt.label,
            options=replace(conn_options, replay_limit=limit),
            sample_rate=sample_rate,
            frame_duration=frame_duration,
        )
        self._stt = stt
        self._sentinel = self._FlushSentinel()
        self._attempt: Attempt | None = None
        self._entered = False

    # ---- for engines

    @abstractmethod
    async def _run(self) -> None:
        """
        Recognise: read `self._input_ch` to its end, send what you hear to `self._event_ch`.

        One call is one attempt. Raise a retryable `APIError` to have another one made; return
        when everything was said. Times count from the first sample this attempt reads.
        """

    def _report_alive(self) -> None:
        """
        Note a sign of life from the provider that is no event, such as a pong.

        It counts as an answer where `timeout` and `idle_timeout` wait for one.
        """
        if self._attempt is not None:
            self._attempt.deadlines.connected()
            self._attempt.sign_of_life()

    def _report_silence(self, until: float, channel: int | None = None) -> None:
        """
        Note that nothing was said before *until* but what finals cover.

        A new attempt does not hear that audio again, and `replay_limit` does not count it.

        Args:
            until: seconds from the first sample this attempt read.
            channel: on which channel, from engines that hear channels apart.
        """
        self._report_alive()
        if self._attempt is not None:
            self._attempt.silence(until, channel)

    # ---- for users

    @property
    def label(self) -> str:
        """What logs, errors and metrics call the engine."""
        return self._label

    def statistics(self) -> StreamStatistics:
        """Return what the stream has done so far, as a frozen snapshot."""
        state = self._lifecycle.state.value
        if not self._launched:
            return StreamStatistics(state)
        journal, monitor, seconds = self._journal, self._monitor, self._journal.seconds
        return StreamStatistics(
            state,
            attempt=monitor.attempt,
            pushed=journal.pushed_seconds,
            delivered=seconds(journal.log.furthest),
            recognised=seconds(journal.log.covered) - monitor.dropped,
            pending=seconds(journal.pending),
            peak_pending=seconds(max(journal.peak, journal.pending)),
            replay=seconds(journal.log.kept),
            replayed=monitor.replayed,
            dropped=monitor.dropped,
            unread_events=self._delivery.unread,
            last_delay=monitor.last_delay,
            resampler=journal.resampler,
        )

    # ---- the attempts

    def _make_delivery(self) -> Delivery[SpeechEvent]:
        return speech_delivery()

    def _check_startable(self) -> None:
        super()._check_startable()
        self._stt._check_open()  # noqa: SLF001 - the other half of one base

    def _on_start(self) -> None:
        stt, options = self._stt, self._conn_options
        self._attempts = AttemptLoop(options, self._on_failure, stt._rng)  # noqa: SLF001
        self._monitor = MetricsMonitor(
            self._label,
            lambda metrics: stt._report("metrics_collected", metrics),  # noqa: SLF001
        )
        self._output = SpeechOutput(
            self._label,
            self._journal,
            self._put_and_tell if stt.listens("speech_event") else self._delivery.put,
            self._monitor,
            self._attempts.budget.progress,
        )
        stt._streams.add(self)  # noqa: SLF001
        stt.emit("stream_started", self)

    def _put_and_tell(self, event: SpeechEvent) -> None:
        self._delivery.put(event)
        self._stt.emit("speech_event", self, event)

    def _on_entered(self) -> None:
        # Most engines ask for audio in their first step: then there is no deadline to watch.
        self._entered = True
        if self._attempt is not None:
            self._attempt.arm()

    def _begin_attempt(self) -> bool:
        self._attempts.number += 1
        origin, lost = self._journal.rewind() if self._monitor.attempt else (0, 0)
        if lost:
            self._report_loss(origin, lost)
        if self._monitor.attempt:
            self._output.begin_attempt(origin)
            if self._nothing_left():
                return False
        again = self._journal.log.furthest - origin
        self._monitor.begin_attempt(*map(self._journal.seconds, (origin, again, lost)))
        parts = self._scope, self._journal, self._output, self._conn_options, self._label
        self._attempt = attempt = Attempt(*parts, origin, self._sentinel, self._watch)
        self._input_ch, self._event_ch = attempt.reader, attempt.sink
        if self._entered:
            attempt.arm()
        self._stt.emit("attempt_started", self, self._attempts.number)
        return True

    def _end_attempt(self, error: Exception | None) -> float | None:
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            if attempt.deadlines.missed:  # what its cleanup raised matters less
                late = attempt.deadlines.error()
                late.__cause__ = error
                error = late
            elif error is not None and attempt.was_healthy():
                self._attempts.budget.progress()
            attempt.close()
            self._stt.emit("attempt_ended", self, error)
        if error is None:
            return None
        if not self._lifecycle.running:  # it was closed: nobody waits for another attempt
            raise sole_error(error)
        return self._attempts.failed(error)

    def _nothing_left(self) -> bool:
        """Whether the input has ended and finals cover all of it."""
        ended = self._lifecycle.state is State.DRAINING
        return ended and self._journal.log.covered >= self._journal.written

    def _report_loss(self, origin: int, lost: int) -> None:
        seconds = self._journal.seconds(lost)
        what = (
            f"{self._label} lost {seconds:.3f} s of audio before "
            f"{self._journal.seconds(origin):.3f} s: an attempt failed before it had "
            f"recognised more than replay_limit={self._conn_options.replay_seconds():g} s"
        )
        logger.warning("%s", what)
        self._monitor.dropped += seconds
        if self._nothing_left():  # another attempt would succeed with nothing
            raise APIError(
                f"{what}; raise APIConnectOptions.replay_limit", retryable=False
            ) from self._attempts.last_error

    # ---- engines that ignore cancellation

    def _watch(self, attempt: Attempt) -> None:
        if attempt.watcher is None and not attempt.closed:
            attempt.watcher = anyio.CancelScope()
            self._task_group.start_soon(self._watch_deadlines, attempt, attempt.watcher)

    async def _watch_deadlines(self, attempt: Attempt, scope: anyio.CancelScope) -> None:
        """Wait until no deadline is set, or the attempt outlives one: then fail without it."""
        grace = self._conn_options.close_timeout
        with scope:
            while attempt.deadlines.next < math.inf:
                await anyio.sleep_until(attempt.deadlines.next + grace)
                if attempt.deadlines.missed:
                    self._give_up_on(attempt)
                    return
        attempt.watcher = None

    def _give_up_on(self, attempt: Attempt) -> None:
        """Tell the consumer now: the engine was cancelled and does not end."""
        error = attempt.deadlines.error()
        logger.error(
            "%s ignores that it was cancelled for missing a deadline; its stream fails now, and "
            "its block waits until the engine ends",
            self._label,
            exc_info=error,
        )
        self._emit_error(error, recoverable=False)
        attempt.close()
        self._stop(Action.FAIL, error)

    def _on_failure(self, error: Exception, recoverable: bool, delay: float) -> None:
        if self._delivery.closed:  # given up on, or closed: told already
            return
        if recoverable:
            logger.warning(
                "%s failed to recognize speech in attempt %d, retrying in %.1f s",
                self._label,
                self._attempts.number,
                delay,
                exc_info=error,
            )
        else:
            logger.error("%s failed to recognize speech", self._label, exc_info=error)
        self._emit_error(error, recoverable)

    def _emit_error(self, error: Exception, recoverable: bool) -> None:
        self._stt._report(  # noqa: SLF001
            "error",
            STTError(wall_clock(), self._label, error, recoverable, self._attempts.number),
        )

    def _on_stop(self) -> None:
        if self._attempt is not None:
            self._attempt.close()
        self._output.finish()
        self._monitor.finish(
            self._journal.seconds(self._journal.log.furthest) - self._monitor.dropped
        )
        self._stt.emit("stream_ended", self, self._failure)

    def _on_done(self) -> None:
        self._stt._streams.discard(self)  # noqa: SLF001


SpeechStream = RecognizeStream
