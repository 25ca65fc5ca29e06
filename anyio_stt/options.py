"""What the caller may choose, and what an engine can do."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from typing import Literal

__all__ = ("DEFAULT_API_CONNECT_OPTIONS", "APIConnectOptions", "STTCapabilities")


@dataclass(frozen=True, slots=True)
class STTCapabilities:
    """
    What an engine can do, and what audio it takes.

    Args:
        streaming: `stream()` works.
        interim_results: a stream gives interim transcripts.
        diarization: transcripts carry a `speaker_id`.
        aligned_transcript: transcripts carry `words` ("word"), times per transcript ("chunk"),
            or no times (`False`).
        offline_recognize: `recognize()` works.
        keyterms: the engine takes words to listen for.
        chat_context: the engine takes what was said before as context.
        manual_flush: the engine sends finals only after a `flush()`.
        turns: the engine decides when a turn is over: its END of speech ends the turn.
        sample_rate: samples a second that the engine wants; `None` takes what comes.
        num_channels: channels that the engine wants; `None` takes what comes.
        max_utterance: the most seconds of audio in one utterance or one `recognize`; `None` for no
            limit.
        max_uncovered: the most seconds of audio that the engine reads before a final or silence
            covers them: its longest utterance, and what it reads meanwhile. It decides how much is
            kept for replay.

    Raises:
        ValueError: when one of the four numbers is not positive.
    """

    streaming: bool
    interim_results: bool
    diarization: bool = False
    aligned_transcript: Literal["word", "chunk", False] = False
    offline_recognize: bool = True
    keyterms: bool = field(default=False, kw_only=True)
    chat_context: bool = field(default=False, kw_only=True)
    manual_flush: bool = field(default=False, kw_only=True)
    turns: bool = field(default=False, kw_only=True)
    sample_rate: int | None = field(default=None, kw_only=True)
    num_channels: int | None = field(default=None, kw_only=True)
    max_utterance: float | None = field(default=None, kw_only=True)
    max_uncovered: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for name in ("sample_rate", "num_channels", "max_utterance", "max_uncovered"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ValueError(f"{name} must be positive and finite, or None; got {value!r}")


_REPLAY = 60.0  # seconds; engines end an utterance long before
_RESAMPLERS = ("auto", "soxr", "samplerate")


@dataclass(frozen=True, slots=True)
class APIConnectOptions:
    """
    Retries, deadlines and limits of a stream or a `recognize`. Times are in seconds.

    Args:
        max_retry: attempts after the first, counted in a row: progress resets the count.
        retry_interval: the longest wait between two attempts; the first retry comes at once.
        max_retry_after: the longest wait that a provider may ask for (`APIError.retry_after`); if
            it asks for more, the stream fails. Adapters set it where another engine can take over.
        timeout: how long an attempt may take until it first asks for audio or sends an event;
            a `recognize` attempt gets this plus the duration of its audio.
        drain_timeout: how long an attempt may take to finish after it has read the end of the
            input; `None` leaves it to the engine.
        idle_timeout: how long an engine may send nothing while audio is pushed; `None` leaves it
            to the engine.
        max_pending_audio: seconds of audio that may wait for the engine. 60, because four attempts
            of 10 s and the waits between them take less: nothing is refused while the defaults
            still give an engine a chance. At 16 kHz, mono, 60 s take 1.9 MB.
        replay_limit: seconds of audio, read by the engine but not covered by a final, that are kept
            for the next attempt. `None` means 60, or the engine's `max_uncovered` where that is
            more. With less, a failure may lose audio.
        close_timeout: how long `aclose()` waits for an engine that ignores cancellation.
        resampler: the library that converts the sample rate for the engine: "soxr", "samplerate",
            or "auto" for soxr if it is installed. `statistics()` of a stream says which one is
            used.

    Raises:
        ValueError: when a number is negative or not a number, or the resampler is unknown.
    """

    max_retry: int = 3
    retry_interval: float = 5.0
    timeout: float = 10.0
    drain_timeout: float | None = None
    idle_timeout: float | None = None
    max_pending_audio: float = 60.0
    replay_limit: float | None = None
    close_timeout: float = 5.0
    resampler: Literal["auto", "soxr", "samplerate"] = "auto"
    max_retry_after: float = math.inf

    def __post_init__(self) -> None:
        if self.resampler not in _RESAMPLERS:
            raise ValueError(f"resampler must be one of {_RESAMPLERS}, got {self.resampler!r}")
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name == "resampler":
                continue
            if value is not None and not value >= 0:  # written so that nan fails too
                raise ValueError(f"{each.name} must be 0 or more, got {value!r}")

    def with_defaults(
        self, *, drain_timeout: float | None = None, idle_timeout: float | None = None
    ) -> APIConnectOptions:
        """
        Fill in the deadlines that the caller left to the engine.

        An engine calls this with its own values before it makes a stream. A caller who wants no
        deadline passes `math.inf`.
        """
        return replace(
            self,
            drain_timeout=self.drain_timeout if self.drain_timeout is not None else drain_timeout,
            idle_timeout=self.idle_timeout if self.idle_timeout is not None else idle_timeout,
        )

    def replay_seconds(self, max_uncovered: float | None = None) -> float:
        """`replay_limit` as a number, given the engine's `max_uncovered`."""
        if self.replay_limit is not None:
            return self.replay_limit
        return max(_REPLAY, max_uncovered or 0.0)

    @property
    def drain_seconds(self) -> float:
        """`drain_timeout` as a number: infinity if it is `None`."""
        return math.inf if self.drain_timeout is None else self.drain_timeout

    @property
    def idle_seconds(self) -> float:
        """`idle_timeout` as a number: infinity if it is `None`."""
        return math.inf if self.idle_timeout is None else self.idle_timeout


DEFAULT_API_CONNECT_OPTIONS = APIConnectOptions()
