"""The command in a process of its own: what it prints where, and its exit codes."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import anyio_stt.testing

COUNTING = "fake_engines:CountingSTT"
MakeWav = Callable[..., Path]
Run = Callable[..., subprocess.CompletedProcess[Any]]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_finals_go_to_standard_output_and_nothing_else_does(
    backend: str, make_wav: MakeWav, run_command: Run
) -> None:
    result = run_command(
        "transcribe", "--engine", COUNTING, "--backend", backend, make_wav(seconds=2)
    )

    assert result.stdout == "second 1 peak 1000 channels 1\nsecond 2 peak 1000 channels 1\n"
    assert result.stderr == ""
    assert result.returncode == 0


def test_channels_are_mixed_down_and_any_rate_is_taken(make_wav: MakeWav, run_command: Run) -> None:
    path = make_wav(seconds=1, rate=8000, levels=(1000, 3000))

    result = run_command("transcribe", "--engine", COUNTING, path)

    assert result.stdout == "second 1 peak 2000 channels 1\n"
    path = make_wav(seconds=1.5, rate=44100, levels=(0,) * 6)
    assert "second 1 peak 0" in run_command("transcribe", "--engine", COUNTING, path).stdout


def test_compressed_recordings_are_read(run_command: Run) -> None:
    files = Path(__file__).parent.parent / "audio" / "files"

    result = run_command(
        "transcribe", "--engine", "fake_engines:BatchSTT", *sorted(files.glob("tone.*"))
    )

    assert result.returncode == 0
    assert [line.rsplit(":", 1)[0][-4:] for line in result.stdout.splitlines()] == [
        "flac", ".mp3", ".ogg",
    ]  # fmt: skip


def test_an_engine_that_cannot_stream_is_given_the_whole(
    make_wav: MakeWav, run_command: Run
) -> None:
    result = run_command("transcribe", "--engine", "fake_engines:BatchSTT", make_wav())

    assert result.stdout == "3 seconds, 1 channel\n"


def test_an_engine_of_recordings_is_given_pieces_that_it_takes(
    make_wav: MakeWav, run_command: Run
) -> None:
    result = run_command(
        "transcribe", "--engine", "fake_engines:BatchSTT", "--option", "longest=2",
        "--format", "jsonl", make_wav(seconds=3),
    )  # fmt: skip

    first, last = (json.loads(line) for line in result.stdout.splitlines())
    assert first["start"] == 0 < first["end"] < 2
    assert (last["start"], last["end"]) == (pytest.approx(first["end"], abs=0.002), 3)


def test_utterances_are_cut_for_an_engine_without_times(run_command: Run) -> None:
    spoken = Path(anyio_stt.testing.__file__).with_name("spoken.wav")

    result = run_command("transcribe", "--engine", "fake_engines:UntimedSTT", "-f", "jsonl", spoken)

    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert 0 <= first["start"] < 0.5
    assert 2 < first["end"] < 3.2  # where the recording's first sentence ends
    assert 3 < second["start"] < 3.8
    assert 5.5 < second["end"] < 6.7


def test_utterances_are_not_cut_where_that_is_not_wanted(run_command: Run) -> None:
    spoken = Path(anyio_stt.testing.__file__).with_name("spoken.wav")

    result = run_command(
        "transcribe", "--engine", "fake_engines:UntimedSTT", "--no-vad", "-f", "jsonl", spoken
    )

    assert len(result.stdout.splitlines()) == 1


def test_utterances_are_cut_for_an_engine_with_times_where_that_is_wanted(
    run_command: Run,
) -> None:
    spoken = Path(anyio_stt.testing.__file__).with_name("spoken.wav")

    result = run_command("transcribe", "--engine", "fake_engines:BatchSTT", "--vad", spoken)

    assert len(result.stdout.splitlines()) == 2


def test_an_engine_that_only_streams_cannot_be_given_utterances(
    make_wav: MakeWav, run_command: Run
) -> None:
    result = run_command(
        "transcribe", "--engine", "fake_engines:StreamOnlySTT", "--vad", make_wav()
    )

    assert result.returncode == 2
    assert "--vad is for engines that recognise recordings" in result.stderr


def test_options_and_language_reach_the_engine(make_wav: MakeWav, run_command: Run) -> None:
    result = run_command(
        "transcribe", "--engine", COUNTING, "--option", "fail_after=100", "--language", "fr",
        "--format", "jsonl", make_wav(seconds=1),
    )  # fmt: skip

    (line,) = result.stdout.splitlines()
    assert json.loads(line)["language"] == "fr"
    assert json.loads(line)["type"] == "final_transcript"


def test_all_events_tell_guesses_too(make_wav: MakeWav, run_command: Run) -> None:
    result = run_command(
        "transcribe", "--engine", COUNTING, "--format", "jsonl", "--all-events", make_wav(seconds=1)
    )

    types = [json.loads(line)["type"] for line in result.stdout.splitlines()]
    assert types[0] == "start_of_speech"
    assert "interim_transcript" in types
    assert types[-1] == "end_of_speech"


@pytest.mark.parametrize(("name", "first"), [("srt", "1\n00:00:00,000"), ("vtt", "WEBVTT\n\n00:")])
def test_subtitles_are_written_to_the_file_asked_for(
    name: str, first: str, make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    out = tmp_path / f"out.{name}"

    result = run_command(
        "transcribe", "--engine", COUNTING, "--format", name, "-o", out, make_wav(seconds=1)
    )

    assert (result.stdout, result.stderr, result.returncode) == ("", "", 0)
    assert out.read_text().startswith(first)


@pytest.mark.parametrize(
    "entry", [["-m", "anyio_stt"], ["-c", "import anyio_stt.cli as c; c.main()"]]
)
def test_the_command_works_in_a_process_of_its_own(entry: list[str], make_wav: MakeWav) -> None:
    result = subprocess.run(
        [sys.executable, *entry, "transcribe", "--engine", COUNTING, str(make_wav(seconds=1))],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip

    assert result.stdout == "second 1 peak 1000 channels 1\n"
    assert result.stderr == ""
    assert result.returncode == 0


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_realtime_takes_as_long_as_the_recording(
    backend: str, make_wav: MakeWav, run_command: Run
) -> None:
    result = run_command(
        "transcribe", "--engine", COUNTING, "--backend", backend, "--format", "jsonl",
        "--realtime", make_wav(seconds=1),
    )  # fmt: skip

    # Fed at once, the final would come long before its last second has passed.
    assert json.loads(result.stdout)["delay"] < 0.5
    assert result.returncode == 0


# ---- standard input


def test_a_wav_file_may_come_from_standard_input(make_wav: MakeWav, run_process: Run) -> None:
    raw = make_wav(seconds=1).read_bytes()

    result = run_process("transcribe", "--engine", COUNTING, "-", data=raw)

    assert result.stdout == b"second 1 peak 1000 channels 1\n"


def test_raw_samples_may_come_from_standard_input(run_process: Run) -> None:
    raw = struct.pack("<2h", 100, 300) * 8000

    result = run_process(
        "transcribe", "--engine", COUNTING, "--raw-rate", 8000, "--raw-channels", 2, "-", data=raw
    )

    assert result.stdout.startswith(b"second 1 peak 200 channels 1\n")


@pytest.mark.parametrize(
    ("raw", "words"),
    [(b"", "standard input is empty"), (b"no audio at all", "is not audio in a known format")],
)
def test_standard_input_that_is_no_audio_is_told(raw: bytes, words: str, run_process: Run) -> None:
    result = run_process("transcribe", "--engine", COUNTING, "-", data=raw)

    assert result.returncode == 2
    assert words in result.stderr.decode()


# ---- what cannot be done


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    assert result.stdout == ""
    assert result.stderr.startswith("anyio-stt: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "speech.wav: No such file or directory"),
        (b"", "speech.wav is empty (0 bytes)"),
        (b"This is text.", "speech.wav is not audio in a known format"),
        (b"RIFF\x00", "speech.wav is cut off"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line_and_exit_code_2(
    content: bytes | None, words: str, run_command: Run, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "speech.wav").write_bytes(content)
    (tmp_path / "out.txt").write_text("an older transcript")

    result = run_command("transcribe", "--engine", COUNTING, "-o", "out.txt", "speech.wav")

    assert words in one_line(result)
    assert result.returncode == 2
    assert (tmp_path / "out.txt").read_text() == "an older transcript"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--engine", "bogus"], "there is no engine 'bogus'; there are: "),
        (["--engine", "fake_engines:MissingExtraSTT"], "pip install 'anyio-stt[fake]'"),
        (["--engine", COUNTING, "--option", "x"], "--option x: write it as key=value"),
        (
            ["--engine", COUNTING, "--raw-rate", "8000"],
            '--raw-rate without --raw is for standard input: give "-"',
        ),
        (["--engine", COUNTING, "--raw-channels", "2"], "--raw-channels needs --raw-rate"),
        (["--engine", COUNTING, "--all-events"], "--all-events needs --format jsonl, not text"),
        (["--engine", COUNTING, "--format", "srt", "b.wav"], "srt takes one recording"),
        (
            ["--engine", COUNTING, "--cluster", "x", "--realtime"],
            "--realtime does not work with --cluster",
        ),
        (["--engine", COUNTING, "--cluster", "x", "-"], "--cluster takes recordings that its"),
        (["--engine", COUNTING, "-o", "no/such/folder"], "-o no/such/folder: No such file"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(
    arguments: list[str], words: str, make_wav: MakeWav, run_command: Run
) -> None:
    result = run_command("transcribe", *arguments, make_wav())

    assert words in one_line(result)
    assert result.returncode == 2


def test_a_missing_trio_names_the_extra(
    make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, importlib.util as u\n"
        "find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'trio' else find(name, *a)\n"
    )

    result = subprocess.run(
        [sys.executable, "-c", "import sitecustomize, anyio_stt.cli as c; c.main()", "transcribe",
         "--backend", "trio", "--engine", COUNTING, str(make_wav())],
        cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip

    assert "trio is not installed: pip install 'anyio-stt[cli]'" in one_line(result)
    assert result.returncode == 2


@pytest.mark.parametrize("library", ["click", "rich"])
def test_a_missing_library_of_the_command_names_the_extra(library: str) -> None:
    code = f"import sys; sys.modules[{library!r}] = None; import anyio_stt.cli as c; c.main()"

    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )

    assert "pip install 'anyio-stt[cli]'" in one_line(result)
    assert library in result.stderr
    assert result.returncode == 2


# ---- what goes wrong on the way


def test_an_engine_that_fails_leaves_what_was_final_and_says_why(
    make_wav: MakeWav, run_command: Run
) -> None:
    result = run_command("transcribe", "--engine", COUNTING, "--option", "fail_after=1", make_wav())

    assert result.stdout == "second 1 peak 1000 channels 1\n"
    assert result.stderr.count("\n") == 1
    assert "speech.wav: the quota is used up (status_code=402)" in result.stderr
    assert result.returncode == 1


def test_an_engine_that_failed_again_and_again_says_why(
    make_wav: MakeWav, run_command: Run
) -> None:
    result = run_command("transcribe", "--engine", "fake_engines:LostSTT", make_wav())

    *retries, last = result.stderr.splitlines()
    assert len(retries) == 3
    assert all("retrying in" in line and "the line is dead" in line for line in retries)
    assert "speech.wav: failed to recognize speech after 4 attempts: the line is dead" in last
    assert result.returncode == 1


def test_an_engine_may_be_given_more_time_to_begin_or_less(
    make_wav: MakeWav, run_command: Run
) -> None:
    slow = ("transcribe", "--engine", "fake_engines:CountingSTT", "--option", "mute=true")

    result = run_command(*slow, "--timeout", "0.05", make_wav(seconds=1))

    assert result.returncode == 1
    assert (
        "within 0.05 s of its start (timeout=0.05); --timeout gives it more time" in result.stderr
    )


def test_a_recording_that_was_cut_off_is_transcribed_and_told(
    make_wav: MakeWav, run_command: Run
) -> None:
    path = make_wav(seconds=3)
    path.write_bytes(path.read_bytes()[:-16000])

    result = run_command("transcribe", "--engine", COUNTING, path)

    assert result.stdout.count("\n") == 2
    assert result.stderr == (
        f"anyio-stt: {path} is cut off: it holds 2.000 s of the 3.000 s it declares\n"
    )
    assert result.returncode == 1


def test_of_several_recordings_one_that_fails_is_named_and_the_others_go_on(
    make_wav: MakeWav, run_command: Run
) -> None:
    make_wav("a.wav", seconds=1)
    make_wav("c.wav", seconds=1)

    result = run_command("transcribe", "--engine", COUNTING, "a.wav", "b.wav", "c.wav")

    assert result.stdout == (
        "a.wav: second 1 peak 1000 channels 1\nc.wav: second 1 peak 1000 channels 1\n"
    )
    assert result.stderr == "anyio-stt: b.wav: No such file or directory\n"
    assert result.returncode == 1


# ---- the rest of the command


def test_engines_are_tried_once_each_and_told_in_a_line(
    run_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["fake_engines:DeadSTT", "fake_engines:NeedsKeySTT", "fake_engines:BatchSTT"]
    monkeypatch.setattr("anyio_stt.cli.engine_trial.engine_names", lambda: names)

    result = run_command("engines", "--try")

    dead, key, there = result.stdout.splitlines()
    assert dead == "fake_engines:DeadSTT\tnobody listens there"
    assert "its options are: key" in key
    assert re.fullmatch(r"fake_engines:BatchSTT\tanswers in [0-9.]+ s: 3 seconds, 1 channel", there)
    assert (result.stderr, result.returncode) == ("", 0)


def test_engines_lists_each_with_what_it_can_do_or_what_is_missing(run_command: Run) -> None:
    result = run_command("engines")

    assert result.returncode == 0
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("pocketsphinx")]
    assert "streaming" in line or "pip install 'anyio-stt[pocketsphinx]'" in line
    for name in ("livekit:NAME", "pipecat:NAME"):
        (line,) = [line for line in result.stdout.splitlines() if line.startswith(name)]
        assert "installed" in line or "pip install" in line


@pytest.mark.parametrize("arguments", [["--help"], ["transcribe", "--help"], ["--version"]])
def test_help_and_version_are_printed(arguments: list[str], run_command: Run) -> None:
    result = run_command(*arguments)

    assert result.returncode == 0
    assert "anyio-stt" in result.stdout


def test_help_tells_that_channels_are_mixed_down(run_command: Run) -> None:
    assert "mixed down to one" in " ".join(run_command("transcribe", "--help").stdout.split())


def test_a_cluster_without_dask_is_one_line_that_says_what_to_install(
    make_wav: MakeWav, run_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = run_command("transcribe", "--engine", COUNTING, "--cluster", "local", make_wav())
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert "pip install 'anyio-stt[cluster]'" in result.stderr


@pytest.mark.parametrize("name", ["livekit:", "pipecat:"])
def test_a_bridge_without_the_name_of_an_engine_says_so(
    name: str, make_wav: MakeWav, run_command: Run
) -> None:
    result = run_command("transcribe", "--engine", name, make_wav())
    assert result.returncode == 2
    assert result.stderr.endswith(f"{name} lacks the name of an engine, such as {name}deepgram\n")
