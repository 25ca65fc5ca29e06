"""Phrases that are likely to be said, and models that can listen for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from anyio_stt.engines.sherpa import SherpaOptions
from anyio_stt.engines.sherpa.hotwords import hotword_options
from anyio_stt.engines.sherpa.model_kinds import recognise_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "streaming-transducer"
    made.mkdir()
    for name in ("encoder.onnx", "decoder.onnx", "joiner.onnx"):
        (made / name).touch()
    (made / "tokens.txt").write_text("<blk> 0\nSEVEN 1\n七 2\n", encoding="utf-8")
    return made


@pytest.mark.parametrize("hotwords", [["SEVEN"], ["SEVEN 七七 :2.5"], []])
def test_words_that_the_model_has_tokens_for_are_taken(folder: Path, hotwords: list[str]) -> None:
    assert SherpaOptions(model=folder, hotwords=hotwords).found().kind == "streaming-transducer"


def test_a_word_that_it_has_no_tokens_for_is_named(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"'EIGHT', for which tokens.txt has nothing.*bpe.vocab"):
        SherpaOptions(model=folder, hotwords=["SEVEN EIGHT"]).found()


def test_a_vocabulary_in_the_folder_spells_them(folder: Path) -> None:
    (folder / "tokens.txt").write_text("<blk> 0\n▁EI 1\n▁ 2\nGHT 3\n", encoding="utf-8")
    (folder / "bpe.vocab").write_text("▁EI\t-1\nGHT\t-2\n", encoding="utf-8")

    options = SherpaOptions(model=folder, hotwords=["EIGHT GHT"])

    assert hotword_options(options.found())["modeling_unit"] == "bpe"
    with pytest.raises(ValueError, match="'EI_GHT', for which"):
        SherpaOptions(model=folder, hotwords=["EI_GHT"]).found()


def test_a_model_that_cannot_listen_for_them_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "streaming-zipformer-ctc"
    folder.mkdir()
    for name in ("model.onnx", "tokens.txt"):
        (folder / name).touch()
    assert recognise_folder(folder).streaming
    with pytest.raises(ValueError, match="streaming-zipformer-ctc model cannot listen"):
        SherpaOptions(model=folder, hotwords=["SEVEN"]).found()


@pytest.mark.parametrize("hotwords", ["SEVEN", [""], [":2.5"], ["SEVEN/EIGHT"], ["SEVEN\nEIGHT"]])
def test_what_is_no_list_of_phrases_is_refused(hotwords: list[str]) -> None:
    with pytest.raises(ValueError, match="hotwords"):
        SherpaOptions(hotwords=hotwords)
