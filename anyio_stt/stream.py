"""A stream of recognition: audio in, speech events out."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio
from anyio.lowlevel import checkpoint

from ._core.changeable import ChangeableRecognition
from ._rules.lifecycle import Action, State
from .exceptions import APITimeoutError
from .metrics import StreamStatistics
from .moments import TurnDetector
from .options import APIConnectOptions
from .transcription import AudioSource, StreamTranscription, checked_source
from .turns import Turns
from .utterances import Utterances

if TYPE_CHECKING:
    from .stt import STT

__all__ = ("RecognizeStream", "SpeechStream")


class RecognizeStream(ChangeableRecognition):
    """
    Push audio in, iterate events out; made by `STT.stream()`.

        async with stt.stream() as stream:
            async for event in stream.transcribe(frames):
                ...

    An engine subclasses it and writes `_run`: one attempt, which reads `self._input_ch` and sends
    to `self._event_ch`. The base class retries it, and gives the next attempt the audio that no
    final covers. Names that begin with `_core_` belong to the base class, all others to the engine.

    Args:
        stt: the engine that makes the stream.
        conn_options: retries, deadlines and bounds.
        sample_rate: the rate that the engine wants; audio is resampled to it. `None` takes any.
        frame_duration: the length of frames that the engine wants, in seconds; only the last before
            a marker may be shorter. `None` takes any.
        options: what `update_options` can change; `_run` reads its current value in
            `self._options`.
    """

    def __init__(
        self,
        *,
        stt: STT,
        conn_options: APIConnectOptions,
        sample_rate: int | None = None,
        frame_duration: float | None = None,
        options: object = None,
    ) -> None:
        super().__init__(
            stt=stt,
            conn_options=conn_options,
            sample_rate=sample_rate,
            frame_duration=frame_duration,
        )
        self._core_go_by(options)
        self._stt = stt
        self._conn_options = self._core_flush_options = conn_options

    # ---- for engines

    @abstractmethod
    async def _run(self) -> None:
        """
        Recognise: read `self._input_ch` to its end, send events to `self._event_ch`.

        One call is one attempt. Raise a retryable `APIError` to get another one. Return when
        everything is sent: audio that no final covers then counts as silence. Returning before the
        end of the input is a failure, and is retried, unless finals cover all of it. Times count
        from the first sample that this attempt reads.
        """

    def _report_alive(self) -> None:
        """
        Report a sign of life from the provider other than an event, such as a pong.

        It counts as an answer for `timeout` and `idle_timeout`.
        """
        if self._core_attempt is not None:
            self._core_attempt.sign_of_life()

    def _report_silence(self, until: float, channel: int | None = None) -> None:
        """
        Report that all audio before *until* that no final covers was silence.

        A new attempt does not read that audio again, `replay_limit` does not count it, and
        `finalize()` does not wait for it.

        Args:
            until: seconds from the first sample this attempt read.
            channel: on which channel, from engines that hear channels apart.
        """
        if self._core_attempt is not None:
            self._core_attempt.sign_of_life()
            self._core_attempt.silence(until, channel)

    def _report_refused(
        self, error: Exception, start: float, end: float, channel: int | None = None
    ) -> None:
        """
        Report that the provider refuses an utterance for good: it is given up.

        Listeners of `error` get an `AudioLostError` with its times, no attempt reads it again, and
            the engine goes on with what follows. An engine that has to reconnect raises *error*
            after this call: that counts as no failure, and the next attempt begins at once.

        Args:
            error: what it was refused with.
            start: where it begins, in seconds from the first sample this attempt read.
            end: where it ends, likewise.
            channel: on which channel, from engines that hear channels apart.

        Raises:
            Exception: *error*, if it is the third in a row with nothing recognised in between; the
                stream then fails with it.
        """
        attempt = self._core_attempt
        if attempt is None or attempt.over:
            return
        attempt.sign_of_life()
        if self._core_on_loss(error, *attempt.on_clock(start, end), True, channel):
            return
        lost = attempt.refused(start, end, channel)
        at_end = self._core_lifecycle.state is State.DRAINING
        if self._core_refusals.refused(error, at_end=at_end):
            self._core_fatal = error
            attempt.deadlines.disarm()
            self._core_scope.cancel()
            raise error
        if lost:
            self._core_tell_loss(lost, error, recoverable=True, on=channel)

    # ---- for adapters, whose engines are streams

    def _core_watch(
        self,
        on_loss: Callable[[BaseException | None, float, float, bool, int | None], bool],
        on_silence: Callable[[], None],
    ) -> None:
        """
        Have *on_loss* told of audio that is given up: why, its times, if it was refused, channel.

        It returns whether somebody else is asked; then the stream goes on as if nothing was.
        *on_silence* is called when more is known to be silent, which no event tells.
        """
        self._core_on_loss, self._core_on_silence = on_loss, on_silence
        self._core_is_member = True

    def _core_lose(
        self, cause: BaseException | None, start: float, end: float, channel: int | None
    ) -> None:
        """Count audio as lost that a member lost; times are the present attempt's."""
        attempt = self._core_attempt
        lost = [] if attempt is None else attempt.refused(start, end, channel)
        if lost:
            self._core_tell_loss(lost, cause, recoverable=True, on=channel)

    # ---- for users

    @property
    def label(self) -> str:
        """What logs, errors and metrics call the engine."""
        return self._core_label

    def transcribe(
        self, source: AudioSource, *, sample_rate: int | None = None, num_channels: int = 1
    ) -> StreamTranscription:
        """
        Feed *source* and iterate over its events, to its end; once, in the stream's block.

        Feeding begins with the iteration and is a task of the block: a failure of the engine or
        of the source is raised by the iteration as itself, after the events before it. A source
        of several channels is mixed down where the engine takes one.

        Args:
            source: frames, iterable or async iterable; one frame; the path of a recording;
                int16 or float samples as a numpy array; int16 samples as bytes.
            sample_rate: the rate of an array or of bytes.
            num_channels: how many channels are interleaved in bytes.

        Raises:
            AudioLostError: by the iteration, at its end, when the stream ended well but some
                seconds were lost.
            ValueError: for an array or bytes without a rate.
            TypeError: for what is no audio, with the line to write.
        """
        return StreamTranscription(self, checked_source(source, sample_rate, num_channels))

    def utterances(self) -> Utterances:
        """
        Iterate over utterances, one `Utterance` for each END, whatever the engine's order of
        events.

        Iterate the stream either by itself or by this, not both.
        """
        return Utterances(self)

    def turns(
        self,
        *,
        min_silence: float = 0.2,
        max_silence: float = 1.5,
        threshold: float = 0.5,
        detector: TurnDetector | None = None,
        max_gap: float = 1.0,
        min_words: int = 1,
    ) -> Turns:
        """Iterate the moments of turns as `Turns` says; this or the stream itself, not both."""
        options = min_silence, max_silence, threshold, detector, max_gap, min_words
        return Turns(self, *options)

    async def finalize(self) -> None:
        """
        Flush, and wait until everything pushed before is recognised, silent or lost.

        Waits at most `drain_timeout`, or `timeout` if that is off. The stream goes on either way;
        cancelling ends only the wait.

        Raises:
            APITimeoutError: when the answer took longer.
            StreamClosedError: before the start, or when the stream ended first.
            InputEndedError: after `end_input()`.
        """
        self.flush()
        options, position = self._core_flush_options, self._core_queue.written
        seconds = options.timeout if options.drain_timeout is None else options.drain_seconds
        answered = self._core_lifecycle.running
        await checkpoint()
        with anyio.move_on_after(seconds) as scope:
            answered = answered and await self._core_output.wait_answered(position)
        if scope.cancelled_caught:
            raise APITimeoutError(
                f"{self._core_label} did not answer a flush within {seconds:g} s; change "
                f"APIConnectOptions.drain_timeout to give it more time"
            )
        if not answered:
            raise self._core_lifecycle.refusal(Action.START) from self._core_failure

    def _core_covered(self) -> float:
        """Up to where the audio is recognised, silent or lost, in seconds."""
        return self._core_queue.seconds(self._core_output.ledger.covered)

    def _core_answered(self) -> float:
        """Likewise, but what the end of the stream cut off is not."""
        output = self._core_output
        return self._core_queue.seconds(min(output.ledger.covered, output.answered_to))

    async def _core_wait_answered(self, until: float) -> None:
        """Wait until audio is settled up to *until* seconds, or no answer comes any more."""
        await self._core_output.wait_answered(math.floor(until * self._core_queue.rate))

    def statistics(self) -> StreamStatistics:
        """Return what the stream has done so far, as a frozen snapshot."""
        state = self._core_lifecycle.state.value
        if not self._core_launched:
            return StreamStatistics(state)
        queue, monitor, output = self._core_queue, self._core_monitor, self._core_output
        log, ledger, seconds = queue.log, output.ledger, queue.seconds
        kept_from = max(ledger.covered, log.horizon)
        over = self._core_delivery.closed  # then nothing is pending, and nothing heard again
        forgotten = 0 if over else ledger.open_between(ledger.covered, kept_from)
        return StreamStatistics(
            state,
            attempt=monitor.attempt,
            pushed=queue.pushed_seconds,
            delivered=seconds(log.furthest),
            recognised=seconds(ledger.recognised),
            silent=seconds(ledger.silent),
            pending=0.0 if over else max(0.0, queue.pushed_seconds - seconds(log.furthest)),
            peak_pending=seconds(queue.peak),
            replay=0.0 if over else seconds(ledger.open_between(kept_from, log.furthest)),
            replayed=seconds(log.replayed),
            dropped=seconds(ledger.dropped + forgotten),
            unread_events=self._core_delivery.unread,
            last_delay=output.last_delay,
            resampler=queue.resampler,
        )


SpeechStream = RecognizeStream
