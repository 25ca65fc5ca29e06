"""The best engine that works offline here: installed, with weights."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from anyio_stt import engines, testing
from anyio_stt.engines import default_engine, default_engine_name
from anyio_stt.models import ModelMissingError
from anyio_stt.testing import ScriptedSTT, spoken

SPOKEN = Path(testing.__file__).with_name("spoken.wav")


def pretend(monkeypatch: pytest.MonkeyPatch, **there: Exception | None) -> None:
    """Have engines that raise what they are given when they are made."""

    def load_engine(name: str) -> Any:
        if name not in there:
            raise ImportError(f"engine {name!r} needs a package")

        class Engine(ScriptedSTT):
            def __init__(self) -> None:
                error = there[name]
                if error is not None:
                    raise error
                super().__init__()
                self.called = name

        return Engine

    monkeypatch.setattr(engines, "load_engine", load_engine)


@pytest.mark.parametrize(
    ("there", "best"),
    [
        ({"sherpa": None, "whisper": None, "pocketsphinx": None}, "sherpa"),
        ({"whisper": None, "pocketsphinx": None}, "whisper"),
        ({"sherpa": ModelMissingError("pull it"), "pocketsphinx": None}, "pocketsphinx"),
    ],
)
def test_the_best_that_is_installed_and_has_weights(
    monkeypatch: pytest.MonkeyPatch, there: dict[str, Exception | None], best: str
) -> None:
    pretend(monkeypatch, **there)
    assert default_engine_name() == best
    assert default_engine().called == best  # type: ignore[attr-defined]


def test_without_any_it_says_what_each_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, sherpa=ModelMissingError("the weights are not here: pull them"))
    with pytest.raises(LookupError, match=r"pull them; engine 'whisper' needs .*'pocketsphinx'"):
        default_engine_name()


def test_the_command_says_on_stderr_which_it_takes(tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx")
    ended = subprocess.run(
        [sys.executable, "-m", "anyio_stt", "transcribe", str(SPOKEN)],
        env={"ANYIO_STT_MODELS": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert ended.stderr.startswith("engine: pocketsphinx (sherpa makes far fewer mistakes: ")
    assert ended.stderr.endswith("anyio-stt models pull)\n")
    assert ended.stdout.splitlines() == spoken().transcript.splitlines()
