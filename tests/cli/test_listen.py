"""`anyio-stt listen`, with a sound card that the tests play to."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from anyio_stt.testing import cut, spoken
from tests.audio.fake_sounddevice import Card, PortAudioError, RawInputStream
from tests.cli.terminal import Terminal

COUNTING = "fake_engines:CountingSTT"
Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals of POSIX")


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Card]:
    def play_(*names: str, plays: Callable[[RawInputStream], None] | None = None) -> Card:
        card = Card(*names, plays=plays)
        monkeypatch.setitem(sys.modules, "sounddevice", card.module())
        return card

    return play_


def interrupted_after(seconds: int, times: int = 1) -> Callable[[RawInputStream], None]:
    def plays(stream: RawInputStream) -> None:
        for _ in range(seconds):
            stream.give(1.0)
        stream.wait_until_read()
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)

    return plays


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_ctrl_c_ends_it_with_all_that_was_said(
    backend: str, play: Callable[..., Card], run_command: Run
) -> None:
    card = play("built-in", plays=interrupted_after(3))

    done = run_command("listen", "--backend", backend, "--engine", COUNTING)

    assert re.findall(r"^second \d", done.stdout, re.MULTILINE) == [
        "second 1", "second 2", "second 3",
    ]  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert card.stream.closes == 1


def test_the_second_ctrl_c_ends_an_engine_that_does_not(
    play: Callable[..., Card], run_command: Run
) -> None:
    def plays(stream: RawInputStream) -> None:
        stream.give(2.0)
        stream.wait_until_read()
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)  # two that come at once are one signal

    play("built-in", plays=plays)

    done = run_command("listen", "--engine", COUNTING, "--option", "stall_after=1")

    assert done.returncode == 130
    assert done.stdout.startswith("second 1")


def test_an_unplugged_microphone_is_one_line_and_what_it_heard_is_kept(
    play: Callable[..., Card], run_command: Run, tmp_path: Path
) -> None:
    def plays(stream: RawInputStream) -> None:
        stream.give(2.0)
        stream.unplug()

    play("headset", plays=plays)

    done = run_command("listen", "--engine", COUNTING, "-o", "said.srt")

    assert done.returncode == 1
    assert done.stderr == (
        "anyio-stt: headset is cut off after 2.000 s: "
        "headset gives nothing any more: is it unplugged?\n"
    )
    assert "second 2 peak" in (tmp_path / "said.srt").read_text()


def test_silence_ends_it(play: Callable[..., Card], run_command: Run) -> None:
    def plays(stream: RawInputStream) -> None:
        while not stream.closes:
            stream.give(0.1, value=0)
            time.sleep(0.005)

    play("built-in", plays=plays)

    done = run_command("listen", "--engine", COUNTING, "--until-silence", 2, "-f", "tsv")

    assert (done.returncode, done.stderr) == (0, "")
    assert "second 2 peak 0" in done.stdout


def test_an_engine_of_recordings_is_given_utterances(
    play: Callable[..., Card], run_command: Run
) -> None:
    def plays(stream: RawInputStream) -> None:
        for frame in cut(spoken().frame, 0.1):
            stream.give_samples(frame.pcm)
        stream.wait_until_read()
        os.kill(os.getpid(), signal.SIGINT)

    play("built-in", plays=plays)

    done = run_command("listen", "--engine", "fake_engines:BatchSTT")

    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 2


@pytest.mark.parametrize(
    ("names", "words", "told"),
    [
        ((), (), "no microphone: the system has no recording device"),
        ((), ("--list-devices",), "no microphone: the system has no recording device"),
        (
            ("one",),
            ("--device", "two"),
            "no recording device is called 'two'; there are: 0 (one)",
        ),
        (("one",), ("--device", "3"), "no recording device is called 3; there are: 0 (one)"),
    ],
)
def test_what_is_not_there_is_one_line(
    names: tuple[str, ...],
    words: tuple[str, ...],
    told: str,
    play: Callable[..., Card],
    run_command: Run,
) -> None:
    play(*names)
    done = run_command("listen", "--engine", COUNTING, *words)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"anyio-stt: {told}\n")


def test_a_microphone_that_another_program_has_is_one_line(
    play: Callable[..., Card], run_command: Run
) -> None:
    play("built-in").fails = PortAudioError("Device unavailable", -9985)
    done = run_command("listen", "--engine", COUNTING)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "another program may have it" in done.stderr


@pytest.mark.parametrize("words", [(), ("--list-devices",)])
def test_a_missing_sounddevice_names_the_extra(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, run_command: Run
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    done = run_command("listen", "--engine", COUNTING, *words)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pip install 'anyio-stt[microphone]'" in done.stderr


def test_devices_are_listed(play: Callable[..., Card], run_command: Run) -> None:
    play("built-in", "head\x1b[2Jset")
    done = run_command("listen", "--list-devices")
    assert done.stdout == "0\tbuilt-in\t16000 Hz\tdefault\n1\thead[2Jset\t16000 Hz\n"


def test_what_libraries_write_to_standard_error_is_not_shown() -> None:
    program = """if True:
        import os, sys
        from anyio_stt.cli.noise import libraries_silenced
        with libraries_silenced():
            os.write(2, b"ALSA lib pcm.c:2666: Unknown PCM\\n")
            print("ours", file=sys.stderr)
        os.write(2, b"afterwards\\n")
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stderr == b"ours\nafterwards\n"


def test_a_terminal_shows_the_level_and_obeys_keys(tmp_path: Path) -> None:
    card = Path(__file__).parents[1] / "docs" / "sound_card.py"
    shutil.copy(card, tmp_path / "sounddevice.py")
    command = [sys.executable, "-m", "anyio_stt", "listen", "--engine", COUNTING, "-o", "said.txt"]
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])

    with Terminal(command, cwd=tmp_path, env={"PYTHONPATH": path}) as terminal:
        terminal.wait_for("second 1 peak")  # although it goes to a file
        terminal.wait_for("microphone")
        terminal.type(" ")
        terminal.wait_for("paused")
        terminal.type(" ")
        terminal.wait_for("second 2 peak")
        terminal.type("q")
        assert terminal.wait() == 0

    assert "second 2 peak" in (tmp_path / "said.txt").read_text()
