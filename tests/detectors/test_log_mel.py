"""The spectrogram is Whisper's: its filters are checked by their law, its values by a formula."""

from __future__ import annotations

import numpy as np
import pytest

from anyio_stt.detectors.log_mel import _filters, log_mel
from anyio_stt.detectors.smart_turn import _features
from anyio_stt.testing import silence, tone


def test_every_filter_is_a_triangle_of_equal_area_over_growing_bands() -> None:
    filters = _filters()
    assert filters.shape == (80, 201)
    assert filters.min() == 0
    peaks = filters.argmax(axis=1)
    assert (np.diff(peaks) >= 0).all()
    area = filters[40:].sum(axis=1) * 40  # bins are 40 Hz apart; narrow bands fall between them
    assert area == pytest.approx(np.ones(40), rel=0.1)


def test_a_tone_is_loudest_in_its_band_and_a_frame_lasts_ten_milliseconds() -> None:
    heard = log_mel(tone(1.0, 1000.0).to_array() / 32768)
    assert heard.shape == (80, 100)
    assert heard.dtype == np.float32
    loudest = set(heard[:, 5:-5].argmax(axis=0))
    peaks = {int(each) for each in np.flatnonzero(_filters()[:, 25])}
    assert loudest <= peaks
    assert heard.max() - heard.min() == pytest.approx(2.0)  # eight powers of ten, over four


def test_eight_seconds_are_heard_with_silence_in_front() -> None:
    short, long = _features(tone(1.0)), _features(silence(20.0))
    assert short.shape == long.shape == (80, 800)
    assert short[:, :695].std() < 0.01 < short[:, 705:].std()
    assert np.isfinite(long).all()
