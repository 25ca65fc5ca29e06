"""The measure of accuracy compares words as people would; no figure is asserted here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("trio")

from benchmarks import accuracy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Go forward 10 meters.", "go forward ten meters"),
        ("2934, zero!", "two nine three four zero"),
        ("Ill-disposed; it's", "ill disposed it's"),
        ("", ""),
    ],
)
def test_case_punctuation_and_digits_make_no_difference(text: str, words: str) -> None:
    assert accuracy.normalise(text) == words


def test_without_recordings_it_takes_the_projects_own() -> None:
    for recording in accuracy.own_recordings():
        assert len(recording.samples) > 16000
        assert recording.samples.dtype == np.int16
        assert accuracy.normalise(recording.transcript)


def test_noise_is_as_loud_as_was_asked_for() -> None:
    speech = accuracy.own_recordings()[0].samples
    noise = accuracy.noisy(speech, 15).astype(float) - speech
    ratio = 10 * np.log10(np.mean(speech.astype(float) ** 2) / np.mean(noise**2))
    assert ratio == pytest.approx(15, abs=0.5)
    assert accuracy.noisy(speech, None) is speech


def test_the_table_lands_between_its_marks_and_nothing_else_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = tmp_path / "guide.md"
    guide.write_text("before\n<!-- accuracy -->\nold\n<!-- end of accuracy -->\nafter\n")
    monkeypatch.setattr(accuracy, "GUIDE", guide)
    costs = {"clean": 0.06, "whole": 0.03}
    words = {"clean": 2.9, "15 dB": 8.0, "5 dB": 25.0, "whole": 3.0}
    row = accuracy.Row(
        "sherpa", words, 1.0, costs, 200.0, 0.5, (0.8, 0.9), {"asyncio": 0.01, "trio": 0.02}
    )
    row = accuracy.Row(**json.loads(json.dumps(vars(row))))

    accuracy.write(accuracy.table([row], "17 recordings, 102 s"))

    text = guide.read_text()
    assert text.startswith("before\n<!-- accuracy -->\nMeasured on 17 recordings, 102 s.\n")
    assert text.endswith("<!-- end of accuracy -->\nafter\n")
    assert "| sherpa | 2.9 / 8.0 / 25.0 % | 3.0 % |" in text
    assert "old" not in text
