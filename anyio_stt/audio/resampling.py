"""Changing the sample rate of audio that arrives piece by piece."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from .frame import AudioFrame

__all__ = ("Resampler", "ResamplerBackend", "ResamplerQuality")

ResamplerBackend: TypeAlias = Literal["auto", "soxr", "samplerate"]
"""The library that does the work; `"auto"` is soxr where it is installed, else samplerate."""
ResamplerQuality: TypeAlias = Literal["low", "medium", "high", "best"]
"""`"high"` is clean to the last of 16 bits; the lower ones cost less time."""

_Samples: TypeAlias = npt.NDArray[Any]

_QUALITIES: dict[str, dict[str, str]] = {
    "soxr": {"low": "LQ", "medium": "MQ", "high": "HQ", "best": "VHQ"},
    "samplerate": {
        "low": "sinc_fastest",  # "linear" comes a sample late and aliases
        "medium": "sinc_fastest",
        "high": "sinc_medium",  # sinc_best is three times slower below the 16th bit
        "best": "sinc_best",
    },
}
_INT16 = np.dtype("<i2")  # as frames have it
_INSTALL = {
    "soxr": "pip install 'anyio-stt[soxr]'",
    "samplerate": "pip install samplerate",
}


class Resampler:
    """
    Changes the sample rate of one stream of audio, all its channels together.

    The result does not depend on how the audio is cut into frames. After a `flush`, the number of
    samples is exact to rounding, so nothing drifts over many segments. Silence stays silence, and
    loud audio is clipped, never wrapped around. Calls are synchronous and do no I/O.

    Args:
        in_rate: the rate of the frames that will be pushed, in Hz.
        out_rate: the rate wanted, in Hz.
        num_channels: how many channels the frames have.
        backend: the library to use.
        quality: how good the filter is.

    Raises:
        ValueError: for a rate or channel count that is not positive, or an unknown name.
        ImportError: when the named backend is not installed; the message says how to install it.
    """

    backend: Literal["soxr", "samplerate", "none"]
    """The library that runs; `"none"` when both rates are the same and nothing has to."""

    def __init__(
        self,
        in_rate: int,
        out_rate: int,
        num_channels: int,
        *,
        backend: ResamplerBackend = "auto",
        quality: ResamplerQuality = "high",
    ) -> None:
        if min(in_rate, out_rate, num_channels) <= 0:
            raise ValueError(
                f"a resampler needs positive rates and channels, got in_rate={in_rate!r}, "
                f"out_rate={out_rate!r}, num_channels={num_channels!r}"
            )
        self.in_rate = in_rate
        self.out_rate = out_rate
        self.num_channels = num_channels
        self._converter = _open(backend, quality, in_rate, out_rate, num_channels)
        self.backend = self._converter.name
        self._taken = 0  # samples of each channel since the beginning, never reset
        self._given = 0
        self._waiting = self._silence(0)  # made, but not yet due

    def push(self, frame: AudioFrame) -> AudioFrame | None:
        """
        Take *frame*; return the audio that is ready, or `None`.

        Raises:
            ValueError: when the frame has another rate or channel count; nothing has changed.
        """
        self._check(frame)
        if not frame.samples_per_channel:
            return None
        self._taken += frame.samples_per_channel
        self._extend(frame.to_array())
        return self._take()

    def flush(self) -> AudioFrame | None:
        """
        Return the rest of the audio pushed so far, or `None`.

        The next frame begins a new segment: the filter does not hear what came before.
        """
        # A filter gives its last samples only when more audio follows, so silence follows.
        silence = self._silence(max(self.in_rate // 10, 1))
        while self._due() > len(self._waiting):
            self._extend(silence)
        self._waiting = self._waiting[: self._due()]
        tail = self._take()
        self._converter.reset()
        return tail

    def _check(self, frame: AudioFrame) -> None:
        if (frame.sample_rate, frame.num_channels) != (self.in_rate, self.num_channels):
            raise ValueError(
                f"this resampler takes {self.in_rate} Hz with {self.num_channels} channel(s), "
                f"the frame has {frame.sample_rate} Hz with {frame.num_channels}"
            )

    def _silence(self, length: int) -> _Samples:
        shape = length if self.num_channels == 1 else (length, self.num_channels)
        return np.zeros(shape, dtype=_INT16)

    def _due(self) -> int:
        # Whole numbers throughout: a float would be a sample off after some hours.
        return (2 * self._taken * self.out_rate + self.in_rate) // (2 * self.in_rate) - self._given

    def _extend(self, samples: _Samples) -> None:
        made = self._converter.process(samples)
        if len(made):
            self._waiting = np.concatenate((self._waiting, made)) if len(self._waiting) else made

    def _take(self) -> AudioFrame | None:
        due = self._due()
        ready, self._waiting = self._waiting[:due], self._waiting[due:]
        count = len(ready)
        if not count:
            return None
        self._given += count
        return AudioFrame(ready.tobytes(), self.out_rate, self.num_channels, count)


class _Converter:
    """What the libraries have in common: int16 in, int16 out, some samples late."""

    def __init__(
        self,
        name: Literal["soxr", "samplerate", "none"],
        process: Callable[[_Samples], _Samples],
        reset: Callable[[], object],
    ) -> None:
        self.name = name
        self.process = process
        self.reset = reset


def _open(backend: str, quality: str, in_rate: int, out_rate: int, num_channels: int) -> _Converter:
    if backend not in ("auto", *_QUALITIES):
        raise ValueError(f"backend must be 'auto', 'soxr' or 'samplerate', got {backend!r}")
    if quality not in _QUALITIES["soxr"]:
        raise ValueError(f"quality must be one of {', '.join(_QUALITIES['soxr'])}, got {quality!r}")
    if backend in ("auto", "soxr"):
        soxr = _import("soxr", required=backend == "soxr")
        if soxr is not None:
            return _unchanged(in_rate, out_rate) or _soxr(
                soxr, quality, in_rate, out_rate, num_channels
            )
    samplerate = _import("samplerate", required=True)
    return _unchanged(in_rate, out_rate) or _samplerate(
        samplerate, quality, out_rate / in_rate, num_channels
    )


def _import(name: str, *, required: bool) -> Any:
    # Imported when the first resampler is made: most programs that import us never make one.
    try:
        return import_module(name)
    except ImportError as exc:
        if not required:
            return None
        raise ImportError(f"{name} is not installed: {_INSTALL[name]}", name=name) from exc


def _unchanged(in_rate: int, out_rate: int) -> _Converter | None:
    if in_rate != out_rate:
        return None
    return _Converter("none", lambda samples: samples, lambda: None)


def _soxr(soxr: Any, quality: str, in_rate: int, out_rate: int, num_channels: int) -> _Converter:
    stream = soxr.ResampleStream(
        in_rate, out_rate, num_channels, dtype="float32", quality=_QUALITIES["soxr"][quality]
    )
    return _Converter("soxr", _rounded(stream.resample_chunk), stream.clear)


def _samplerate(samplerate: Any, quality: str, ratio: float, num_channels: int) -> _Converter:
    converter = samplerate.Resampler(_QUALITIES["samplerate"][quality], channels=num_channels)
    process = _rounded(lambda samples: converter.process(samples, ratio))
    return _Converter("samplerate", process, converter.reset)


def _rounded(process: Callable[[_Samples], _Samples]) -> Callable[[_Samples], _Samples]:
    # Rounded here and not by soxr, which dithers: noise in the silence, and other noise each time.
    def process_int16(samples: _Samples) -> _Samples:
        made = process(samples.astype(np.float32))
        if len(made):  # filters often keep what they get for a while
            np.rint(made, out=made)
            np.minimum(made, 32767, out=made)
            np.maximum(made, -32768, out=made)
        return made.astype(_INT16)

    return process_int16
