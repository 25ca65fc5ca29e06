"""The README's Python is run, and its shell commands are what `.ci/run` takes from it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_library_in_twenty_lines_transcribes_a_recording(backend: str, tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx")
    (code,) = blocks("python")
    program = code.replace('backend="asyncio"', f'backend="{backend}"')
    (tmp_path / "program.py").write_text(program)
    (recording,) = re.findall(r'main, "(.*?)"', program)
    (tmp_path / recording).parent.mkdir(parents=True)
    shutil.copy(Path(__file__).parent.parent / recording, tmp_path / recording)

    result = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, timeout=50,
        check=False,
    )  # fmt: skip

    assert result.stderr == ""
    assert result.returncode == 0
    assert f'backend="{backend}"' in program
    assert re.search(r"^\d+\.\d-\d+\.\d s: \w+ \w+", result.stdout)


def test_the_main_job_is_two_lines_and_the_tests_are_the_second_block() -> None:
    main_job, tests = blocks("sh")

    assert len(main_job.splitlines()) <= 2
    assert "anyio-stt transcribe" in main_job
    assert tests.rstrip().endswith("/nox")  # tests/test_project.py knows what that runs


def test_the_names_it_mentions_exist() -> None:
    import anyio_stt
    import anyio_stt.testing
    from anyio_stt.engines import engine_names

    known = {*anyio_stt.__all__, *anyio_stt.testing.__all__}
    for name in re.findall(r"`(?:await |stt\.|text =\nawait stt\.)?([A-Z]\w+)\(", README):
        assert name in known | {"LiveKitSTT", "ForLiveKit", "PipecatSTT", "ForPipecat"}, name
    rows = README[README.index("## Engines") : README.index("## Why")]
    named = {
        name
        for row in re.findall(r"^\| (`.*?) \|", rows, re.MULTILINE)
        for name in re.findall(r"`([\w-]+)`", row)
    }
    assert named == set(engine_names())


def test_every_page_it_links_to_is_there_and_it_is_short() -> None:
    folder = Path(__file__).parent.parent
    assert [
        to for to in re.findall(r"\]\(([\w/.-]+)\)", README) if not (folder / to).exists()
    ] == []
    assert len(README.splitlines()) <= 120
