"""What recognition adds to a stream: attempts, what they answered, and what went wrong."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterable, Callable
from typing import TYPE_CHECKING

from .._measuring.monitor import MetricsMonitor
from .._rules.lifecycle import Action, State
from .._rules.refusals import Refusals
from .._util.clock import wall_clock
from .._util.emitter import logger
from ..events import SpeechEvent
from ..exceptions import APIConnectionError, APIError
from ..metrics import STTError, STTMetrics
from ..options import APIConnectOptions
from .attempt import Attempt
from .attempts import AttemptLoop
from .audio_stream import AudioStream
from .deadlines import AttemptDeadlines
from .delivery import Delivery
from .losses import Lost, audio_lost
from .speech import SpeechOutput, speech_delivery
from .wanted import WantedAudio

if TYPE_CHECKING:
    from ..stt import STT

__all__ = ("Recognition",)


class Recognition(AudioStream[SpeechEvent]):
    """
    The base's half of a `RecognizeStream`, which is for users and engines.

    Args:
        stt: the engine that makes the stream.
        conn_options: retries, deadlines and bounds.
        sample_rate: what the stream's author wants instead of what the engine declares.
        frame_duration: likewise, in seconds.
    """

    def __init__(
        self,
        *,
        stt: STT,
        conn_options: APIConnectOptions,
        sample_rate: int | None,
        frame_duration: float | None,
    ) -> None:
        declared = stt.capabilities
        limit = conn_options.replay_seconds(declared.max_uncovered)
        rate = declared.sample_rate if sample_rate is None else sample_rate
        wanted = WantedAudio(rate, declared.num_channels, frame_duration)
        super().__init__(label=stt.label, options=conn_options, replay_limit=limit, wanted=wanted)
        self._core_stt = stt
        self._core_sentinel = self._FlushSentinel()
        self._core_attempt: Attempt | None = None
        self._core_entered = self._core_is_member = False
        self._core_on_loss: Callable[..., bool] = lambda *_: False  # an adapter's
        self._core_on_silence: Callable[[], None] = lambda: None  # likewise
        self._core_lost: Lost = []

    async def _metrics_monitor_task(self, event_aiter: AsyncIterable[SpeechEvent]) -> None:
        """
        Measure the stream: a task of its group.

        The base reads usage reports and timed finals; its task begins with the first of them. A
        subclass that overrides this is given every event, from the beginning, and measures
        instead; it is cancelled `close_timeout` seconds after the stream has ended.
        """
        if event_aiter is self._core_monitor.events:
            self._core_monitor.replaced = False
            await self._core_monitor.run()

    # ---- beginning and end

    def _core_make_delivery(self) -> Delivery[SpeechEvent]:
        return speech_delivery()

    def _core_check_startable(self) -> None:
        super()._core_check_startable()
        self._core_stt._core_check_open()  # noqa: SLF001 - the other half of one base

    def _core_on_start(self) -> None:
        stt, own = self._core_stt, Recognition._metrics_monitor_task
        self._core_tells = stt.listens("speech_event")
        self._core_fatal: Exception | None = None
        self._core_refusals = Refusals()
        rng = stt._core_rng  # noqa: SLF001 - likewise
        self._core_attempts = AttemptLoop(self._core_options, self._core_on_failure, rng)
        self._core_output = SpeechOutput(
            self._core_label,
            self._core_queue,
            self._core_put,
            self._core_delivery,
            self._core_on_progress,
        )
        self._core_monitor = MetricsMonitor(
            self._core_label,
            self._core_report,
            self._core_start_monitor,
            replaced=type(self)._metrics_monitor_task is not own,  # noqa: SLF001
        )
        if self._core_monitor.replaced:
            self._core_monitor.begin()
        stt._core_streams.add(self)  # noqa: SLF001
        stt.emit("stream_started", self)

    def _core_on_entered(self) -> None:
        # Most engines ask for audio in their first step: then there is no deadline to watch.
        self._core_entered = True
        if self._core_attempt is not None:
            self._core_attempt.arm()

    def _core_put(self, event: SpeechEvent) -> None:
        self._core_monitor.tell(event)
        self._core_delivery.put(event)
        if self._core_tells:
            self._core_stt.emit("speech_event", self, event)

    def _core_report(self, metrics: STTMetrics) -> None:
        self._core_stt._core_report("metrics_collected", metrics)  # noqa: SLF001 - likewise

    def _core_start_monitor(self) -> None:
        self._core_tasks.start_soon(self._core_measure)

    def _core_on_progress(self, final: bool) -> None:
        self._core_attempts.budget.progress()
        (self._core_refusals.recognised if final else self._core_on_silence)()

    async def _core_measure(self) -> None:
        monitor = self._core_monitor
        assert monitor.scope is not None
        with monitor.scope:
            try:
                await self._metrics_monitor_task(monitor.events)
            except Exception:  # noqa: BLE001 - a subclass's; the stream goes on
                logger.exception("%s failed to measure its stream", self._core_label)
            except (KeyboardInterrupt, SystemExit, GeneratorExit) as exc:  # a listener's
                self._core_leave(exc)
        monitor.events.drain()

    def _core_on_stop(self, action: Action) -> None:
        if self._core_attempt is not None:
            self._core_close_attempt(self._core_attempt)
        queue, output, monitor = self._core_queue, self._core_output, self._core_monitor
        output.finish()
        delivered = queue.log.furthest - output.ledger.dropped
        output.release_waiters()
        lost = [] if action is Action.FINISH else output.lose(queue.total)
        monitor.dropped = queue.seconds(output.ledger.dropped)
        try:
            if lost and action is Action.FAIL:
                self._core_tell_loss(lost, self._core_failure, recoverable=False)
            monitor.finish(queue.seconds(max(0, delivered)), queue.seconds(queue.log.replayed))
        finally:
            monitor.end_within(self._core_options.close_timeout)
            self._core_stt.emit("stream_ended", self, self._core_failure)

    def _core_on_done(self) -> None:
        self._core_stt._core_streams.discard(self)  # noqa: SLF001

    # ---- the attempts

    def _core_begin_attempt(self) -> bool:
        attempts, output, queue = self._core_attempts, self._core_output, self._core_queue
        attempts.number += 1
        if attempts.number > 1:
            self._core_rewind()
            if queue.written and self._core_nothing_left():
                return False  # without any audio, what failed is asked again
        lost = queue.seconds(output.ledger.dropped) - self._core_monitor.dropped
        self._core_monitor.dropped += lost
        self._core_monitor.begin_attempt(queue.seconds(queue.log.position), lost)
        options, scope = self._core_options, self._core_scope
        deadlines = AttemptDeadlines(
            scope, options, self._core_label, self._core_tasks, self._core_give_up
        )
        attempt = Attempt(queue, output, deadlines, options, self._core_sentinel)
        self._core_attempt = attempt
        self._input_ch, self._event_ch = attempt.reader, attempt
        if self._core_entered:
            attempt.arm()
        self._core_stt.emit("attempt_started", self, attempts.number)
        return True

    def _core_rewind(self) -> None:
        output, queue = self._core_output, self._core_queue
        origin, lost = queue.rewind(output.ledger.refused)
        if lost:
            self._core_report_loss(output.lose(origin))
        output.begin_attempt(origin)

    def _core_close_attempt(self, attempt: Attempt) -> None:
        self._core_attempt = None
        attempt.finish()

    def _core_end_attempt(self, error: Exception | None) -> float | None:
        attempt, budget = self._core_attempt, self._core_attempts.budget
        if attempt is not None:
            if attempt.deadlines.missed:  # what its cleanup raised matters less
                late = attempt.deadlines.error()
                late.__cause__ = error
                error = late
            elif error is None:
                error = self._core_how_it_ended(attempt)
            elif attempt.was_healthy():
                budget.progress()
            self._core_close_attempt(attempt)
            self._core_stt.emit("attempt_ended", self, error)
        if self._core_fatal is not None:
            self._core_attempts.failed_for_good(self._core_fatal)
        if error is None:
            if (refusal := self._core_refusals.failure) is not None:
                self._core_attempts.failed_for_good(refusal)
            return None
        if not self._core_lifecycle.running:  # it was closed: nobody waits for another attempt
            raise error
        if error is self._core_refusals.latest:  # told already
            return 0.0
        return self._core_attempts.failed(error)

    def _core_end_last_attempt(self, error: Exception | None) -> float | None:
        if error is not None and self._core_attempt is None:
            raise error  # it was reported with the attempts that `super()._main_task()` made
        self._core_attempts.budget.max_retry = 0
        return self._core_end_attempt(error)

    def _core_how_it_ended(self, attempt: Attempt) -> Exception | None:
        """Return what an attempt failed with that returned; `None` if it has done its work."""
        if attempt.reader.ended:
            self._core_output.rest_is_silent()
            return None
        if self._core_nothing_left() or not self._core_lifecycle.running:
            return None
        return APIConnectionError(
            f"{self._core_label} returned before it had read the end of its input: its _run "
            f"reads self._input_ch to the end, or raises an APIError"
        )

    def _core_nothing_left(self) -> bool:
        """Whether the input has ended and all of it is settled."""
        ended = self._core_lifecycle.state is State.DRAINING
        return ended and self._core_output.ledger.covered >= self._core_queue.written

    # ---- what goes wrong

    def _core_report_loss(self, lost: Lost) -> None:
        seconds, most = sum(end - start for start, end in lost), self._core_queue.replay_limit
        what = (
            f"{self._core_label} lost {seconds:.3f} s of audio before {lost[-1][1]:.3f} s: a try "
            f"failed before it had recognised more than replay_limit={most:g} s"
        )
        logger.warning("%s", what)
        cause = self._core_attempts.last_error
        if self._core_nothing_left():  # another attempt would succeed with nothing
            what += "; raise APIConnectOptions.replay_limit"
            raise APIError(what, retryable=False) from cause
        for piece in lost:
            self._core_on_loss(cause, *piece, False, None)
        self._core_tell_loss(lost, cause, recoverable=True)

    def _core_tell_loss(
        self, lost: Lost, cause: BaseException | None, *, recoverable: bool, on: int | None = None
    ) -> None:
        self._core_lost += lost
        self._core_emit_error(audio_lost(self._core_label, lost, cause, on), recoverable)

    def _core_give_up(self) -> None:
        """Tell the consumer now: the engine was cancelled and does not end."""
        attempt = self._core_attempt
        assert attempt is not None
        error = attempt.deadlines.error()
        logger.error(
            "%s ignores that it was cancelled for missing a deadline; its stream fails now, and "
            "its block waits until the engine ends",
            self._core_label,
            exc_info=error,
        )
        self._core_emit_error(error, recoverable=False)
        attempt.finish()
        self._core_stop(Action.FAIL, error)

    def _core_on_failure(self, error: Exception, recoverable: bool, delay: float) -> None:
        if self._core_delivery.closed:  # given up on, or closed: told already
            return
        if recoverable:
            self._core_attempts.log_retry(self._core_label, error, delay)
        else:  # of a member, the adapter says what comes of it
            level = logging.DEBUG if self._core_is_member else logging.ERROR
            logger.log(level, "%s failed to recognize speech", self._core_label, exc_info=error)
        self._core_emit_error(error, recoverable)

    def _core_emit_error(self, error: Exception, recoverable: bool) -> None:
        number = self._core_attempts.number
        report = STTError(wall_clock(), self._core_label, error, recoverable, number)
        self._core_stt._core_report("error", report)  # noqa: SLF001
