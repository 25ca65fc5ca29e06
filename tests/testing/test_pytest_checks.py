from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run_pytest(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100)


@pytest.mark.timeout(120)
def test_a_correct_engine_passes_each_check_on_each_event_loop() -> None:
    ran = run_pytest("--stt", "tests.testing.loud_engine:LoudSTT", "-v")
    assert ran.returncode == 0, ran.stdout
    for name in ("ending[asyncio]", "ending[trio]", "recognize[trio]", "blocking[asyncio]"):
        assert f"stt::{name} PASSED" in ran.stdout
    assert "test_" not in ran.stdout  # our own tests are left alone


@pytest.mark.timeout(120)
def test_a_broken_engine_fails_with_the_line_it_breaks() -> None:
    ran = run_pytest("--stt", "tests.testing.broken_engines:RecognizesNothing", "-k", "recognize")
    assert ran.returncode == 1
    assert "S5 (recognize): recognize understood nothing in 2.6 s of speech" in ran.stdout
    assert "from tests.testing.broken_engines import RecognizesNothing as make_stt" in ran.stdout
    assert "suite.py" not in ran.stdout


@pytest.mark.parametrize("name", ["no.such.module:make", "json:nothing", "json:__name__"])
def test_a_name_that_makes_no_engine_is_refused(name: str) -> None:
    ran = run_pytest("--stt", name)
    assert ran.returncode == 4
    assert f"--stt {name}: " in ran.stderr


def test_without_the_option_pytest_does_not_import_the_package(tmp_path: Path) -> None:
    test = "import sys\ndef test_it():\n    assert 'anyio_stt' not in sys.modules\n"
    (tmp_path / "test_it.py").write_text(test)
    ran = run_pytest("-q", folder=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
