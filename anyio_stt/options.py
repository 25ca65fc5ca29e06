"""What the caller may choose, and what an engine can do."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Literal

__all__ = ("DEFAULT_API_CONNECT_OPTIONS", "APIConnectOptions", "STTCapabilities")


@dataclass(frozen=True, slots=True)
class STTCapabilities:
    """
    What an engine can do.

    Args:
        streaming: `stream()` works.
        interim_results: a stream gives interim transcripts.
        diarization: transcripts carry a `speaker_id`.
        aligned_transcript: transcripts carry `words` ("word"), times per transcript ("chunk"),
            or no times (`False`).
        offline_recognize: `recognize()` works.
    """

    streaming: bool
    interim_results: bool
    diarization: bool = False
    aligned_transcript: Literal["word", "chunk", False] = False
    offline_recognize: bool = True


_RESAMPLERS = ("auto", "soxr", "samplerate")


@dataclass(frozen=True, slots=True)
class APIConnectOptions:
    """
    How long to wait, how often to try again, how much to keep. Times are in seconds.

    Args:
        max_retry: attempts after the first, counted in a row: progress starts the count anew.
        retry_interval: the longest wait between two attempts; the first retry comes at once.
        timeout: how long an attempt may take until it first asks for audio or sends an event;
            a `recognize` attempt gets this plus the duration of its audio.
        drain_timeout: how long an attempt may take to finish after it has read the end of the
            input; `None` leaves it to the engine.
        idle_timeout: how long an engine may say nothing while audio is pushed; `None` leaves it
            to the engine.
        max_pending_audio: seconds of audio that may wait for the engine. 60, because four
            attempts of 10 s and the waits between them take less: while the defaults still give
            an engine a chance, nothing is refused. 16 kHz mono needs 1.9 MB for it.
        replay_limit: seconds of audio that an engine has read and no final covers yet, kept to
            be heard again by the next attempt. 60, because engines end an utterance long before.
        close_timeout: how long `aclose()` waits for an engine that ignores cancellation.
        resampler: what changes the sample rate where an engine wants another than the audio has:
            "soxr", "samplerate", or "auto" for soxr where it is installed. `statistics()` of a
            stream says which one runs.

    Raises:
        ValueError: when a number is negative or not a number, or the resampler is unknown.
    """

    max_retry: int = 3
    retry_interval: float = 5.0
    timeout: float = 10.0
    drain_timeout: float | None = None
    idle_timeout: float | None = None
    max_pending_audio: float = 60.0
    replay_limit: float = 60.0
    close_timeout: float = 5.0
    resampler: Literal["auto", "soxr", "samplerate"] = "auto"

    def __post_init__(self) -> None:
        if self.resampler not in _RESAMPLERS:
            raise ValueError(f"resampler must be one of {_RESAMPLERS}, got {self.resampler!r}")
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "resampler":
                continue
            if value is not None and not value >= 0:  # written so that nan fails too
                raise ValueError(f"{field.name} must be 0 or more, got {value!r}")

    def with_defaults(
        self, *, drain_timeout: float | None = None, idle_timeout: float | None = None
    ) -> APIConnectOptions:
        """
        Fill in the deadlines that the caller left to the engine.

        An engine calls this with its own numbers before it makes a stream; a caller who wants
        no deadline at all passes `math.inf`.
        """
        return replace(
            self,
            drain_timeout=self.drain_timeout if self.drain_timeout is not None else drain_timeout,
            idle_timeout=self.idle_timeout if self.idle_timeout is not None else idle_timeout,
        )

    @property
    def drain_seconds(self) -> float:
        """`drain_timeout` as a number: infinity when there is none."""
        return math.inf if self.drain_timeout is None else self.drain_timeout

    @property
    def idle_seconds(self) -> float:
        """`idle_timeout` as a number: infinity when there is none."""
        return math.inf if self.idle_timeout is None else self.idle_timeout


DEFAULT_API_CONNECT_OPTIONS = APIConnectOptions()
