"""Recordings of every kind, made with PyAV: whole, joined, changing, damaged, arriving."""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from anyio_stt.audio import (
    AudioFileError,
    AudioReader,
    media,
    open_audio,
    open_audio_stream,
    sources,
)
from anyio_stt.audio.losses import Losses

av: Any = pytest.importorskip("av")
pytestmark = pytest.mark.real_time

KINDS = {
    "m4a": ("mp4", "aac"), "mov": ("mov", "aac"), "aac": ("adts", "aac"),
    "opus": ("ogg", "libopus"), "webm": ("webm", "libopus"), "mkv": ("matroska", "aac"),
    "flac": ("flac", "flac"),
    "mp3": ("mp3", "mp3"), "aiff": ("aiff", "pcm_s16be"), "au": ("au", "pcm_s16be"),
    "wma": ("asf", "wmav2"), "caf": ("caf", "pcm_s16le"), "wav": ("wav", "adpcm_ms"),
}  # fmt: skip
LATE_INDEX = ("m4a", "mov", "caf")


def recording(
    kind: str, *, hertz: int = 440, seconds: float = 2, rate: int = 48000, layout: str = "mono"
) -> bytes:
    """Make a tone, as that kind of recording."""
    container, codec = KINDS[kind]
    file = io.BytesIO()
    writer = av.open(file, "w", format=container)
    stream = writer.add_stream(codec, rate=rate)
    stream.layout = layout
    stream.bit_rate = 64000
    stream.codec_context.open()
    tone = (8000 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)).astype(
        "<i2"
    )
    channels = len(stream.layout.channels)
    frame = av.AudioFrame.from_ndarray(
        np.repeat(tone, channels)[np.newaxis], format="s16", layout=layout
    )
    frame.sample_rate = rate
    resampler = av.AudioResampler(
        stream.codec_context.format.name, layout, rate, stream.codec_context.frame_size or 1024
    )
    for piece in [*resampler.resample(frame), *resampler.resample(None)]:
        writer.mux(stream.encode(piece))
    writer.mux(stream.encode(None))
    writer.close()
    return file.getvalue()


async def samples_of(audio: AudioReader) -> npt.NDArray[np.int16]:
    frames = [frame async for frame in audio]
    return np.concatenate([f.to_array().reshape(f.samples_per_channel, -1)[:, 0] for f in frames])


async def read(path: Path, content: bytes) -> tuple[npt.NDArray[np.int16], AudioReader]:
    path.write_bytes(content)
    async with open_audio(path) as audio:
        return await samples_of(audio), audio


def pitch(samples: npt.NDArray[np.int16], rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * rate / len(samples))


async def in_pieces(raw: bytes, size: int = 500) -> AsyncGenerator[bytes, None]:
    for start in range(0, len(raw), size):
        yield raw[start : start + size]


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_gives_its_tone_whole(kind: str, tmp_path: Path) -> None:
    samples, audio = await read(tmp_path / "a.bin", recording(kind))

    assert len(samples) / audio.sample_rate == pytest.approx(2, abs=0.1)
    assert audio.duration == pytest.approx(2, abs=0.1)
    assert pitch(samples, audio.sample_rate) == pytest.approx(440, abs=3)
    assert audio.lost == ()


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_is_read_as_it_arrives(kind: str) -> None:
    given = 0

    async def arriving() -> AsyncGenerator[bytes, None]:
        nonlocal given
        for start in range(0, len(raw), 500):
            given += 500
            yield raw[start : start + 500]

    raw = recording(kind, seconds=4)
    async with open_audio_stream(arriving()) as audio:
        frames = aiter(audio)
        await anext(frames)
        assert (given < len(raw) * 0.7) != (kind in LATE_INDEX)
        samples = await samples_of(audio)

    assert len(samples) / audio.sample_rate == pytest.approx(3.9, abs=0.1)
    assert pitch(samples, audio.sample_rate) == pytest.approx(440, abs=3)
    assert audio.lost == ()


async def test_an_index_that_never_comes_is_waited_for_within_a_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sources, "SPOOL_LIMIT", 10_000)
    pieces = in_pieces(recording("m4a", seconds=4))
    async with aclosing(pieces):
        with pytest.raises(AudioFileError, match="index at its end and is longer than"):
            async with open_audio_stream(pieces):
                pass


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"rate": 16000}, {"rate": 24000}),
        ({"rate": 24000}, {"rate": 16000}),
        ({"rate": 16000}, {"rate": 16000, "layout": "stereo"}),
        ({"rate": 16000, "layout": "stereo"}, {"rate": 16000}),
        ({"rate": 16000}, {"rate": 16000}),
    ],
)
async def test_joined_recordings_are_heard_at_their_right_speed(
    first: dict[str, Any], second: dict[str, Any], tmp_path: Path
) -> None:
    joined = recording("mp3", **first) + recording("mp3", hertz=660, **second)
    samples, audio = await read(tmp_path / "joined.mp3", joined)

    rate = audio.sample_rate
    assert rate == first["rate"]
    assert len(samples) / rate == pytest.approx(4, abs=0.2)
    assert pitch(samples[rate // 2 : rate], rate) == pytest.approx(440, abs=3)
    assert pitch(samples[3 * rate : 7 * rate // 2], rate) == pytest.approx(660, abs=3)
    assert audio.lost == ()


async def test_what_is_damaged_in_the_middle_is_silent_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    raw = bytearray(recording("flac"))
    middle = len(raw) // 2
    raw[middle : middle + 200] = bytes(200)

    samples, audio = await read(tmp_path / "a.flac", bytes(raw))

    rate = audio.sample_rate
    assert len(samples) / rate == pytest.approx(2, abs=0.02)
    assert pitch(samples[-rate // 2 :], rate) == pytest.approx(440, abs=3)
    ((start, end),) = audio.lost
    assert 0.2 < start < end < 1.8  # how much a packet holds is the encoder's affair
    assert not samples[round(start * rate) + 100 : round(end * rate) - 100].any()
    assert f"a.flac is damaged at {start:.2f} s" in caplog.text


@pytest.mark.parametrize("kind", ["opus", "flac", "aiff", "webm", "au"])
@pytest.mark.parametrize("arriving", [False, True])
async def test_what_is_cut_off_is_named(kind: str, arriving: bool, tmp_path: Path) -> None:
    raw = recording(kind)
    raw = raw[: len(raw) * 7 // 10]
    if arriving:
        async with open_audio_stream(in_pieces(raw)) as audio:
            samples = await samples_of(audio)
    else:
        samples, audio = await read(tmp_path / "a", raw)

    assert 0.9 < len(samples) / audio.sample_rate < 1.8
    assert audio.lost


async def test_a_source_that_breaks_off_is_named_and_what_came_is_heard() -> None:
    async def torn() -> AsyncGenerator[bytes, None]:
        raw = recording("mp3")
        yield raw[: len(raw) // 2]
        raise ConnectionResetError("the line went dead")

    async with open_audio_stream(torn()) as audio:
        samples = await samples_of(audio)

    assert len(samples) / audio.sample_rate == pytest.approx(1, abs=0.1)
    ((start, _),) = audio.lost
    assert start == pytest.approx(1, abs=0.1)


async def test_what_no_decoder_takes_is_refused_in_one_line(tmp_path: Path) -> None:
    data = bytearray((Path(__file__).parent / "files" / "tone.flac").read_bytes())
    data[8:12] = b"\0\1\0\1"  # blocks of one sample
    (tmp_path / "odd.flac").write_bytes(data)
    with pytest.raises(AudioFileError, match=r"odd\.flac (is|holds)"):
        async with open_audio(tmp_path / "odd.flac") as audio:
            async for _ in audio:
                pass


async def test_a_recording_that_changes_on_the_way_costs_its_rest_at_most(tmp_path: Path) -> None:
    files = Path(__file__).parent / "files"
    joined = (files / "tone.ogg").read_bytes() + recording("opus")

    samples, audio = await read(tmp_path / "chain.ogg", joined)

    seconds = len(samples) / audio.sample_rate
    assert seconds > 2 or audio.lost


def test_a_place_that_is_not_there_is_a_number_and_no_error() -> None:
    file = sources.Seekable(io.BytesIO(b"four"))
    assert (file.seek(-1), file.seek(2), file.read(9)) == (-1, 2, b"ur")


@pytest.mark.parametrize(("at", "missing"), [(2.0, 1.0), (240.0, 0.0)])
def test_what_flac_says_is_missing_is_believed_within_the_recording(
    at: float, missing: float
) -> None:
    container = SimpleNamespace(format=SimpleNamespace(name="flac"), duration=None)
    stream = SimpleNamespace(duration=25, time_base=1)
    reading = media._Reading(av, container, stream, Losses("old.flac"))
    reading._position = 1.0
    reading._notice_missing(SimpleNamespace(pts=at, time_base=1))
    assert reading._undecoded == missing
