"""What the program is told of audio that was lost."""

from __future__ import annotations

from typing import TypeAlias

from ..exceptions import AudioLostError

__all__ = ("Lost", "audio_lost")

Lost: TypeAlias = "list[tuple[float, float]]"
"""Stretches of audio, each from where to where, in seconds."""


def audio_lost(
    label: str,
    lost: Lost,
    cause: BaseException | None,
    channel: int | None,
) -> AudioLostError:
    """Return the error that names the seconds, on which channel if on one only, and why."""
    told = ", ".join(f"{start:.3f} to {end:.3f} s" for start, end in lost)
    told += f" of channel {channel}" if channel is not None else ""
    told += f" ({cause})" if cause is not None else ""
    error = AudioLostError(f"{label} lost audio: {told}", lost=tuple(lost))
    error.__cause__ = cause
    return error
