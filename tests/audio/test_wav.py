"""WAV headers in pieces of any size: what they say, what is passed over, what is not believed."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt.audio import PCMFormat
from anyio_stt.audio.wav import UnknownEncodingError, WAVParser
from tests.fuzzing import many, mutated

SAMPLES = bytes(range(200)) * 2


def layout(
    tag: int = 1, bits: int = 16, *, rate: int = 16000, channels: int = 1, align: int | None = None
) -> bytes:
    align = channels * bits // 8 if align is None else align
    return struct.pack("<HHIIHH", tag, channels, rate, rate * align & 0xFFFFFFFF, align, bits)


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    length = struct.pack("<I", len(body) if size is None else size)
    return name + length + body + b"\0" * (len(body) % 2)


def wav(*chunks: bytes, name: bytes = b"RIFF", size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return name + struct.pack("<I", len(body) if size is None else size) + body


PLAIN = wav(chunk(b"fmt ", layout()), chunk(b"data", SAMPLES))


def parsed(raw: bytes, *sizes: int) -> tuple[WAVParser, bytes]:
    parser, samples, at = WAVParser(), b"", 0
    for size in [*sizes, len(raw)]:
        samples += parser.push(raw[at : at + size])
        at += size
    return parser, samples


@given(
    st.lists(st.integers(1, 60), max_size=12),
    st.lists(st.binary(max_size=99), max_size=3),
    st.binary(max_size=20),
)
def test_the_samples_are_found_among_any_chunks_in_any_pieces(
    sizes: list[int], before: list[bytes], after: bytes
) -> None:
    noted = [chunk(b"LIST", body) for body in before]
    raw = wav(chunk(b"fmt ", layout()), *noted, chunk(b"data", SAMPLES), chunk(b"note", after))

    parser, samples = parsed(raw, *sizes)

    assert (parser.format, samples) == (PCMFormat(16000, 1), SAMPLES)
    assert (parser.declared, parser.ended) == (400, True)
    assert raw[parser.data_offset :].startswith(SAMPLES)


@pytest.mark.parametrize("end", range(44))
def test_a_header_cut_off_anywhere_is_not_over(end: int) -> None:
    parser, samples = parsed(PLAIN[:end])

    assert not parser.in_samples
    assert samples == b""


def test_megabytes_before_the_samples_are_passed_over_and_not_kept() -> None:
    parser = WAVParser()
    parser.push(wav(chunk(b"JUNK", b"", 5 << 20)))
    for _ in range(5):
        assert parser.push(bytes(1 << 20)) == b""
        assert len(parser._buffer) == 0

    assert parser.push(PLAIN[12:]) == SAMPLES


@pytest.mark.parametrize("size", [0x7FFFF000, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_length_that_a_writer_to_a_pipe_fills_in_is_unknown(size: int) -> None:
    parser, samples = parsed(wav(chunk(b"fmt ", layout()), chunk(b"data", SAMPLES, size)))

    assert (parser.declared, samples) == (None, SAMPLES)


@pytest.mark.parametrize("size", [0x80000000, 0xC0000000, 0xF0000000])
def test_a_length_between_two_and_four_gigabytes_is_believed(size: int) -> None:
    parser, _ = parsed(wav(chunk(b"fmt ", layout()), chunk(b"data", SAMPLES, size)))

    assert parser.declared == parser.limit == size


@pytest.mark.parametrize("riff", [0, 36, 0xFFFFFFFF])
def test_a_length_of_nothing_in_a_file_that_was_never_finished_is_unknown(riff: int) -> None:
    raw = wav(chunk(b"fmt ", layout()), chunk(b"data", SAMPLES, 0), size=riff)

    assert parsed(raw)[1] == SAMPLES


def test_a_length_of_nothing_in_a_finished_file_is_nothing() -> None:
    parser, samples = parsed(
        wav(chunk(b"fmt ", layout()), chunk(b"data", b""), chunk(b"LIST", SAMPLES))
    )

    assert (parser.declared, samples) == (0, b"")


def test_more_than_four_gigabytes_are_told_in_64_bits() -> None:
    sizes = struct.pack("<QQQ", 6 << 32, 5 << 32, 0)
    raw = wav(
        chunk(b"ds64", sizes), chunk(b"fmt ", layout()), chunk(b"data", SAMPLES, 0xFFFFFFFF),
        name=b"RF64", size=0xFFFFFFFF,
    )  # fmt: skip

    assert parsed(raw)[0].declared == 5 << 32


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (layout(3, 32), PCMFormat(16000, 1, 4, "float")),
        (layout(7, 8), PCMFormat(16000, 1, 1, "mulaw")),
        (layout(6, 8), PCMFormat(16000, 1, 1, "alaw")),
        (layout(1, 24, channels=6), PCMFormat(16000, 6, 3)),
        (layout(1, 12, align=2), PCMFormat(16000, 1, 2)),
        (
            layout(0xFFFE, 24)
            + struct.pack("<HHIH", 22, 24, 4, 1)
            + bytes.fromhex("000000001000800000aa00389b71"),
            PCMFormat(16000, 1, 3),
        ),
    ],
)
def test_every_kind_of_raw_samples_is_known(header: bytes, expected: PCMFormat) -> None:
    assert parsed(wav(chunk(b"fmt ", header), chunk(b"data", SAMPLES)))[0].format == expected


def test_encoded_samples_are_left_to_others() -> None:
    with pytest.raises(UnknownEncodingError, match="0x11"):
        parsed(wav(chunk(b"fmt ", layout(0x11, 4))))


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (layout(1, 24, align=4), "24 bits in 4 bytes each can be read in two ways"),
        (layout(3, 8), "1 bytes of 'float'"),
        (layout(rate=4_294_967_295), "at most 768000 Hz"),
        (layout(channels=0), "positive"),
        (b"\1\0", "a format of 2 bytes"),
        (bytes(5000), "a header of 5000 bytes"),
    ],
)
def test_what_no_recording_has_is_refused(header: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        parsed(wav(chunk(b"fmt ", header), chunk(b"data", SAMPLES)))
    assert not isinstance(caught.value, UnknownEncodingError)


def test_samples_without_a_format_are_refused() -> None:
    with pytest.raises(ValueError, match="samples before their format"):
        parsed(wav(chunk(b"data", SAMPLES)))


KINDS = [(1, 16), (1, 8), (1, 24), (1, 32), (3, 32), (3, 64), (6, 8), (7, 8), (0x11, 4)]


@pytest.mark.heavy
@many
@given(st.sampled_from(KINDS), st.integers(), st.lists(st.binary(max_size=30), max_size=2))
def test_a_garbled_header_is_samples_or_one_line(
    kind: tuple[int, int], seed: int, before: list[bytes]
) -> None:
    whole = wav(
        chunk(b"fmt ", layout(*kind)),
        *(chunk(b"LIST", body) for body in before),
        chunk(b"data", SAMPLES),
    )
    rng = random.Random(seed)
    raw = mutated(whole, rng)
    sizes = [rng.randint(1, 60) for _ in range(rng.randrange(9))]
    try:
        parser, samples = parsed(raw, *sizes)
    except ValueError as exc:
        assert "\n" not in str(exc)  # noqa: PT017 - some are none
        return
    assert len(samples) <= len(raw)
    assert len(parser._buffer) <= len(raw)
    if parser.format is not None:
        assert 0 < parser.format.sample_rate <= 768_000
        assert parser.format.num_channels > 0
