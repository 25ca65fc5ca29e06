"""Recordings of every other kind, decoded by FFmpeg's libraries as PyAV carries them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from itertools import chain
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from .cutting import FrameCutter
from .endings import cut_off_ending, declared_by_mp3, is_tag
from .errors import AudioFileError, Decoding
from .frame import AudioFrame
from .losses import Losses
from .one_format import OneFormat
from .pcm import MAX_CHANNELS, MAX_SAMPLE_RATE, float_to_int16
from .sources import Seekable

__all__ = ("decode_media",)

# Recordings only: a playlist among them would open other files, and addresses.
_CONTAINERS = (
    "aac,ac3,aiff,alaw,amr,amrnb,amrwb,ape,asf,au,avi,caf,dsf,dts,eac3,flac,flv,g722,gsm,iff,"
    "latm,loas,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpc,mpc8,mpeg,mpegts,mulaw,nut,ogg,oma,"
    "rm,shn,sln,sox,spdif,tak,tta,voc,w64,wav,wsvqa,wv,xa"
)
# Those whose header counts the samples. Elsewhere the length is guessed from the size.
_EXACT = {"flac", "aiff", "au", "w64", "wv", "tta", "ape"}
_DECLARING = {*_EXACT, "caf", "wav", "asf", "ogg", "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}
# Elsewhere encoders pad at both ends, and containers round what they declare.
_TOLERANCE = 0.25
_LONGEST_PACKET = 10.0
_ROUNDING = 1e-3
_LONGEST_GAP = 600.0  # beyond that the numbers are damaged too
_FRAME_DURATION = 0.1


def decode_media(file: IO[bytes] | Any, name: str, losses: Losses, *, live: bool) -> Decoding:
    """
    Open the recording in *file*; *live* says that it cannot be sought in.

    What cannot be decoded on the way is silent, and noted in *losses*.

    Raises:
        AudioFileError: when it is no recording, or none that can be decoded.
        ImportError: when PyAV is not installed.
    """
    av = _import_av(name)
    container = _open(av, file, name, live=live)

    def declared() -> str | float | None:
        seconds = _duration(container, stream) if kind in _DECLARING else None
        if kind == "mp3":
            seconds = declared_by_mp3(file)
        exact = 0.0 if kind in _EXACT else _TOLERANCE
        return cut_off_ending(file) or (None if seconds is None else seconds - exact)

    try:
        if not container.streams.audio:
            raise AudioFileError(f"{name} holds no audio")
        stream = container.streams.best("audio") or container.streams.audio[0]
        if stream.codec_context is None:
            raise _undecodable(name, container)
        reading = _Reading(av, container, stream, losses)
        kind = container.format.name
        frames = reading.frames(declared)
        first = next(frames, None)
        if first is None:
            raise AudioFileError(
                f"{name} holds no audio that can be decoded ({container.format.name}, "
                f"{stream.codec_context.name}): damaged, or cut off"
            )
    except BaseException:
        container.close()
        raise
    heard = _in_tenths(chain([first], frames))

    def close() -> None:
        heard.close()
        container.close()

    return Decoding(
        first.sample_rate, first.num_channels, _duration(container, stream), heard, close
    )


def _undecodable(name: str, container: Any) -> AudioFileError:
    return AudioFileError(
        f"{name} is {container.format.name}, in an encoding that FFmpeg cannot decode here, "
        "or damaged"
    )


def _lenient(av: Any) -> dict[str, str]:
    """Ask PyAV to pass over tags that are no UTF-8; from its version 19 on it does so by itself."""
    old = int(av.__version__.partition(".")[0]) < 19
    return {"metadata_errors": "ignore"} if old else {}


def _open(av: Any, file: Any, name: str, *, live: bool) -> Any:
    options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "none"}
    if live:  # words while it goes on: no five seconds are looked at before the first is decoded
        options |= {"probesize": "65536", "analyzeduration": "100000"}
    try:
        return av.open(
            file if live else Seekable(file), options=options, buffer_size=8192, **_lenient(av)
        )
    except (av.FFmpegError, ValueError, OverflowError) as exc:
        raise AudioFileError(
            f"{name} is not audio in a known format: convert it, for example with ffmpeg, or "
            f"copy it again if its beginning is damaged ({_reason(exc)})"
        ) from exc


class _Reading:
    """Goes through the packets of one stream, over what cannot be decoded."""

    def __init__(self, av: Any, container: Any, stream: Any, losses: Losses) -> None:
        self._av = av
        self._container = container
        self._stream = stream
        self._losses = losses
        self._position = 0.0
        self._format = OneFormat()
        self._undecoded = 0.0
        self._reason = ""

    def frames(self, declared: Callable[[], str | float | None]) -> Iterator[AudioFrame]:
        """Yield the audio; what *declared* says at the end, a length or a reason, is compared."""
        for packet in self._packets():
            self._notice_missing(packet)
            try:
                decoded = packet.decode()
            except self._av.FFmpegError as exc:
                if is_tag(bytes(packet)):
                    continue
                seconds = float((packet.duration or 0) * (packet.time_base or 0))
                self._undecoded += min(seconds, _LONGEST_PACKET)
                self._reason = _reason(exc)
                continue
            except ValueError as exc:  # to go on and ask for the codec's name ends the process
                raise _undecodable(self._losses.name, self._container) from exc
            for each in decoded:
                yield from self._passed(self._gap())
                yield from self._passed(self._format.push(_frame_of(each, self._losses.name)))
        yield from self._passed(self._format.flush())
        self._end(declared())

    def _notice_missing(self, packet: Any) -> None:
        """Count what the demuxer left out without a word: FLAC numbers its samples."""
        if self._container.format.name == "flac" and packet.pts is not None and self._position:
            at = float(packet.pts * packet.time_base)
            if at > (_duration(self._container, self._stream) or at):
                return  # old encoders number something else
            missing = at - self._position - self._undecoded
            if _ROUNDING < missing < _LONGEST_GAP:
                self._undecoded += missing
                self._reason = self._reason or "not FLAC"

    def _packets(self) -> Iterator[Any]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except (self._av.FFmpegError, ValueError) as exc:
                self._reason = _reason(exc)
                return
            if packet is None:
                return
            yield packet

    def _passed(self, frames: Iterator[AudioFrame]) -> Iterator[AudioFrame]:
        for each in frames:
            self._position += each.duration
            yield each

    def _gap(self) -> Iterator[AudioFrame]:
        """Yield silence as long as what could not be decoded before the frame that could."""
        at, seconds, reason = self._position, self._undecoded, self._reason
        self._undecoded, self._reason = 0.0, ""
        if seconds:
            what = f"is damaged at {at:.2f} s: {seconds:.2f} s cannot be decoded ({reason})"
            self._losses.add(at, at + seconds, what)
            yield from self._format.silence(seconds)

    def _end(self, declared: str | float | None) -> None:
        at, reason = self._position, self._reason
        if isinstance(declared, float) and at < declared:
            self._losses.cut_off(at, declared)
        elif isinstance(declared, str) or reason:
            what = f"is cut off or damaged after {at:.3f} s: {declared or reason}"
            self._losses.add(at, at + self._undecoded, what)
        self._losses.finish()


def _frame_of(frame: Any, name: str) -> AudioFrame:
    rate, channels = frame.sample_rate, len(frame.layout.channels)
    if not (0 < rate <= MAX_SAMPLE_RATE and 0 < channels <= MAX_CHANNELS):
        raise AudioFileError(
            f"{name} says it has {channels} channels at {rate} Hz, which no recording has: damaged"
        )
    samples = _int16(frame.to_ndarray(), frame.format.name)
    if frame.format.is_planar:
        samples = np.ascontiguousarray(samples.T)
    return AudioFrame(samples.tobytes(), rate, channels, frame.samples)


def _int16(samples: npt.NDArray[Any], kind: str) -> npt.NDArray[np.int16]:
    if samples.dtype.kind == "f":
        return float_to_int16(samples)
    if kind.startswith("u8"):
        return (samples.astype("<i2") - 128) << 8
    shift = 8 * samples.dtype.itemsize - 16
    return (samples >> shift).astype("<i2")


def _duration(container: Any, stream: Any) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / 1e6 if container.duration else None


def _in_tenths(frames: Iterator[AudioFrame]) -> Any:
    cutter: FrameCutter | None = None
    for frame in frames:
        if cutter is None:
            cutter = FrameCutter(max(round(frame.sample_rate * _FRAME_DURATION), 1))
        yield from cutter.push(frame)
    last = cutter.flush() if cutter is not None else None
    if last is not None:
        yield last


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(str(text).split())


def _import_av(name: str) -> Any:
    try:
        av = import_module("av")
    except ImportError as exc:
        raise ImportError(
            f"{name} is not plain WAV, and PyAV, which reads the rest, is not installed: "
            "pip install 'anyio-stt[files]'",
            name="av",
        ) from exc
    with suppress(AttributeError):
        av.logging.set_level(None)  # what is wrong with a recording, we say ourselves
    return av
