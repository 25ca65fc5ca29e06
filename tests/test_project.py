"""What keeps the project in order: the one command, the changelog, what is built."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from importlib.metadata import metadata, requires
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
FRAGMENTS = sorted(
    path for path in (CHECKOUT / "changelog.d").glob("*.md") if path.name != "README.md"
)


class RecordingSession:
    """Notes the commands that a session of nox would run."""

    def __init__(self) -> None:
        self.posargs: list[str] = []
        self.commands: list[str] = []

    def run(self, *command: str, **options: Any) -> None:
        assert command[:2] == (sys.executable, "-m")
        self.commands.append(" ".join(command[2:]))


@pytest.fixture(scope="module")  # nox refuses to know a session twice
def noxfile() -> Any:
    pytest.importorskip("nox")
    spec = importlib.util.spec_from_file_location("noxfile", CHECKOUT / "noxfile.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_one_command_checks_rules_formatting_types_and_all_tests(noxfile: Any) -> None:
    session = RecordingSession()
    for name in noxfile.nox.options.sessions:
        getattr(noxfile, name)(session)

    *rules, tests = session.commands
    assert rules == ["ruff check .", "ruff format --check .", "mypy"]
    processes = 3 * (os.cpu_count() or 1)
    assert tests == f"pytest -q -n {processes} --dist worksteal -m not heavy"


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        ("anyio_stt/audio/frame.py", "tests/audio"),
        ("anyio_stt/engines/vosk/stt.py", "tests/engines/vosk"),
        ("anyio_stt/_core/delivery.py", "tests/contract"),
        ("anyio_stt/stream.py", "tests/contract"),
        ("docs/index.md", "tests/docs"),
        ("tests/audio/test_frame.py", "tests/audio/test_frame.py"),
    ],
)
def test_the_quick_session_runs_the_tests_of_what_changed(
    noxfile: Any, monkeypatch: pytest.MonkeyPatch, changed: str, tests: str
) -> None:
    monkeypatch.chdir(CHECKOUT)
    assert tests in noxfile.touched([changed])


def test_the_quick_session_runs_tests_that_are_there(noxfile: Any) -> None:
    always = (*noxfile.ALWAYS, *noxfile.CONTRACT)
    assert [path for path in always if not (CHECKOUT / path).exists()] == []


def test_every_fragment_becomes_a_line_of_the_next_release() -> None:
    pytest.importorskip("towncrier")
    draft = subprocess.run(
        [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "9.9.9"],
        cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=50,
    )  # fmt: skip

    assert draft.returncode == 0, draft.stderr
    if FRAGMENTS:
        assert "## [9.9.9]" in draft.stdout
    assert len(re.findall("^- ", draft.stdout, re.MULTILINE)) == len(FRAGMENTS)


@pytest.mark.parametrize("path", FRAGMENTS, ids=lambda path: path.name)
def test_a_fragment_is_prose_of_one_of_the_kinds(path: Path) -> None:
    kinds = "added|changed|deprecated|removed|fixed|security"
    assert re.fullmatch(rf"(\+[\w-]+|\d+)\.({kinds})(\.\d+)?\.md", path.name)
    assert not path.read_text(encoding="utf-8").lstrip().startswith(("#", "-", "*"))


def test_the_extra_for_offline_brings_pocketsphinx_only_where_sherpa_has_no_wheels() -> None:
    wanted = [each for each in requires("anyio-stt") or [] if "extra == 'offline'" in each]

    assert any(each.startswith("sherpa-onnx") for each in wanted)
    for each in wanted:
        assert each.startswith(("sherpa-onnx", "pocketsphinx")) == ("platform_machine" in each)


def test_what_is_installed_says_that_it_has_types_and_where_it_runs() -> None:
    about = metadata("anyio-stt")
    classifiers = about.get_all("Classifier") or []

    assert files("anyio_stt").joinpath("py.typed").is_file()
    assert "Typing :: Typed" in classifiers
    assert about["Requires-Python"] == ">=3.10"
    assert about["License-Expression"] == "Apache-2.0"
    for minor in range(10, 15):
        assert f"Programming Language :: Python :: 3.{minor}" in classifiers
