"""The small examples, run as their first lines say."""

from __future__ import annotations

import asyncio
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import anyio_stt.testing

pytest.importorskip("pocketsphinx")

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SPOKEN = Path(anyio_stt.testing.__file__).with_name("spoken.wav")
FIRST = "good morning and welcome to the show"
SECOND = "this speech was made by a machine"

pytestmark = pytest.mark.timeout(180)


def run(name: str, argument: Path) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), str(argument)],
        capture_output=True,
        text=True,
        timeout=150,
        check=True,
    )
    return done.stdout, done.stderr


def test_a_folder_is_transcribed_and_what_is_no_audio_is_named(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav", "c.wav"):
        shutil.copy(SPOKEN, tmp_path / name)
    (tmp_path / "broken.wav").write_bytes(b"this is no audio")
    (tmp_path / "notes.txt").write_text("nor is this")
    said, complaints = run("folder.py", tmp_path)
    assert sorted(said.splitlines()) == [f"{name}.wav: {FIRST} {SECOND}" for name in "abc"]
    assert complaints.startswith("broken.wav: ")
    assert "Traceback" not in complaints


def test_the_agent_answers_each_turn() -> None:
    said, complaints = run("turns.py", SPOKEN)
    assert not complaints
    heard = " ".join(re.findall(r"^caller: (.*)$", said, re.MULTILINE))
    assert heard == f"{FIRST} {SECOND}"
    assert said.rstrip().endswith("words")


def test_a_cough_after_the_callers_words_leaves_them_answered(
    capsys: pytest.CaptureFixture[str],
) -> None:
    spec = importlib.util.spec_from_file_location("turns", EXAMPLES / "turns.py")
    assert spec is not None
    assert spec.loader is not None
    turns = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(turns)

    async def call() -> None:
        agent = turns.Agent()
        agent.hear("hello there")
        agent.interrupt()
        await agent.finish()

    asyncio.run(call())
    assert capsys.readouterr().out == "caller: hello there\nagent: you said 2 words\n"


def test_delays_are_told_and_summed_up() -> None:
    said, complaints = run("delays.py", SPOKEN)
    assert not complaints
    *finals, summary = said.splitlines()
    assert [re.sub(r"^.*delay +[0-9.]+ s +", "", line) for line in finals] == [FIRST, SECOND]
    assert re.fullmatch(r"2 finals, median \d+\.\d\d s, p95 \d+\.\d\d s", summary)
