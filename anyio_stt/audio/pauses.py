"""Long audio in pieces, cut where nobody speaks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterable

import numpy as np

from .frame import AudioFrame, FrameLike, as_frame, combine_frames

__all__ = ("cut_at_pauses", "each_frame", "quietest_place")

_PAUSE = 0.2  # seconds; shorter ones lie inside of words, before a "p" or a "t"
_HOP = 0.01
_REST = 1.0  # seconds; what is left for the last piece must not be shorter than engines take


def quietest_place(
    frame: AudioFrame, earliest: float, latest: float, pause: float = _PAUSE
) -> float:
    """
    Return the middle of the quietest stretch of *frame*, in seconds.

    Args:
        frame: the audio; of several channels the loudness is that of all together.
        earliest: where to begin to look, in seconds.
        latest: where to stop.
        pause: how long the stretch is, in seconds.
    """
    hop = max(1, round(_HOP * frame.sample_rate))
    first, last = round(earliest * frame.sample_rate), round(latest * frame.sample_rate)
    samples = frame.slice(first, last).to_array().reshape(last - first, -1).astype(np.float64)
    power = np.square(samples).mean(axis=1)
    count = len(power) // hop
    if count < 2:
        return latest
    hops = power[: count * hop].reshape(count, hop).mean(axis=1)
    width = max(1, min(round(pause / _HOP), count // 2))
    loudness = np.convolve(hops, np.ones(width), mode="valid")
    middle = int(np.argmin(loudness)) * hop + width * hop // 2
    return (first + middle) / frame.sample_rate


async def cut_at_pauses(
    frames: Iterable[FrameLike] | AsyncIterable[FrameLike], longest: float | None
) -> AsyncGenerator[tuple[float, AudioFrame], None]:
    """
    Yield *frames* joined to pieces, each with where it begins in seconds.

    A piece is cut at the quietest place of the second half of what it may last; all samples
    come, in order, once. Holds no more than one piece and a frame.

    Args:
        frames: the audio, of one format.
        longest: what a piece may last, in seconds; None is one piece.

    Raises:
        ValueError: when the frames differ in format.
    """
    held: list[AudioFrame] = []
    seconds = begins = 0.0
    async for frame in each_frame(frames):
        held.append(frame)
        seconds += frame.duration
        while longest is not None and seconds > longest:
            joined = combine_frames(held)
            latest = longest - min(_REST, longest / 4)
            place = quietest_place(joined, longest / 2, latest)
            cut = max(1, int(place * joined.sample_rate))
            yield begins, joined.slice(0, cut)
            held = [joined.slice(cut)]
            begins += cut / joined.sample_rate
            seconds = held[0].duration
    if seconds:
        yield begins, combine_frames(held)


async def each_frame(
    frames: Iterable[FrameLike] | AsyncIterable[FrameLike],
) -> AsyncGenerator[AudioFrame, None]:
    """Yield *frames*, whichever way they come, as frames of ours."""
    if isinstance(frames, AsyncIterable):
        async for frame in frames:
            yield as_frame(frame)
    else:
        for frame in frames:
            yield as_frame(frame)
