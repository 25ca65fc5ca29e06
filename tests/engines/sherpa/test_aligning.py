"""Words found in their audio by pocketsphinx."""

from __future__ import annotations

import pytest

pytest.importorskip("pocketsphinx")

from anyio_stt.engines.sherpa.aligning import SphinxAligner
from anyio_stt.engines.sherpa.recogniser import UtteranceRecogniser
from anyio_stt.testing import spoken
from anyio_stt.workers.session import Heard

AUDIO = spoken().frame.slice(0, int(2.6 * 16000)).pcm
TEXT = "Good morning, and welcome to-the show."


@pytest.fixture(scope="module")
def aligner() -> SphinxAligner:
    return SphinxAligner()


def test_written_words_are_found_in_order_within_the_audio(aligner: SphinxAligner) -> None:
    words = aligner.align(AUDIO, TEXT)

    assert words is not None
    assert [word.text for word in words] == TEXT.split()
    edges = [edge for word in words for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert 0 < words[0].start < 0.5
    assert 0.9 < words[2].start < 1.3  # "and", after the first two
    assert words[-1].end <= 2.6


@pytest.mark.parametrize("text", ["", "good florbward", "at 10", "..."])
def test_what_it_cannot_find_has_no_times(aligner: SphinxAligner, text: str) -> None:
    assert aligner.align(AUDIO, text) is None


def test_what_failed_does_not_disturb_the_next(aligner: SphinxAligner) -> None:
    before = aligner.align(AUDIO, TEXT)
    assert aligner.align(AUDIO[:3200], TEXT) is None
    assert aligner.align(AUDIO, TEXT) == before


def test_a_model_without_times_gets_these(aligner: SphinxAligner) -> None:
    timed = UtteranceRecogniser(lambda _: Heard(TEXT), 16000, aligner.align).recognise(AUDIO)
    assert timed.words == aligner.align(AUDIO, TEXT)
    untimed = UtteranceRecogniser(lambda _: Heard("florbward"), 16000, aligner.align)
    assert untimed.recognise(AUDIO).words is None
