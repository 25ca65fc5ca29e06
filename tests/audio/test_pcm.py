"""Raw samples and WAV headers, in pieces of any size."""

from __future__ import annotations

import io
import struct
import wave
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt.audio import AudioFrame, PCMFormat, combine_frames
from anyio_stt.audio.pcm import PCMDecoder, parse_wav_header


def wav(samples: bytes, *, rate: int = 16000, channels: int = 1, width: int = 2) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((channels, width, rate, 0, "NONE", ""))
        writer.writeframes(samples)
    return file.getvalue()


@given(st.binary(max_size=300), st.lists(st.integers(1, 90)), st.sampled_from([1, 2, 3]))
def test_the_frames_are_the_same_however_the_bytes_arrive(
    raw: bytes, sizes: list[int], channels: int
) -> None:
    decoder = PCMDecoder(PCMFormat(100, channels), frame_duration=0.1)
    frames: list[AudioFrame] = []
    start = 0
    for size in [*sizes, len(raw)]:
        frames += decoder.push(raw[start : start + size])
        start += size
    frames += decoder.flush()

    assert (
        b"".join(frame.pcm for frame in frames) == raw[: len(raw) // (2 * channels) * 2 * channels]
    )
    assert all(frame.samples_per_channel == 10 for frame in frames[:-1])
    assert all(0 < frame.samples_per_channel <= 10 for frame in frames)


@pytest.mark.parametrize(
    ("width", "raw"),
    [
        (1, bytes([0, 128, 255])),
        (2, struct.pack("<3h", -32768, 0, 32512)),
        (3, b"\x00\x00\x80" + bytes(3) + b"\xff\x00\x7f"),
        (4, struct.pack("<3i", -(2**31), 0, 32512 << 16)),
    ],
)
def test_samples_of_every_width_come_out_as_16_bits(width: int, raw: bytes) -> None:
    decoder = PCMDecoder(PCMFormat(16000, 1, width))

    frames = [*decoder.push(raw), *decoder.flush()]

    assert combine_frames(frames).to_array().tolist() == [-32768, 0, 32512]


@pytest.mark.parametrize("numbers", [(0, 1, 2), (16000, 0, 2), (16000, 1, 0), (16000, 1, 5)])
def test_a_format_no_audio_has_is_refused(numbers: Any) -> None:
    with pytest.raises(ValueError, match="PCM needs a positive"):
        PCMFormat(*numbers)


def test_a_header_tells_the_format_and_where_the_samples_are() -> None:
    header = parse_wav_header(wav(bytes(400), rate=44100, channels=2))

    assert header.format == PCMFormat(44100, 2, 2)
    assert (header.data_offset, header.data_length) == (44, 400)


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0xFFFFFFFF])
def test_a_length_the_writer_could_not_know_is_unknown(size: int) -> None:
    raw = wav(bytes(10))[:40] + struct.pack("<I", size)

    assert parse_wav_header(raw).data_length is None


@pytest.mark.parametrize("end", range(44))
def test_a_header_cut_off_anywhere_asks_for_more(end: int) -> None:
    with pytest.raises(EOFError):
        parse_wav_header(wav(bytes(10))[:end])


def test_chunks_before_the_samples_are_skipped() -> None:
    raw = wav(np.arange(3, dtype="<i2").tobytes())
    noted = raw[:12] + b"LIST" + struct.pack("<I", 6) + b"artist" + raw[12:]

    header = parse_wav_header(noted)

    assert noted[header.data_offset :] == np.arange(3, dtype="<i2").tobytes()


@pytest.mark.parametrize("raw", [b"OggS" + bytes(60), b"RIFF\x00\x00\x00\x00AVI " + bytes(60)])
def test_another_format_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="does not begin like a WAV file"):
        parse_wav_header(raw)


def test_samples_that_are_not_integers_are_refused() -> None:
    raw = bytearray(wav(bytes(8), width=4))
    raw[20:22] = b"\x03\x00"  # IEEE float

    with pytest.raises(ValueError, match="unknown format: 3"):
        parse_wav_header(bytes(raw))
