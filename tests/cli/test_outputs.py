"""What is written where: formats, folders, former transcripts, interrupted runs."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COUNTING = ("transcribe", "--engine", "fake_engines:CountingSTT")
MakeWav = Callable[..., Path]
Run = Callable[..., subprocess.CompletedProcess[Any]]


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_all_formats_are_written_at_once(
    make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    result = run_command(*COUNTING, "-f", "all", "-o", "out/", make_wav(seconds=2))

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    kinds = ["json", "jsonl", "srt", "tsv", "txt", "vtt"]
    assert names(tmp_path / "out") == [f"speech.{kind}" for kind in kinds]
    whole = json.loads((tmp_path / "out" / "speech.json").read_text())
    assert [each["end"] for each in whole["segments"]] == [1.0, 2.0]
    assert whole["text"].startswith("second 1 peak 1000")
    table = (tmp_path / "out" / "speech.tsv").read_text().splitlines()
    assert table[2] == "1000\t2000\t\tsecond 2 peak 1000 channels 1"


def test_several_formats_without_a_place_are_put_where_one_is(
    make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    path = make_wav("in/talk.wav", seconds=1)

    run_command(*COUNTING, "-f", "srt,vtt", path)

    assert names(tmp_path) == ["in/talk.wav", "talk.srt", "talk.vtt"]


def test_the_ending_of_an_output_names_its_format(
    make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    run_command(*COUNTING, "-o", "a.srt", "-o", "b.tsv", "-o", "c.text", make_wav(seconds=1))

    assert (tmp_path / "a.srt").read_text().startswith("1\n00:00:00,000 -->")
    assert (tmp_path / "b.tsv").read_text().startswith("start\tend")
    assert (tmp_path / "c.text").read_text() == "second 1 peak 1000 channels 1\n"


def test_an_output_called_minus_is_standard_output(
    make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    result = run_command(*COUNTING, "-o", "-", "-f", "srt", make_wav(seconds=1))

    assert result.stdout.startswith("1\n00:00:00,000 -->")
    assert names(tmp_path) == ["speech.wav"]


def test_a_folder_of_recordings_becomes_a_folder_of_transcripts(
    make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "notes.md").write_text("no recording")
    for name in ("in/a.wav", "in/b.wav", "in/deep/a.wav", "in/.hidden.wav"):
        make_wav(name, seconds=1)

    assert run_command(*COUNTING, "-o", "out/", "-f", "txt", "in").returncode == 0

    assert names(tmp_path / "out") == ["a.txt", "b.txt", "deep/a.txt"]
    assert (tmp_path / "out" / "a.txt").read_text() == "second 1 peak 1000 channels 1\n"


def test_recordings_that_differ_in_their_ending_keep_it(
    make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    for name in ("a.wav", "a.wave"):
        make_wav(name, seconds=1)

    run_command(*COUNTING, "-o", "out/", tmp_path / "a.wav", tmp_path / "a.wave")

    assert names(tmp_path / "out") == ["a.wav.txt", "a.wave.txt"]


def test_a_pattern_finds_recordings_and_those_that_are_done_can_be_left_out(
    make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    for name in ("a.wav", "b.wav"):
        make_wav(name, seconds=1)
    (tmp_path / "a.txt").write_text("done")

    run_command(*COUNTING, "--skip-existing", "-o", "./", "*.wav")

    assert (tmp_path / "a.txt").read_text() == "done"
    assert (tmp_path / "b.txt").read_text() == "second 1 peak 1000 channels 1\n"


@pytest.mark.parametrize("how", ["itself", "a link", "a second name", "a folder", "among several"])
def test_an_output_that_is_a_recording_is_refused_before_anything_is_read(
    how: str, make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    path = make_wav("a.wav", seconds=1)
    content = path.read_bytes()
    output: Path | str = path
    more: list[Any] = []
    if how == "a link":
        output = tmp_path / "link.txt"
        os.symlink(path, output)
    elif how == "a second name":
        output = tmp_path / "second.txt"
        os.link(path, output)
    elif how == "a folder":
        path = path.rename(tmp_path / "a.txt")
        output = "./"
    elif how == "among several":
        more = [make_wav("b.wav", seconds=1)]

    result = run_command(*COUNTING, "-o", output, *more, path)

    assert result.returncode == 2
    assert "is one of the recordings" in result.stderr
    assert path.read_bytes() == content


def test_a_run_that_fails_leaves_the_former_transcript(
    make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    out = tmp_path / "out.txt"
    out.write_text("precious")

    result = run_command(*COUNTING, "--option", "fail_after=0", "-o", out, make_wav())

    assert result.returncode == 1
    assert names(tmp_path) == ["out.txt", "speech.wav"]
    assert out.read_text() == "precious"


def test_what_was_said_until_a_failure_is_kept_beside_the_former_transcript(
    make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    out = tmp_path / "out.txt"
    out.write_text("precious")

    result = run_command(*COUNTING, "--option", "fail_after=1", "-o", out, make_wav())

    assert out.read_text() == "precious"
    kept = (tmp_path / "out.partial.txt").read_text()
    assert kept.startswith("second 1 peak 1000 channels 1\n")
    assert "out.partial.txt; the previous transcript is kept" in result.stderr


def test_an_interrupted_run_is_gone_on_with(
    make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    path = make_wav(seconds=4)
    command = (*COUNTING, "--option", f"fail_once={tmp_path / 'flag'}", "-o", "out.srt", path)

    first = run_command(*command)
    assert first.returncode == 1
    assert "speech.wav: run the same command again to continue from 2.0 s" in first.stderr
    assert (tmp_path / "out.srt.journal").exists()
    second = run_command(*command)

    assert second.returncode == 0
    assert "continuing from 2.0 s" in second.stderr
    assert (tmp_path / "out.srt").read_text().count("-->") == 4
    # Heard anew from there: its third second is the first that the second run heard.
    assert "00:00:02,000 --> 00:00:03,000\nsecond 1" in (tmp_path / "out.srt").read_text()
    assert not (tmp_path / "out.srt.journal").exists()


def test_what_the_engine_refused_is_heard_again_by_the_same_command(
    make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    path = make_wav(seconds=4)
    command = (*COUNTING, "--option", f"refuse_once={tmp_path / 'flag'}", "-o", "out.srt", path)

    first = run_command(*command)
    assert first.returncode == 1
    assert "1.00 s could not be recognised" in first.stderr
    assert "run the same command again to continue from 1.0 s" in first.stderr
    assert (tmp_path / "out.srt").read_text().count("-->") == 3
    second = run_command(*command, "--skip-existing")

    assert (second.returncode, second.stderr) == (0, "speech.wav: continuing from 1.0 s\n")
    assert (tmp_path / "out.srt").read_text().count("-->") == 4
    assert not (tmp_path / "out.srt.journal").exists()


def test_a_damaged_recording_is_said_to_be_so_and_is_not_gone_on_with(
    make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    path = make_wav(seconds=4)
    path.write_bytes(path.read_bytes()[:-16000])  # its last second

    result = run_command(*COUNTING, "-o", "out/", path)

    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert "speech.wav" in line
    assert "cut off" in line
    assert names(tmp_path) == ["out/speech.txt", "speech.wav"]
    again = run_command(*COUNTING, "--skip-existing", "-o", "out/", path)
    assert (again.returncode, again.stderr) == (0, "")


def test_a_run_that_says_nothing_promises_nothing_by_an_older_journal(
    make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    (tmp_path / "out.txt.journal").write_text("of something else\n")

    result = run_command(*COUNTING, "--option", "fail_after=0", "-o", "out.txt", make_wav())

    assert result.returncode == 1
    assert "goes on" not in result.stderr


def test_every_event_of_a_long_recording_is_written_whatever_the_jobs(
    make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    path = make_wav(seconds=180)
    command = (*COUNTING, "--all-events", "-o", "out.jsonl", path)

    assert run_command(*command, "--jobs", 1).returncode == 0
    whole = (tmp_path / "out.jsonl").read_text()
    cut = run_command(*command, "--jobs", 3)

    assert cut.stderr == "anyio-stt: --all-events leaves the recording in one piece\n"
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    kinds = [json.loads(line)["type"] for line in lines]
    assert kinds == [json.loads(line)["type"] for line in whole.splitlines()]
    assert {"start_of_speech", "end_of_speech"} <= set(kinds)


@pytest.mark.parametrize("change", ["restart", "another recording", "a torn line", "no journal"])
def test_a_journal_of_something_else_is_not_gone_on_with(
    change: str, make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    path = make_wav(seconds=4)
    command = [*COUNTING, "--option", f"fail_once={tmp_path / 'flag'}", "-o", "out.txt", path]
    run_command(*command)
    journal = tmp_path / "out.txt.journal"
    if change == "restart":
        command.append("--restart")
    elif change == "another recording":
        make_wav(seconds=4, levels=(7,))
    elif change == "a torn line":
        journal.write_text(journal.read_text()[: len(journal.read_text()) // 2])
    else:
        journal.write_bytes(b"\xff\x00 nonsense")

    run_command(*command)

    text = (tmp_path / "out.txt").read_text()
    assert text.count("\n") == 4
    assert text.count("second 1 ") == (2 if change == "a torn line" else 1) - (
        change == "a torn line" and "second 4" in text
    )


def test_the_exit_code_does_not_change_when_the_others_are_done(
    make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad.wav").write_text("nonsense")
    make_wav("in/good.wav", seconds=1)
    command = (*COUNTING, "--skip-existing", "-o", "out/", "in")

    first = run_command(*command)
    second = run_command(*command)

    assert "in/bad.wav is not audio" in first.stderr
    assert (
        (second.stderr, second.returncode) == (first.stderr, first.returncode) == (first.stderr, 1)
    )


def test_recordings_side_by_side_are_written_in_their_order(
    make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    long, short = make_wav("long.wav", seconds=9), make_wav("short.wav", seconds=1)

    result = run_command(*COUNTING, "--jobs", 2, long, short)

    lines = result.stdout.splitlines()
    assert [line.split(":")[0].endswith("long.wav") for line in lines] == [True] * 9 + [False]


def test_a_bad_recording_does_not_end_the_others(
    make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_text("nonsense")

    result = run_command(*COUNTING, "--jobs", 2, "-o", "out/", bad, make_wav(seconds=1))

    assert result.returncode == 1
    assert "bad.wav is not audio" in result.stderr
    assert names(tmp_path / "out") == ["speech.txt"]


def test_subtitles_of_several_go_into_a_folder_also_where_it_is_not_there_yet(
    make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    one, other = make_wav(seconds=1), make_wav(name="other.wav", seconds=1)

    result = run_command(*COUNTING, "-f", "srt", "-o", "subs", one, other)

    assert result.returncode == 0, result.stderr
    assert names(tmp_path / "subs") == ["other.srt", "speech.srt"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-f", "srt"], "takes one recording.* give a folder for -o"),
        (["-f", "srt", "-o", "-"], "takes one recording"),
        (["-f", "srt,vtt", "-o", "-"], "standard output takes one --format"),
        (["-f", "srt", "-o", "a.srt", "-o", "b.srt"], "leave out --format"),
        (["-o", "a.txt", "-o", "./a.txt"], "outputs are the same file"),
        (["-f", "wrong"], "'wrong' is none of txt, srt"),
        (["*.nothing"], "no such file"),
        (["-f", "all", "-o", "speech.wav"], "is a file, and 6 formats need a folder"),
        (["-f", "srt,vtt", "-o", "a.srt"], "a.srt is a file, and 2 formats need a folder, with a"),
    ],
)
def test_outputs_that_do_not_fit_are_a_usage_error(
    arguments: list[str], words: str, make_wav: MakeWav, run_command: Run
) -> None:
    import re

    paths = [make_wav(seconds=1), make_wav("b.wav", seconds=1)]

    result = run_command(*COUNTING, *arguments, *paths)

    assert result.returncode == 2
    assert re.search(words, " ".join(result.stderr.split()))
