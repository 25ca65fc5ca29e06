"""
Row 8. Resampling to 16 kHz, 20 ms frames, and how clean the result is.

Clean: two tones that must stay (440 and 3,000 Hz) and one that must go (11 kHz, above what
16 kHz can carry). Signal is what of the result is the two tones, noise is all the rest.
"""

from __future__ import annotations

from typing import Any

from ..kit import RATE, Kit
from .row import Line, Row, Stopwatch

_KEPT, _GONE = (440.0, 3000.0), 11_000.0


def _tones(rate: int, seconds: float) -> bytes:
    import numpy as np

    t = np.arange(int(rate * seconds)) / rate
    waves = sum(np.sin(2 * np.pi * hz * t) for hz in (*_KEPT, _GONE))
    return bytes(np.rint(waves * 9000).astype("<i2"))


def _frames(kit: Kit, rate: int, audio: bytes) -> list[Any]:
    samples = rate // 50
    size = 2 * samples
    whole = len(audio) // size * size
    return [kit.frame(samples, rate, audio[at : at + size]) for at in range(0, whole, size)]


def _signal_to_noise(audio: bytes) -> float:
    import numpy as np

    heard = np.frombuffer(audio, "<i2")[RATE // 4 : -RATE // 4].astype(float)
    t = np.arange(len(heard)) / RATE
    waves = [f(2 * np.pi * hz * t) for hz in _KEPT for f in (np.sin, np.cos)]
    basis = np.stack(waves, axis=1)
    kept = basis @ np.linalg.lstsq(basis, heard, rcond=None)[0]
    return float(10 * np.log10(np.sum(kept**2) / np.sum((heard - kept) ** 2)))


def _from(rate: int) -> Row:
    def measure(kit: Kit, quick: bool) -> tuple[float, ...]:
        frames = _frames(kit, rate, _tones(rate, 4 if quick else 20))
        resampler = kit.resampler(rate, RATE)
        made = []
        with Stopwatch() as watch:
            for frame in frames:
                made.append(resampler.push(frame))  # noqa: PERF401 - flush belongs to it
            made.append(resampler.flush())
        return watch.micros(len(frames)), _signal_to_noise(b"".join(made))

    name = f"resampling {rate / 1000:g} to 16 kHz"
    return Row(
        8,
        (
            Line(name, "us/frame"),
            Line(f"{name}, signal to noise", "dB", lower_is_better=False),
        ),
        measure,
    )


ROWS = (_from(48_000), _from(44_100))
