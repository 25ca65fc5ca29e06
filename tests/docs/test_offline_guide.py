"""The guide to the offline engines: its programs, with real weights, and its table."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from anyio_stt.engines import load_engine
from anyio_stt.models import known_models
from tests.docs.pages import DOCS, blocks_of

PAGE = "guides/offline.md"
TEXT = (DOCS / PAGE).read_text(encoding="utf-8")
PROGRAMS = {
    "hear.py": "Good morning and welcome to the show. This speech was made by a machine.",
    "hear_whisper.py": r"0\.\d Good 0\.\d\d\n",
}


def test_every_model_is_in_the_list_with_its_size_and_licence() -> None:
    for model in known_models():
        size = f"{model.size / 1e6:.0f} MB"
        assert re.search(rf"^{re.escape(model.name)} +{size} +{model.licence} ", TEXT, re.MULTILINE)


def test_every_program_of_the_page_is_known_here() -> None:
    names = {text.split()[1] for language, text in blocks_of(PAGE) if language == "python"}
    assert names == {*PROGRAMS, "hear_names.py"}


def program(name: str) -> str:
    (found,) = (text for _, text in blocks_of(PAGE) if text.startswith(f"# {name}\n"))
    return found


@pytest.mark.heavy
def test_a_streaming_model_is_told_which_names_to_listen_for(tmp_path: Path) -> None:
    pytest.importorskip("sherpa_onnx")
    folder = tmp_path / "streaming-transducer"
    folder.mkdir()
    for name in ("encoder.onnx", "decoder.onnx", "joiner.onnx"):
        (folder / name).touch()
    (folder / "tokens.txt").write_text("ANNE 1\nBOLEYN 2\nWOLSEY 3\n")
    names: dict[str, Any] = {}

    exec(program("hear_names.py"), names)

    options = names["listen_for_names"](str(folder)).options
    assert options.endpointing.offset == 1.2
    assert options.hotwords == ["ANNE BOLEYN", "WOLSEY :3.0"]


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("name", "engine"), [("hear.py", "sherpa"), ("hear_whisper.py", "whisper")]
)
def test_a_program_hears_what_was_said(name: str, engine: str, tmp_path: Path) -> None:
    try:
        load_engine(engine)()  # type: ignore[call-arg]
    except (ImportError, LookupError) as exc:
        pytest.skip(f"{exc}")
    (tmp_path / name).write_text(program(name))

    ended = subprocess.run(
        [sys.executable, name], cwd=tmp_path, capture_output=True, text=True, timeout=55,
        check=False, env=os.environ,
    )  # fmt: skip

    assert ended.returncode == 0, ended.stderr
    assert re.match(PROGRAMS[name], ended.stdout)
