"""The engine's options, without weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from anyio_stt.engines.whisper import Endpointing, WhisperOptions, WhisperSTT
from anyio_stt.engines.whisper import stt as module
from anyio_stt.models import ModelMissingError, catalogue
from anyio_stt.workers.in_thread import ThreadPool
from anyio_stt.workers.pool import WorkerPool


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store in which the default models are, as far as names and sizes tell."""
    monkeypatch.setenv("ANYIO_STT_MODELS", str(tmp_path))
    monkeypatch.setattr(module, "find_spec", lambda name: name)
    for model in catalogue.known_models():
        if model.name in ("whisper-tiny.en", "silero-vad"):
            (tmp_path / model.name).mkdir()
            for file in model.files:
                with (tmp_path / model.name / file.name).open("wb") as sparse:
                    sparse.truncate(file.size)
    return tmp_path


def test_it_recognises_in_processes_unless_told_otherwise() -> None:
    assert isinstance(WhisperSTT()._pool, WorkerPool)
    assert isinstance(WhisperSTT(isolated=False)._pool, ThreadPool)
    assert WhisperSTT().capabilities.aligned_transcript == "word"


def test_weights_that_are_missing_say_how_to_get_them(store: Path) -> None:
    (store / "whisper-tiny.en" / "model.bin").unlink()
    with pytest.raises(ModelMissingError, match=r"models pull whisper-tiny\.en \(78 MB, once\)"):
        WhisperSTT()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"model": Path("/no/where")}, "model='/no/where' is not a folder"),
        ({"max_workers": 0}, "max_workers must be 1 or more"),
        ({"options": lambda: WhisperOptions(num_threads=0)}, "num_threads must be above 0"),
        ({"endpointing": lambda: Endpointing(threshold=0)}, "threshold must be between 0 and 1"),
    ],
)
def test_options_that_cannot_be_are_refused_at_once(options: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        WhisperSTT(**{name: each() if callable(each) else each for name, each in options.items()})


def test_the_language_is_the_models_the_callers_or_detected(tmp_path: Path) -> None:
    assert WhisperOptions().spoken() == "en"
    assert WhisperOptions(model=tmp_path).spoken() is None
    assert WhisperOptions(model=tmp_path, language="auto").spoken() is None
    assert WhisperOptions(model=tmp_path, language="de").spoken() == "de"
    with pytest.raises(ValueError, match="recognises en, not 'de'"):
        WhisperSTT().stream(language="de")


def test_a_name_that_is_no_folder_is_left_to_the_cache() -> None:
    assert WhisperOptions(model="small").where() == "small"


def test_a_missing_package_is_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install 'anyio-stt\[whisper\]'"):
        WhisperSTT()


def test_a_model_for_english_is_not_made_for_another_language() -> None:
    with pytest.raises(ValueError, match="knows English only, not language='de'"):
        WhisperSTT(language="de")
