"""What an `STT` tells its listeners."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ("STTError", "STTMetrics", "StreamStatistics", "VADMetrics")


@dataclass(frozen=True, slots=True)
class STTMetrics:
    """
    One measurement, given to `metrics_collected` listeners.

    Args:
        request_id: the engine's name for the request or utterance.
        timestamp: wall clock time, in seconds since 1970.
        duration: seconds. For `recognize`, the whole call with its retries; for a stream, the
            time since the stream's last measurement or its start.
        label: the engine's label.
        audio_duration: seconds of audio recognised, each counted once over a stream.
        streamed: whether this came from a stream.
        error: always `None`; kept because LiveKit's metrics have it.
        replayed_duration: seconds of audio sent to the engine again because an attempt failed.
        dropped_duration: seconds of audio lost because `replay_limit` was exceeded.
        attempts: attempts made, the first included.
        delay: seconds from when audio was pushed to when its final came, for the newest final
            since the last measurement; `None` when there was none with a time.
        input_tokens: tokens read, for engines that count them.
        output_tokens: tokens written, likewise.
    """

    request_id: str
    timestamp: float
    duration: float
    label: str
    audio_duration: float
    streamed: bool
    error: str | None = None
    replayed_duration: float = 0.0
    dropped_duration: float = 0.0
    attempts: int = 1
    delay: float | None = None
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class STTError:
    """
    One failed attempt, given to `error` listeners.

    Args:
        timestamp: wall clock time, in seconds since 1970.
        label: the engine's label.
        error: what the attempt raised.
        recoverable: whether another attempt follows.
        attempt: which attempt failed, counted from 1.
    """

    timestamp: float
    label: str
    error: Exception
    recoverable: bool
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class StreamStatistics:
    """
    A stream at one moment; times in seconds of audio unless said otherwise.

    Always `pushed` is `recognised + silent + dropped + pending + replay`; after the end the last
    two are 0.

    Args:
        state: "created", "open", "draining", "finished", "failed" or "closed".
        attempt: attempts made so far, the running one included.
        pushed: audio pushed.
        delivered: audio that an engine has read, counted once.
        recognised: audio that finals cover.
        silent: audio that was answered with silence.
        pending: audio waiting for the engine.
        peak_pending: the most that ever waited.
        replay: audio kept for the next attempt, should this one fail.
        replayed: audio that was sent to the engine again.
        dropped: audio that will not be recognised: refused by the engine, cut off by a failure or
            an abort, or read, not answered, and no longer kept because of `replay_limit`.
        unread_events: events waiting for the consumer.
        last_delay: seconds from when audio was pushed to when its final came, for the last
            final with a time; `None` before that.
        resampler: "soxr" or "samplerate" where the audio is resampled for the engine.
    """

    state: str
    attempt: int = 0
    pushed: float = 0.0
    delivered: float = 0.0
    recognised: float = 0.0
    silent: float = 0.0
    pending: float = 0.0
    peak_pending: float = 0.0
    replay: float = 0.0
    replayed: float = 0.0
    dropped: float = 0.0
    unread_events: int = 0
    last_delay: float | None = None
    resampler: str | None = None


@dataclass(frozen=True, slots=True)
class VADMetrics:
    """
    What a detector computed in about a second of audio, given to `metrics_collected` listeners.

    Args:
        timestamp: wall clock time, in seconds since 1970.
        label: the detector's label.
        idle_time: seconds since speech last began or ended, or since the stream began.
        inference_duration_total: seconds of computing.
        inference_count: how many windows of audio were judged.
    """

    timestamp: float
    label: str
    idle_time: float
    inference_duration_total: float
    inference_count: int
