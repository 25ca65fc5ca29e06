"""One known model, a store of its own, an index to pull it from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from anyio_stt.models import catalogue, download
from tests.models.wheels import MODEL, Index, serving


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANYIO_STT_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("ANYIO_STT_OFFLINE", raising=False)
    monkeypatch.setattr(download, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(catalogue, "_MODELS", (MODEL,))
    return tmp_path / "models"


@pytest.fixture
def index() -> Iterator[Index]:
    pytest.importorskip("httpx2")
    with serving() as index:
        yield index
