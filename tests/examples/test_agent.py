"""The agent that can be interrupted: by the moments of turns, and as a whole program."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest

from anyio_stt import AudioFrame, EagerEndOfTurn, EndOfTurn, StartOfTurn, TurnResumed
from anyio_stt.testing import silence, spoken

PROGRAM = Path(__file__).parents[2] / "docs" / "examples" / "agent.py"


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> Any:
    spec = importlib.util.spec_from_file_location("agent", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "agent", module)
    spec.loader.exec_module(module)

    async def voice(_: str) -> AudioFrame:
        return silence(2.0)

    monkeypatch.setattr(module, "voice", voice)
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    return module


def log_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return what was logged, without the times and the answers' words."""
    lines = [line[7:] for line in capsys.readouterr().out.splitlines()]
    return [re.sub(r" \(\d.*", "", line) for line in lines]


async def test_it_thinks_while_the_caller_may_be_done_and_speaks_once_they_are(
    agent: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    async with anyio.create_task_group() as tasks:
        talker = agent.Agent(tasks)
        talker.hear(StartOfTurn(0.0, "so"))
        talker.hear(EagerEndOfTurn("so well", 0.0, 1.0))
        await anyio.sleep(1.0)
        assert log_of(capsys) == ["StartOfTurn: be quiet", "thought about: so well"]
        talker.hear(EndOfTurn("so well", 0.0, 1.0))
    assert log_of(capsys) == ["says", "has said it"]


async def test_it_forgets_what_it_thought_when_the_caller_goes_on(
    agent: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    async with anyio.create_task_group() as tasks:
        talker = agent.Agent(tasks)
        talker.hear(EagerEndOfTurn("so", 0.0, 1.0))
        await anyio.sleep(0.01)
        talker.hear(TurnResumed(1.5))
        await anyio.sleep(1.0)
        talker.hear(EndOfTurn("so well", 0.0, 2.0))  # of which it had no warning
    assert log_of(capsys) == [
        "TurnResumed: be quiet",
        "stopped: so",
        "thought about: so well",
        "says",
        "has said it",
    ]


async def test_it_is_interrupted_in_the_middle_of_a_word_and_answers_what_was_said_instead(
    agent: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    async with anyio.create_task_group() as tasks:
        talker = agent.Agent(tasks)
        talker.hear(EndOfTurn("so", 0.0, 1.0))
        await anyio.sleep(0.5)
        before = anyio.current_time()
        talker.hear(StartOfTurn(3.0, "no"))
        await anyio.sleep(0.001)
        assert log_of(capsys)[-1] == "stopped: so"
        assert anyio.current_time() - before < agent.PIECE
        talker.hear(EagerEndOfTurn("no", 3.0, 4.0))
        talker.hear(EndOfTurn("no", 3.0, 4.0))
    assert log_of(capsys) == ["thought about: no", "says", "has said it"]


@pytest.mark.heavy
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_caller_who_pauses_is_interrupted_and_interrupts_back(
    backend: str, tmp_path: Path
) -> None:
    pytest.importorskip("pocketsphinx")
    heard = spoken().frame.to_array()
    pause = np.zeros(24000, np.int16)
    call = tmp_path / "call.wav"
    samples = np.concatenate([heard[:40000], pause, heard[40000:], pause])
    call.write_bytes(AudioFrame.from_array(samples, 16000).to_wav_bytes())
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(call), backend],
        capture_output=True, text=True, timeout=110, check=True,
        env={**os.environ, "ANYIO_STT_MODELS": str(tmp_path)},
    )  # fmt: skip
    said = [line[7:] for line in done.stdout.splitlines()]
    assert any(line.startswith("stopped: good morning") for line in said)
    assert said[-1] == "has said it"
    assert any("machine" in line for line in said)
