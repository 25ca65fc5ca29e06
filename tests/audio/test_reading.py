"""Files and byte streams as frames: formats, lengths, errors, laziness, the event loop."""

from __future__ import annotations

import io
import struct
import sys
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anyio_stt.audio import (
    AudioFileError,
    AudioFrame,
    PCMFormat,
    combine_frames,
    open_audio,
    open_audio_stream,
)

FILES = Path(__file__).parent / "files"
pytestmark = pytest.mark.real_time


def wav(raw: bytes, *, rate: int = 16000, channels: int = 1, width: int = 2) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((channels, width, rate, 0, "NONE", ""))
        writer.writeframes(raw)
    return file.getvalue()


def samples(count: int, channels: int = 1) -> bytes:
    return (np.arange(count * channels) % 20000).astype("<i2").tobytes()


async def read(path: Path | str) -> AudioFrame:
    async with open_audio(path) as audio:
        return combine_frames([frame async for frame in audio])


async def pieces(raw: bytes, *sizes: int) -> AsyncIterator[bytes]:
    start = 0
    for size in [*sizes, len(raw)]:
        yield raw[start : start + size]
        start += size


async def read_stream(raw: bytes, *sizes: int, **options: Any) -> AudioFrame:
    async with open_audio_stream(pieces(raw, *sizes), **options) as audio:
        return combine_frames([frame async for frame in audio])


@pytest.mark.parametrize("name", ["tone.flac", "tone.mp3", "tone.ogg"])
async def test_a_compressed_file_gives_its_tone_at_its_own_rate_and_channels(name: str) -> None:
    async with open_audio(FILES / name) as audio:
        frames = [frame async for frame in audio]

    assert (audio.sample_rate, audio.num_channels) == (22050, 2)
    assert audio.duration == pytest.approx(0.5, abs=0.1)  # MP3 pads
    whole = combine_frames(frames)
    assert whole.duration == pytest.approx(audio.duration, abs=0.02)
    assert max(frame.duration for frame in frames) <= 0.1
    spectrum = np.abs(np.fft.rfft(whole.to_array()[4000:8410], axis=0))
    assert np.argmax(spectrum, axis=0).tolist() == [88, 176]  # 440 and 880 Hz, bins of 5 Hz


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2), (48000, 6)])
async def test_a_wav_file_gives_the_samples_written_to_it(
    tmp_path: Path, rate: int, channels: int
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(samples(12345, channels), rate=rate, channels=channels))

    async with open_audio(path) as audio:
        frames = [frame async for frame in audio]

    assert audio.duration == 12345 / rate
    assert audio.name == str(path)
    assert combine_frames(frames) == AudioFrame(samples(12345, channels), rate, channels, 12345)
    assert all(frame.samples_per_channel == rate // 10 for frame in frames[:-1])


async def test_a_plain_wav_file_needs_no_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.wav").write_bytes(wav(samples(100)))
    monkeypatch.setitem(sys.modules, "av", None)

    assert (await read(tmp_path / "a.wav")).samples_per_channel == 100
    with pytest.raises(
        ImportError, match=r"tone.flac is not plain .*pip install 'anyio-stt\[files\]'"
    ):
        await read(FILES / "tone.flac")


async def test_a_float_wav_file_is_read_too(tmp_path: Path) -> None:
    raw = bytearray(wav(np.full(1000, 0.5, "<f4").tobytes(), width=4))
    raw[20:22] = b"\x03\x00"  # IEEE float
    (tmp_path / "a.wav").write_bytes(raw)

    frame = await read(tmp_path / "a.wav")

    assert frame.samples_per_channel == 1000
    assert frame.to_array().tolist() == pytest.approx([16384] * 1000, abs=1)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
async def test_a_wav_file_whose_header_does_not_know_its_length_is_read_to_its_end(
    tmp_path: Path, size: int
) -> None:
    raw = wav(samples(1600))
    (tmp_path / "a.wav").write_bytes(raw[:40] + struct.pack("<I", size) + raw[44:])

    async with open_audio(tmp_path / "a.wav") as audio:
        assert audio.duration == 0.1
        assert combine_frames([f async for f in audio]).samples_per_channel == 1600


async def test_a_file_that_was_cut_off_is_read_to_its_end_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    flac = (FILES / "tone.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(flac[: len(flac) * 6 // 10])
    (tmp_path / "a.wav").write_bytes(wav(samples(16000))[:-16000])

    assert 0.1 < (await read(tmp_path / "a.flac")).duration < 0.4
    assert (await read(tmp_path / "a.wav")).duration == 0.5
    assert (await read_stream(wav(samples(16000))[:-16000], 70, name="radio")).duration == 0.5

    flac_line, wav_line, radio_line = caplog.messages
    assert "a.flac is cut off: it holds 0." in flac_line
    assert wav_line.endswith("a.wav is cut off: it holds 0.500 s of the 1.000 s it declares")
    assert radio_line == "radio is cut off: it holds 0.500 s of the 1.000 s it declares"


async def test_a_whole_file_is_not_called_cut_off(caplog: pytest.LogCaptureFixture) -> None:
    for name in ("tone.flac", "tone.mp3", "tone.ogg"):
        await read(FILES / name)

    assert caplog.messages == []


async def test_a_flac_file_that_does_not_know_its_length_is_read(tmp_path: Path) -> None:
    raw = bytearray((FILES / "tone.flac").read_bytes())
    raw[21] &= 0xF0  # the low four bits of byte 21 and the next four bytes count the samples
    raw[22:26] = bytes(4)
    (tmp_path / "a.flac").write_bytes(raw)

    async with open_audio(tmp_path / "a.flac") as audio:
        assert audio.duration is None
        assert combine_frames([frame async for frame in audio]).duration == 0.5


async def test_notes_after_the_samples_are_not_audio(tmp_path: Path) -> None:
    raw = wav(samples(1600)) + b"LIST" + struct.pack("<I", 4000) + bytes(4000)
    (tmp_path / "a.wav").write_bytes(raw)

    assert (await read(tmp_path / "a.wav")).samples_per_channel == 1600
    assert (await read_stream(raw, 1000)).samples_per_channel == 1600


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", r"a\.wav is empty \(0 bytes\)"),
        (b"This is no audio.", r"a\.wav is not audio in a known format: convert it"),
        (b"RIFF", r"a\.wav is cut off"),
        (wav(b"")[:30], r"a\.wav is cut off"),
        (wav(b""), r"a\.wav holds no audio"),
        (b"fLaC" + bytes(100), r"a\.wav "),
        (b"OggS" + bytes(100), r"a\.wav "),
        (b"ID3" + bytes(5000), r"a\.wav "),
        (b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", r"a\.wav is not audio in a known format"),
        (b"RIFF\x24\x00\x00\x00AVI " + bytes(100), r"a\.wav "),
        (wav(bytes(99))[:24] + b"\xff" * 4 + wav(bytes(99))[28:], r"at most 768000 Hz"),
    ],
)
async def test_what_is_no_audio_is_refused_by_name(
    tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "a.wav").write_bytes(content)

    with pytest.raises(AudioFileError, match=words):
        await read(tmp_path / "a.wav")


async def test_a_missing_file_is_the_systems_error() -> None:
    with pytest.raises(FileNotFoundError):
        await read("/nowhere/a.wav")


async def test_a_long_file_is_read_no_further_than_it_is_used(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(samples(16000)))
    with path.open("ab") as file:  # an hour, as a hole on the disk
        file.truncate(44 + 3600 * 32000)
    with path.open("r+b") as file:
        file.seek(40)
        file.write(struct.pack("<I", 3600 * 32000))

    async with open_audio(path) as audio:
        assert audio.duration == 3600
        async for frame in audio:
            assert frame.to_array()[5] == 5
            path.unlink()
            break


async def test_reading_happens_in_a_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.wav").write_bytes(wav(samples(16000 * 3)))
    hops = 0
    run_sync = anyio.to_thread.run_sync

    async def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal hops
        hops += 1
        return await run_sync(*args, **kwargs)

    monkeypatch.setattr(anyio.to_thread, "run_sync", counted)

    await read(tmp_path / "a.wav")

    assert hops == 6  # to open, once a second of audio, to see the end, to close


@given(st.integers(0, 3000), st.lists(st.integers(1, 700), max_size=8))
@settings(deadline=None, max_examples=30)
def test_a_stream_of_wav_may_arrive_in_any_pieces(count: int, sizes: list[int]) -> None:
    async def main() -> None:
        frame = await read_stream(wav(samples(count + 1)), *sizes)
        assert frame == AudioFrame(samples(count + 1), 16000, 1, count + 1)

    anyio.run(main)


async def test_a_stream_of_raw_samples_is_what_the_caller_says() -> None:
    frame = await read_stream(samples(500, 2) + b"\x01", 33, pcm_format=PCMFormat(8000, 2))

    assert frame == AudioFrame(samples(500, 2), 8000, 2, 500)


async def test_a_stream_tells_its_length_when_its_header_does() -> None:
    raw = wav(samples(1600))

    async with open_audio_stream(pieces(raw)) as audio:
        assert audio.duration == 0.1
    async with open_audio_stream(pieces(raw[:40] + b"\xff" * 4 + raw[44:])) as audio:
        assert audio.duration is None
    async with open_audio_stream(pieces(raw), pcm_format=PCMFormat(16000, 1)) as audio:
        assert audio.duration is None


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", r"radio is empty \(0 bytes\)"),
        (b"RIFF\x00", "radio is cut off in its WAV header"),
        (b"OggS" + bytes(50), "radio is not audio in a known format"),
        (wav(b""), "radio holds no audio"),
    ],
)
async def test_a_stream_that_is_no_audio_is_refused_by_name(raw: bytes, words: str) -> None:
    with pytest.raises(AudioFileError, match=words):
        await read_stream(raw, name="radio")


async def test_leaving_a_stream_early_closes_its_source() -> None:
    closed = False

    async def endless() -> AsyncIterator[bytes]:
        nonlocal closed
        try:
            while True:
                yield bytes(3200)
        finally:
            closed = True

    async with open_audio_stream(endless(), pcm_format=PCMFormat(16000, 1)) as audio:
        async for _ in audio:
            break

    assert closed


async def test_a_recording_that_was_never_finished_is_read(tmp_path: Path) -> None:
    raw = wav(samples(1600))
    raw = raw[:4] + bytes(4) + raw[8:40] + bytes(4) + raw[44:]  # both lengths still zero
    (tmp_path / "a.wav").write_bytes(raw)

    assert (await read(tmp_path / "a.wav")).samples_per_channel == 1600
    assert (await read_stream(raw, 7)).samples_per_channel == 1600
