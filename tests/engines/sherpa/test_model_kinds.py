"""A model's kind is told by its files; the folders are as they are published."""

from __future__ import annotations

from pathlib import Path

import pytest

from anyio_stt.engines.sherpa.model_kinds import KINDS, recognise_folder

# ruff: noqa: ISC004
# Not run here, because no package carries such weights: only what they are taken for.
FOLDERS = {
    "moonshine-tiny-en": ("encoder_model.ort decoder_model_merged.ort tokens.txt", "moonshine"),
    "sherpa-onnx-moonshine-tiny-en-int8": (
        "preprocess.onnx encode.int8.onnx uncached_decode.int8.onnx cached_decode.int8.onnx "
        "tokens.txt LICENSE",
        "moonshine-v1",
    ),
    "sherpa-onnx-whisper-tiny.en": (
        "tiny.en-encoder.onnx tiny.en-encoder.int8.onnx tiny.en-decoder.onnx "
        "tiny.en-decoder.int8.onnx tiny.en-tokens.txt",
        "whisper",
    ),
    "sherpa-onnx-nemo-parakeet-tdt-0.6b-v2-int8": (
        "encoder.int8.onnx decoder.int8.onnx joiner.int8.onnx tokens.txt",
        "nemo-transducer",
    ),
    "sherpa-onnx-zipformer-en-2023-06-26": (
        "encoder-epoch-99-avg-1.onnx decoder-epoch-99-avg-1.onnx joiner-epoch-99-avg-1.onnx "
        "tokens.txt bpe.model",
        "transducer",
    ),
    "sherpa-onnx-streaming-zipformer-en-2023-06-26": (
        "encoder-epoch-99-avg-1-chunk-16-left-128.int8.onnx "
        "decoder-epoch-99-avg-1-chunk-16-left-128.onnx "
        "joiner-epoch-99-avg-1-chunk-16-left-128.onnx tokens.txt",
        "streaming-transducer",
    ),
    "sherpa-onnx-nemo-canary-180m-flash-en-es-de-fr-int8": (
        "encoder.int8.onnx decoder.int8.onnx tokens.txt",
        "canary",
    ),
    "sherpa-onnx-fire-red-asr-large-zh_en-2025-02-16": (
        "encoder.int8.onnx decoder.int8.onnx tokens.txt",
        "fire-red-asr",
    ),
    "sherpa-onnx-cohere-transcribe-int8": (
        "encoder.int8.onnx decoder.int8.onnx tokens.txt",
        "cohere-transcribe",
    ),
    "sherpa-onnx-sense-voice-zh-en-ja-ko-yue-2024-07-17": (
        "model.onnx model.int8.onnx tokens.txt",
        "sense-voice",
    ),
    "sherpa-onnx-paraformer-zh-2024-03-09": ("model.int8.onnx tokens.txt", "paraformer"),
    "sherpa-onnx-streaming-paraformer-bilingual-zh-en": (
        "encoder.int8.onnx decoder.int8.onnx tokens.txt",
        "streaming-paraformer",
    ),
    "sherpa-onnx-nemo-ctc-en-conformer-small": ("model.onnx tokens.txt", "nemo-ctc"),
    "sherpa-onnx-nemo-streaming-fast-conformer-ctc-en-80ms": (
        "model.onnx tokens.txt",
        "streaming-nemo-ctc",
    ),
    "sherpa-onnx-zipformer-ctc-zh-int8-2025-07-03": ("model.int8.onnx tokens.txt", "zipformer-ctc"),
    "sherpa-onnx-streaming-zipformer-ctc-multi-zh-hans": (
        "ctc-epoch-20-avg-1-chunk-16-left-128.onnx tokens.txt",
        "streaming-zipformer-ctc",
    ),
    "sherpa-onnx-zh-wenet-aishell": ("model.onnx tokens.txt", "wenet"),
    "sherpa-onnx-zh-wenet-streaming-aishell": ("model-streaming.onnx tokens.txt", "streaming-wenet"),  # noqa: E501
    "sherpa-onnx-telespeech-ctc-int8-zh-2024-06-04": ("model.int8.onnx tokens.txt", "telespeech"),
    "sherpa-onnx-dolphin-base-ctc-multi-lang-int8": ("model.int8.onnx tokens.txt", "dolphin"),
}  # fmt: skip


def make(folder: Path, names: str) -> Path:
    folder.mkdir()
    for name in names.split():
        (folder / name).touch()
    return folder


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_is_taken_for_what_it_is(name: str, tmp_path: Path) -> None:
    files, kind = FOLDERS[name]
    folder = make(tmp_path / name, files)

    found = recognise_folder(folder)

    assert found.kind == kind
    assert found.streaming is ("streaming" in name)
    assert {Path(path).parent for path in found.files.values()} == {folder}
    assert all(Path(path).is_file() for path in found.files.values())
    assert found.files["tokens"].endswith("tokens.txt")
    if "int8" in files:
        assert any("int8" in path for path in found.files.values())


def test_every_kind_is_met() -> None:
    assert {kind for _, kind in FOLDERS.values()} == set(KINDS)


def test_what_a_model_says_of_itself_counts_more_than_its_folders_name(tmp_path: Path) -> None:
    folder = make(tmp_path / "my paraformer", "tokens.txt")
    pair = b"\x0a\x0amodel_type\x12\x0esense_voice_ctc"
    (folder / "model.onnx").write_bytes(bytes(100_000) + b"\x72\x1a" + pair + b"\x72\x02")

    assert recognise_folder(folder).kind == "sense-voice"


@pytest.mark.parametrize(
    "files", ["", "tokens.txt", "encoder_model.ort tokens.txt", "model.onnx tokens.txt", "a.onnx"]
)
def test_a_folder_without_a_known_model_says_what_is_in_it(files: str, tmp_path: Path) -> None:
    folder = make(tmp_path / "things", files)
    with pytest.raises(ValueError, match="there are: " + (files.split() or ["no files"])[0][:4]):
        recognise_folder(folder)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nowhere' is not a folder"):
        recognise_folder(tmp_path / "nowhere")
