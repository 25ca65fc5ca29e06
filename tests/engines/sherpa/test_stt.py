"""The engine's options, without weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from anyio_stt.engines.sherpa import Endpointing, SherpaOptions, SherpaSTT
from anyio_stt.engines.sherpa import stt as module
from anyio_stt.models import ModelMissingError, catalogue
from anyio_stt.workers.in_thread import ThreadPool
from anyio_stt.workers.pool import WorkerPool


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store in which the default models are, as far as names and sizes tell."""
    monkeypatch.setenv("ANYIO_STT_MODELS", str(tmp_path))
    monkeypatch.setattr(module, "find_spec", lambda name: name)
    for model in catalogue.known_models():
        if model.name in ("moonshine-tiny-en", "silero-vad"):
            (tmp_path / model.name).mkdir()
            for file in model.files:
                with (tmp_path / model.name / file.name).open("wb") as sparse:
                    sparse.truncate(file.size)
    return tmp_path


def test_its_capabilities_say_what_it_does() -> None:
    capabilities = SherpaSTT().capabilities
    assert capabilities.streaming
    assert capabilities.interim_results
    assert capabilities.aligned_transcript == "word"
    # 12 s of speech, what is around it, and what is read on meanwhile.
    assert capabilities.max_uncovered == pytest.approx(0.6 + 12 + 0.77 + 2 + 1)
    assert not SherpaSTT(SherpaOptions(interim_results=False)).capabilities.interim_results


def test_it_recognises_in_threads_or_in_processes() -> None:
    assert isinstance(SherpaSTT()._pool, ThreadPool)
    assert isinstance(SherpaSTT(isolated=True)._pool, WorkerPool)


def test_weights_that_are_missing_say_how_to_get_them(store: Path) -> None:
    (store / "silero-vad" / "silero_vad.onnx").unlink()
    with pytest.raises(ModelMissingError, match=r"models pull silero-vad \(2 MB, once\)"):
        SherpaSTT()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"model": "/nowhere"}, "model='/nowhere' is neither a folder nor one of: moonshine-tiny"),
        ({"max_workers": 0}, "max_workers must be 1 or more"),
        ({"options": lambda: SherpaOptions(num_threads=0)}, "num_threads must be above 0"),
        ({"options": lambda: SherpaOptions(interim_interval=-1)}, "interim_interval must be above"),
        ({"endpointing": lambda: Endpointing(threshold=1.0)}, "threshold must be between 0 and 1"),
        ({"endpointing": lambda: Endpointing(offset=0.5)}, r"tail must be from 0 to 0\.5"),
    ],
)
def test_options_that_cannot_be_are_refused_at_once(options: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        SherpaSTT(**{name: each() if callable(each) else each for name, each in options.items()})


def test_a_model_that_hears_speech_as_it_comes_needs_no_detector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANYIO_STT_MODELS", str(tmp_path / "none"))
    folder = tmp_path / "sherpa-onnx-streaming-zipformer-en"
    folder.mkdir()
    for name in ("encoder.onnx", "decoder.onnx", "joiner.onnx", "tokens.txt"):
        (folder / name).touch()

    stt = SherpaSTT(model=folder)

    assert stt.options.found().kind == "streaming-transducer"
    assert stt.options.setup(isolated=False).fields["detector"] == ""


@pytest.mark.parametrize("language", [None, "en", "en-GB", "EN_us"])
def test_a_stream_may_be_told_the_language_it_has(language: str | None) -> None:
    SherpaSTT().stream(language=language)


def test_a_stream_refuses_another_language() -> None:
    with pytest.raises(ValueError, match="recognises en, not 'de'"):
        SherpaSTT().stream(language="de")


def test_a_missing_package_is_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install 'anyio-stt\[sherpa\]'"):
        SherpaSTT()


def test_a_model_for_english_is_not_made_for_another_language() -> None:
    with pytest.raises(ValueError, match="knows English only, not language='de'"):
        SherpaSTT(language="de")


def test_a_folder_that_ends_in_english_may_know_other_languages_too() -> None:
    model = "sherpa-onnx-paraformer-trilingual-zh-cantonese-en"
    assert SherpaOptions(model=model).spoken() == "en"
    assert SherpaOptions(model=model, language="zh").spoken() == "zh"
