"""What kind of model a folder holds, told by its files."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ("KINDS", "FoundModel", "recognise_folder")

KINDS = (
    "canary", "cohere-transcribe", "dolphin", "fire-red-asr", "moonshine", "moonshine-v1",
    "nemo-ctc", "nemo-transducer", "paraformer", "sense-voice", "telespeech", "transducer",
    "wenet", "whisper", "zipformer-ctc",
    "streaming-nemo-ctc", "streaming-paraformer", "streaming-transducer", "streaming-wenet",
    "streaming-zipformer-ctc",
)  # fmt: skip
"""The kinds that are told apart."""

# What stands in the metadata of a model file, or in the name of its folder, and its kind.
_MARKS: Sequence[tuple[str, str]] = (
    (r"sense.?voice", "sense-voice"),
    (r"paraformer", "paraformer"),
    (r"telespeech", "telespeech"),
    (r"dolphin", "dolphin"),
    (r"wenet", "wenet"),
    (r"zipformer", "zipformer-ctc"),
    (r"EncDec(Hybrid.*)?CTC|nemo|parakeet|citrinet|conformer.?ctc|giga.?am", "nemo-ctc"),
    (r"ctc", "zipformer-ctc"),
)
# What only a model that hears speech as it comes says of itself: Zipformer's, NeMo's, WeNet's.
_STREAMING = ("decode_chunk_len", "chunk_shift", "left_chunks")


@dataclass(frozen=True)
class FoundModel:
    """
    A model in a folder.

    Args:
        kind: one of `KINDS`.
        files: its files, by what sherpa-onnx calls each.
        options: what else has to be told of it.
    """

    kind: str
    files: dict[str, str]
    options: dict[str, str] = field(default_factory=dict)

    @property
    def streaming(self) -> bool:
        """Whether it hears speech as it comes, instead of whole utterances."""
        return self.kind.startswith("streaming-")


def recognise_folder(folder: Path) -> FoundModel:
    """
    Tell what kind of model *folder* holds.

    Where there are files with and without "int8" in their names, those with it are taken: they
    are four times as small and hardly worse.

    Raises:
        ValueError: when it holds none that is known; says what was looked for.
    """
    if not folder.is_dir():
        raise ValueError(f"model={str(folder)!r} is not a folder")
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    for recognise in (_moonshine, _moonshine_v1, _transducer, _encoder_decoder, _single):
        found = recognise(names, folder)
        if found is not None:
            paths = {role: str(folder / name) for role, name in found.files.items()}
            return FoundModel(found.kind, paths, found.options)
    raise ValueError(
        f"model={str(folder)!r} holds no known sherpa-onnx model: there must be a "
        f"tokens.txt and .onnx or .ort files named as in sherpa-onnx's own packages; there are: "
        f"{', '.join(names[:20]) or 'no files'}"
    )


_Recognise = Callable[[list[str], Path], "FoundModel | None"]


def _moonshine(names: list[str], _: Path) -> FoundModel | None:
    files = _roles(names, encoder=r"encoder_model\.ort", decoder=r"decoder_model_merged\.ort")
    return FoundModel("moonshine", files) if files else None


def _moonshine_v1(names: list[str], _: Path) -> FoundModel | None:
    files = _roles(
        names,
        preprocessor=r"preprocess.*\.onnx",
        encoder=r"encode.*\.onnx",
        uncached_decoder=r"uncached_decode.*\.onnx",
        cached_decoder=r"cached_decode.*\.onnx",
    )
    return FoundModel("moonshine-v1", files) if files else None


def _transducer(names: list[str], folder: Path) -> FoundModel | None:
    files = _roles(
        names,
        encoder=r".*encoder.*\.onnx",
        decoder=r".*decoder.*\.onnx",
        joiner=r".*joiner.*\.onnx",
    )
    if not files:
        return None
    if _marked(folder, "streaming") or _streams(folder / files["encoder"]):
        return FoundModel("streaming-transducer", files)
    if _marked(folder, "nemo|parakeet|tdt"):
        return FoundModel("nemo-transducer", files, {"model_type": "nemo_transducer"})
    return FoundModel("transducer", files)


def _encoder_decoder(names: list[str], folder: Path) -> FoundModel | None:
    files = _roles(names, encoder=r".*encoder.*\.onnx", decoder=r".*decoder.*\.onnx")
    if not files:
        return None
    if _marked(folder, "paraformer"):
        return FoundModel("streaming-paraformer", files)
    for mark in ("canary", "fire-red", "cohere"):
        if _marked(folder, mark):
            kind = {"fire-red": "fire-red-asr", "cohere": "cohere-transcribe"}.get(mark, mark)
            return FoundModel(kind, files)
    return FoundModel("whisper", files)


def _single(names: list[str], folder: Path) -> FoundModel | None:
    files = _roles(names, model=r".*\.onnx")
    if not files:
        return None
    model = folder / files["model"]
    streaming = _marked(folder, "streaming") or _streams(model)
    for text in (_metadata(model, "model_type"), folder.name):
        for mark, kind in _MARKS:
            if text and re.search(mark, text, re.IGNORECASE):
                if kind == "paraformer":
                    files = {"paraformer": files["model"], "tokens": files["tokens"]}
                streams = streaming and f"streaming-{kind}" in KINDS
                return FoundModel(f"streaming-{kind}" if streams else kind, files)
    return None


def _marked(folder: Path, mark: str) -> bool:
    return re.search(mark, folder.name, re.IGNORECASE) is not None


def _roles(names: list[str], **patterns: str) -> dict[str, str]:
    """Return a file for each role, and the tokens; nothing unless all are there."""
    found: dict[str, str] = {}
    for role, pattern in {**patterns, "tokens": r"(.*[-_.])?tokens\.txt"}.items():
        fitting = [name for name in names if re.fullmatch(pattern, name)]
        if not fitting:
            return {}
        found[role] = min(fitting, key=lambda name: ("int8" not in name, name))
    return found


def _streams(model: Path) -> bool:
    """Whether a model says that it hears speech as it comes."""
    return any(_metadata(model, key) for key in _STREAMING)


def _metadata(path: Path, key: str) -> str:
    """Return what a model file says of itself under *key*, as far as its last bytes do."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65536))
        tail = file.read()
    # A pair of strings in ONNX's protobuf: field 1, its length, the key; field 2, likewise.
    pair = b"\x0a" + bytes([len(key)]) + key.encode() + b"\x12"
    _, found, rest = tail.partition(pair)
    return rest[1 : 1 + rest[0]].decode("utf-8", "replace") if found and rest else ""
