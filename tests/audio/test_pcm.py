"""Raw samples and WAV headers, in pieces of any size."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt.audio import AudioFrame, PCMFormat, combine_frames
from anyio_stt.audio.pcm import PCMDecoder


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


@pytest.mark.parametrize(
    "numbers", [(0, 1, 2), (16000, 0, 2), (16000, 1, 0), (16000, 1, 5), (16000, 1, 1, "float")]
)
def test_a_format_no_audio_has_is_refused(numbers: Any) -> None:
    with pytest.raises(ValueError, match="PCM needs a positive"):
        PCMFormat(*numbers)


@pytest.mark.parametrize("numbers", [(4_294_967_295, 1), (16000, 65535)])
def test_a_format_that_only_a_broken_header_has_is_refused(numbers: Any) -> None:
    with pytest.raises(ValueError, match="at most 768000 Hz"):
        PCMFormat(*numbers)


@pytest.mark.parametrize("width", [2, 4, 8])
def test_floats_are_clipped_and_what_is_no_number_is_silent(width: int) -> None:
    raw = np.array([0.5, -1, 7, np.nan, np.inf, -np.inf], f"<f{width}").tobytes()
    decoder = PCMDecoder(PCMFormat(16000, 1, width, "float"))

    (frame,) = [*decoder.push(raw), *decoder.flush()]

    assert frame.to_array().tolist() == [16384, -32768, 32767, 0, 0, 0]


# The two ends and the middle of both tables, as G.711 prints them, in 16 bits.
@pytest.mark.parametrize(
    ("encoding", "raw", "samples"),
    [
        ("mulaw", b"\x00\x80\x7f\xff\xf0", [-32124, 32124, 0, 0, 120]),
        ("alaw", b"\x2a\xaa\x55\xd5", [-32256, 32256, -8, 8]),
    ],
)
def test_what_telephones_send_is_decoded(encoding: Any, raw: bytes, samples: list[int]) -> None:
    decoder = PCMDecoder(PCMFormat(8000, 1, 1, encoding))

    (frame,) = [*decoder.push(raw), *decoder.flush()]

    assert frame.to_array().tolist() == samples
