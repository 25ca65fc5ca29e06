"""
Strategies for Hypothesis: frames, ways to cut audio, scripts, and what a user may do to a stream.

Needs the extra `testing`: `pip install anyio-stt[testing]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ..audio.frame import AudioFrame
from ..exceptions import APIConnectionError, APIStatusError
from .audio import cut_at, noise
from .said import final, interim, usage
from .steps import Delay, Fail, Hear, HearAll, HearMarker, Say, Step

try:
    from hypothesis import strategies as st
except ImportError as _missing:  # pragma: no cover - the extra is installed where this is tested
    raise ImportError(
        "anyio_stt.testing.strategies needs hypothesis: pip install 'anyio-stt[testing]'"
    ) from _missing

__all__ = ("Operation", "chunkings", "frames", "operations", "scripts")


@dataclass(frozen=True, slots=True)
class Operation:
    """
    One thing a user does to a stream.

    Args:
        name: the method, or "wait" for letting others run.
        seconds: how much audio "push" pushes, and how long "wait" waits.
    """

    name: Literal["push", "flush", "end_input", "aclose", "wait"]
    seconds: float = 0.0


def frames(
    *,
    max_seconds: float = 0.5,
    sample_rates: tuple[int, ...] = (8000, 16000, 44100, 48000),
    max_channels: int = 2,
) -> st.SearchStrategy[AudioFrame]:
    """Frames of noise, any of them perhaps empty."""
    return st.builds(
        _noise,
        st.floats(0.0, max_seconds),
        st.integers(0, 2**16),
        st.sampled_from(sample_rates),
        st.integers(1, max_channels),
    )


def chunkings(frame: AudioFrame, *, max_pieces: int = 20) -> st.SearchStrategy[list[AudioFrame]]:
    """Ways to cut *frame*; the pieces, some perhaps empty, always add up to it."""
    position = st.integers(0, frame.samples_per_channel)
    positions = st.lists(position, max_size=max_pieces - 1).map(sorted)
    return positions.map(lambda edges: cut_at(frame, edges))


def scripts(
    *, seconds: float = 1.0, max_steps: int = 6, may_fail: bool = True
) -> st.SearchStrategy[list[list[Step]]]:
    """
    Scripts for `ScriptedSTT`; each ends with an attempt that hears everything and says a final.

    Args:
        seconds: how much audio will be pushed; events and steps lie within it.
        max_steps: the most steps of an attempt that fails.
        may_fail: whether there are attempts that fail before the last.
    """
    last: list[Step] = [HearAll(), Say(lambda heard: final("all", end=heard.seconds))]
    failing = st.lists(_steps(seconds), max_size=max_steps).flatmap(
        lambda steps: _failures().map(lambda failure: [*steps, failure])
    )
    return st.lists(failing, max_size=2 if may_fail else 0).map(lambda begun: [*begun, last])


def operations(*, max_size: int = 20) -> st.SearchStrategy[list[Operation]]:
    """Sequences of what a user does to a stream, in any order, sensible or not."""
    seconds = st.floats(0.0, 0.5)
    operation: st.SearchStrategy[Operation] = st.one_of(
        st.builds(Operation, st.just("push"), seconds),
        st.builds(Operation, st.just("wait"), seconds),
        st.builds(Operation, st.sampled_from(["flush", "end_input", "aclose"])),
    )
    return st.lists(operation, max_size=max_size)


def _noise(seconds: float, seed: int, sample_rate: int, num_channels: int) -> AudioFrame:
    return noise(seconds, seed, sample_rate=sample_rate, num_channels=num_channels)


def _steps(seconds: float) -> st.SearchStrategy[Any]:
    moment = st.floats(0.01, seconds)
    return st.one_of(
        st.builds(Hear, moment),
        st.just(HearMarker()),
        st.builds(Delay, st.floats(0.0, 0.2)),
        moment.map(lambda end: Say(interim("guess", end=end))),
        # A final may only cover what was heard; this one covers it all.
        st.just(Say(lambda heard: final("said", end=heard.seconds))),
        st.floats(0.0, 0.1).map(lambda spent: Say(usage(spent))),
    )


def _failures() -> st.SearchStrategy[Fail]:
    return st.sampled_from(
        [
            Fail(APIConnectionError("lost")),
            Fail(APIStatusError("busy", status_code=503)),
        ]
    )
