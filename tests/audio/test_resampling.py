"""Changing the sample rate: any chunking, either library, the same audio."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anyio_stt.audio import AudioFrame, Resampler

BACKENDS = ["samplerate", "soxr"]
RATES = [8000, 11025, 16000, 22050, 44100, 48000]
# A whole ratio, a ragged one, and ratios upwards.
PAIRS = [(48000, 16000), (44100, 16000), (8000, 16000), (16000, 44100), (16000, 8000)]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "soxr":
        pytest.importorskip("soxr")
    return str(request.param)


def tone(
    rate: int, seconds: float = 1.0, *, level: float = 0.5, hertz: float = 440.0
) -> np.ndarray[Any, np.dtype[np.int16]]:
    time = np.arange(round(rate * seconds)) / rate
    return np.rint(np.sin(2 * np.pi * hertz * time) * level * 32767).astype(np.int16)


def cut(samples: np.ndarray[Any, Any], sizes: Iterable[int], rate: int) -> Iterator[AudioFrame]:
    start = 0
    for size in sizes:
        yield AudioFrame.from_array(samples[start : start + size], rate)
        start += size
    if start < len(samples):
        yield AudioFrame.from_array(samples[start:], rate)


def run(resampler: Resampler, frames: Iterable[AudioFrame]) -> np.ndarray[Any, Any]:
    """Push all frames and flush; no frame may be empty, all have the new format."""
    made = [resampler.push(frame) for frame in frames] + [resampler.flush()]
    kept = [frame for frame in made if frame is not None]
    for frame in kept:
        assert frame.samples_per_channel > 0
        assert frame.sample_rate == resampler.out_rate
        assert frame.num_channels == resampler.num_channels
    return np.concatenate([frame.to_array() for frame in kept]) if kept else np.array([])


def rounded(value: int, out_rate: int, in_rate: int) -> int:
    return (2 * value * out_rate + in_rate) // (2 * in_rate)


def rms(samples: np.ndarray[Any, Any]) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


@given(
    in_rate=st.sampled_from(RATES),
    out_rate=st.sampled_from(RATES),
    sizes=st.lists(st.integers(0, 3000), max_size=12),
)
@settings(deadline=None, max_examples=60)
@pytest.mark.parametrize("name", BACKENDS)
def test_the_length_is_exact_and_the_samples_the_same_for_any_chunking(
    name: Any, in_rate: int, out_rate: int, sizes: list[int]
) -> None:
    noise = np.random.default_rng(7).integers(-20000, 20000, sum(sizes), dtype=np.int16)

    whole = run(Resampler(in_rate, out_rate, 1, backend=name), cut(noise, [], in_rate))
    pieces = run(Resampler(in_rate, out_rate, 1, backend=name), cut(noise, sizes, in_rate))

    assert len(whole) == rounded(len(noise), out_rate, in_rate)
    assert np.max(np.abs(whole.astype(int) - pieces.astype(int)), initial=0) <= 1


@given(segments=st.lists(st.integers(0, 2000), max_size=30), pair=st.sampled_from(PAIRS))
@settings(deadline=None, max_examples=40)
@pytest.mark.parametrize("name", BACKENDS)
def test_many_flushes_do_not_drift(name: Any, segments: list[int], pair: tuple[int, int]) -> None:
    resampler = Resampler(*pair, 1, backend=name)
    taken = given_back = 0

    for length in segments:
        frames = [AudioFrame.from_array(np.full(length, 500, np.int16), pair[0])]
        taken, given_back = taken + length, given_back + len(run(resampler, frames))
        assert given_back == rounded(taken, pair[1], pair[0])


@pytest.mark.parametrize("pair", PAIRS)
def test_silence_stays_silence(backend: Any, pair: tuple[int, int]) -> None:
    resampler = Resampler(*pair, 2, backend=backend)

    made = run(resampler, cut(np.zeros((pair[0], 2), np.int16), [441] * 50, pair[0]))

    assert made.shape == (pair[1], 2)
    assert not made.any()


@pytest.mark.parametrize("quality", ["low", "medium", "high", "best"])
@pytest.mark.parametrize("pair", PAIRS)
def test_a_tone_keeps_its_level_and_comes_out_clean_and_in_time(
    backend: Any, pair: tuple[int, int], quality: Any
) -> None:
    made = run(
        Resampler(*pair, 1, backend=backend, quality=quality),
        cut(tone(pair[0]), [333] * 20, pair[0]),
    )

    middle = slice(pair[1] // 10, -pair[1] // 10)  # the ends ring, as any filter's do
    wanted = tone(pair[1])[middle].astype(np.float64)
    noise = made[middle] - wanted
    assert rms(noise) < rms(wanted) / 10_000  # 80 dB; rounding to 16 bits alone is 92
    assert rms(made[middle]) == pytest.approx(rms(wanted), rel=0.001)


def test_what_lies_above_the_new_band_is_removed(backend: Any) -> None:
    made = run(
        Resampler(48000, 16000, 1, backend=backend), cut(tone(48000, hertz=12000), [], 48000)
    )

    assert rms(made[1600:-1600]) < 2


def test_channels_stay_apart_and_in_order(backend: Any) -> None:
    left, right = tone(48000, level=0.8), tone(48000, level=0.1, hertz=1000)
    frames = list(cut(np.stack([left, right], axis=1), [1000] * 10, 48000))

    made = run(Resampler(48000, 16000, 2, backend=backend), frames)

    for channel, alone in enumerate((left, right)):
        mono = run(Resampler(48000, 16000, 1, backend=backend), cut(alone, [1000] * 10, 48000))
        assert np.array_equal(made[:, channel], mono)


def test_full_scale_audio_is_clipped_and_never_wraps_around(backend: Any) -> None:
    square = (np.sign(tone(44100, hertz=100)) * 32767).astype(np.int16)

    made = run(Resampler(44100, 16000, 1, backend=backend), cut(square, [], 44100))

    assert made.max() == 32767
    assert made.min() == -32768
    # A wrapped sample would jump to the other end of the scale and back: more changes of sign.
    assert np.count_nonzero(np.diff(np.sign(made[made != 0]))) == 199
    assert rms(made) == pytest.approx(32767, rel=0.05)


def test_a_flush_begins_a_new_segment_that_does_not_hear_the_old_one(backend: Any) -> None:
    resampler = Resampler(48000, 16000, 1, backend=backend)
    run(resampler, cut(tone(48000, level=0.9), [], 48000))

    assert not run(resampler, cut(np.zeros(4800, np.int16), [], 48000)).any()


def test_there_is_no_empty_frame(backend: Any) -> None:
    resampler = Resampler(48000, 16000, 1, backend=backend)

    assert resampler.flush() is None
    assert resampler.push(AudioFrame(b"", 48000, 1, 0)) is None
    assert resampler.flush() is None
    assert resampler.push(AudioFrame(bytes(2), 48000, 1, 1)) is None
    assert resampler.flush() is None  # a third of a sample rounds to none
    assert resampler.push(AudioFrame(bytes(2), 48000, 1, 1)) is None
    assert resampler.flush() == AudioFrame(bytes(2), 16000, 1, 1)  # two thirds round to one


def test_equal_rates_pass_the_audio_through(backend: Any) -> None:
    resampler = Resampler(16000, 16000, 1, backend=backend)
    frame = AudioFrame.from_array(tone(16000), 16000)

    assert resampler.push(frame) == frame
    assert resampler.flush() is None
    assert resampler.backend == "none"


def test_a_frame_of_another_format_is_refused_and_changes_nothing(backend: Any) -> None:
    resampler = Resampler(48000, 16000, 1, backend=backend)

    with pytest.raises(ValueError, match=r"takes 48000 Hz with 1 channel.*44100 Hz with 1"):
        resampler.push(AudioFrame(bytes(200), 44100, 1, 100))
    with pytest.raises(ValueError, match="48000 Hz with 2"):
        resampler.push(AudioFrame(bytes(200), 48000, 2, 50))

    assert resampler.flush() is None


def test_auto_takes_soxr_where_it_is_installed_and_samplerate_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("soxr")
    assert Resampler(48000, 16000, 1).backend == "soxr"

    monkeypatch.setitem(sys.modules, "soxr", None)
    assert Resampler(48000, 16000, 1).backend == "samplerate"


def test_a_missing_library_that_was_named_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "soxr", None)

    with pytest.raises(ImportError, match=r"pip install 'anyio-stt\[soxr\]'"):
        Resampler(48000, 16000, 1, backend="soxr")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"in_rate": 0}, "in_rate=0"),
        ({"out_rate": -1}, "out_rate=-1"),
        ({"num_channels": 0}, "num_channels=0"),
        ({"backend": "sox"}, "got 'sox'"),
        ({"quality": "super"}, "got 'super'"),
    ],
)
def test_nonsense_is_refused_by_name(arguments: dict[str, Any], words: str) -> None:
    good: dict[str, Any] = {"in_rate": 48000, "out_rate": 16000, "num_channels": 1}

    with pytest.raises(ValueError, match=words):
        Resampler(**(good | arguments))


def test_importing_the_package_imports_neither_library() -> None:
    code = (
        "import sys, anyio_stt.audio as audio\n"
        "assert not {'soxr', 'samplerate'} & set(sys.modules)\n"
        "audio.Resampler(48000, 16000, 1)\n"
        "assert {'soxr', 'samplerate'} & set(sys.modules)\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
