"""What people expect of any command: addresses, settings, terminals and names of every kind."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.cli.terminal import Terminal

COUNTING = "fake_engines:CountingSTT"
SAYING = "fake_engines:SayingSTT"
MakeWav = Callable[..., Path]
Run = Callable[..., subprocess.CompletedProcess[Any]]

posix = pytest.mark.skipif(sys.platform == "win32", reason="descriptors and terminals of POSIX")


# ---- addresses


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def serving(tmp_path: Path, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve the folder of the test, and return the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(tmp_path)))
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with serving(tmp_path) as port:
        yield f"http://127.0.0.1:{port}"


def test_an_address_of_https_is_trusted_as_the_system_says(
    make_wav: MakeWav, run_process: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    make_wav(seconds=1)
    with serving(tmp_path, tls) as port:
        words = ("transcribe", "--engine", COUNTING, f"https://127.0.0.1:{port}/speech.wav")
        refused = run_process(*words)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        done = run_process(*words)

    assert refused.returncode == 2
    assert b"cannot be loaded" in refused.stderr
    assert (done.returncode, done.stdout, done.stderr) == (
        0, b"second 1 peak 1000 channels 1\n", b""
    )  # fmt: skip


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_address_is_a_recording(
    backend: str, address: str, make_wav: MakeWav, run_command: Run
) -> None:
    make_wav(seconds=2)
    done = run_command(
        "transcribe", "--engine", COUNTING, "--backend", backend, f"{address}/speech.wav"
    )
    assert done.stdout == "second 1 peak 1000 channels 1\nsecond 2 peak 1000 channels 1\n"
    assert (done.returncode, done.stderr) == (0, "")


def test_the_transcript_of_an_address_is_called_like_its_last_part(
    address: str, make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    make_wav(seconds=1)
    run_command("transcribe", "--engine", COUNTING, "-o", "out/", f"{address}/speech.wav?token=1")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["speech.txt"]


def test_an_address_without_a_recording_is_one_line_and_the_others_go_on(
    address: str, make_wav: MakeWav, run_command: Run
) -> None:
    path = make_wav(seconds=1)
    done = run_command("transcribe", "--engine", COUNTING, f"{address}/none.wav", path)
    assert done.returncode == 1
    assert done.stderr == f"anyio-stt: {address}/none.wav cannot be loaded: HTTP 404\n"
    assert "second 1" in done.stdout


def test_a_server_that_is_not_there_is_one_line(run_command: Run) -> None:
    done = run_command("transcribe", "--engine", COUNTING, "http://127.0.0.1:9/a.wav")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "http://127.0.0.1:9/a.wav cannot be loaded" in done.stderr


def test_a_store_that_nobody_knows_is_named_once(run_command: Run) -> None:
    pytest.importorskip("fsspec")
    done = run_command("transcribe", "--engine", COUNTING, "nowhere://a.wav")
    assert done.returncode == 2
    assert done.stderr.count("nowhere://a.wav") == 1


# ---- settings


def test_defaults_come_from_a_file(make_wav: MakeWav, run_command: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        f'engine = "{COUNTING}"\n[transcribe]\nformat = "tsv"\noption = {{ fail_after = 9 }}\n'
    )
    done = run_command("--config", "config.toml", "transcribe", make_wav(seconds=1))
    assert done.returncode == 0
    assert "\tsecond 1 peak 1000 channels 1\n" in done.stdout


def test_the_environment_wins_over_the_file_and_the_line_over_both(
    make_wav: MakeWav, run_command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text('engine = "nobody"\nformat = "vtt"\n')
    monkeypatch.setenv("ANYIO_STT_CONFIG", "config.toml")
    monkeypatch.setenv("ANYIO_STT_ENGINE", COUNTING)
    path = make_wav(seconds=1)

    assert run_command("transcribe", path).stdout.startswith("WEBVTT")
    assert run_command("transcribe", "-f", "txt", path).stdout.startswith("second 1")


@pytest.mark.parametrize("content", ["engine = ", None])
def test_a_config_that_cannot_be_read_is_one_line(
    content: str | None, run_command: Run, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "config.toml").write_text(content)
    done = run_command("--config", "config.toml", "engines")
    assert done.returncode == 2
    assert done.stderr.startswith("anyio-stt: config.toml: ")
    assert done.stderr.count("config.toml") == 1
    assert done.stderr.count("\n") == 1


def test_verbose_tells_what_goes_on(make_wav: MakeWav, run_command: Run) -> None:
    path = make_wav(seconds=1)
    quiet = run_command("transcribe", "--engine", "fake_engines:TalkativeSTT", path)
    verbose = run_command("transcribe", "--engine", "fake_engines:TalkativeSTT", "-v", path)
    all_of_it = run_command("transcribe", "--engine", "fake_engines:TalkativeSTT", "-vv", path)
    assert quiet.stderr == ""
    assert verbose.stderr == "anyio-stt: it listens\n"
    assert "anyio-stt: it thinks\n" in all_of_it.stderr
    assert quiet.stdout == verbose.stdout == all_of_it.stdout


@pytest.mark.parametrize(
    ("words", "guesses"),
    [
        ((), False),  # nobody would see them
        (("--interim", "auto", "--all-events", "-f", "jsonl"), True),
        (("--interim", "always"), True),
        (("--interim", "never", "--all-events", "-f", "jsonl"), False),
    ],
)
def test_guesses_are_made_where_they_are_wanted(
    words: tuple[str, ...], guesses: bool, make_wav: MakeWav, run_command: Run
) -> None:
    done = run_command(
        "transcribe", "--engine", "fake_engines:GuessingSTT", *words, make_wav(seconds=1)
    )
    assert f"interims {guesses}" in done.stdout


# ---- channels


@pytest.mark.parametrize(
    ("channels", "peaks"), [("each", {1000, 2000}), ("1", {1000}), ("2", {2000}), ("mix", {1500})]
)
def test_channels_are_heard_as_asked(
    channels: str, peaks: set[int], make_wav: MakeWav, run_command: Run
) -> None:
    path = make_wav(seconds=2, levels=(1000, 2000))
    done = run_command(
        "transcribe", "-q", "--engine", COUNTING, "--channels", channels, "-f", "jsonl", path
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {int(line["text"].split()[3]) for line in lines} == peaks
    assert [line["start"] for line in lines] == sorted(line["start"] for line in lines)
    assert done.stderr == ""


def test_each_channel_is_a_speaker_in_every_format(
    make_wav: MakeWav, run_command: Run, tmp_path: Path
) -> None:
    path = make_wav(seconds=1, levels=(1000, 2000))
    run_command("transcribe", "--engine", COUNTING, "--channels", "each", "-f", "all",
                "-o", "out/", path)  # fmt: skip
    for place in (tmp_path / "out").iterdir():
        text = place.read_text()
        assert "peak 1000" in text, place.name
        assert "peak 2000" in text, place.name
        assert re.search(r"\b[12]\b|channel", text.replace("channels 1", "")), place.name


def test_a_channel_that_is_not_there_is_one_line(make_wav: MakeWav, run_command: Run) -> None:
    done = run_command("transcribe", "--engine", COUNTING, "--channels", "3", make_wav())
    assert done.returncode == 2
    assert done.stderr == "anyio-stt: speech.wav has 1 channel(s), and no channel 3\n"


# ---- terminals and pipes

TEXT = "über 日本, “so”"


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252", "cp437", "cp932", "utf-8"])
def test_any_code_page_shows_what_it_can_and_files_are_utf_8(
    encoding: str, make_wav: MakeWav, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "anyio_stt", "transcribe", "--engine", SAYING,
         "--option", f"text={TEXT}", "-o", "-", "-o", "out.txt", str(make_wav(seconds=1))],
        cwd=tmp_path, capture_output=True, timeout=60, check=False,
        env=os.environ | {"PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.rstrip() == TEXT.encode(encoding, "replace")
    assert (tmp_path / "out.txt").read_text("utf-8") == f"{TEXT}\n"


@posix
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_descriptors_harm_no_output(closed: str, make_wav: MakeWav, tmp_path: Path) -> None:
    done = subprocess.run(
        f'"{sys.executable}" -m anyio_stt transcribe --engine {COUNTING} -o out.txt '
        f'"{make_wav(seconds=2)}" {closed}',
        shell=True, cwd=tmp_path, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    lines = (tmp_path / "out.txt").read_text().splitlines()
    assert lines == [f"second {second} peak 1000 channels 1" for second in (1, 2)]


@posix
def test_a_narrow_terminal_is_filled_and_not_more(make_wav: MakeWav, tmp_path: Path) -> None:
    path = make_wav("a-recording-with-a-rather-long-name.wav", seconds=2)
    command = [sys.executable, "-m", "anyio_stt", "transcribe", "--engine", COUNTING]
    command += ["--realtime", str(path), "-o", "out.txt"]
    with Terminal(command, cwd=tmp_path, env={}, columns=40) as terminal:
        assert terminal.wait() == 0
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.written)
    assert "perhaps 1" in shown
    assert max(map(len, re.split(r"[\r\n]+", shown))) <= 40


@posix
@pytest.mark.parametrize("no_color", [True, False])
def test_no_color_is_obeyed(no_color: bool, make_wav: MakeWav, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "anyio_stt", "transcribe", "--engine", COUNTING]
    environment = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    with Terminal(
        [*command, str(make_wav(seconds=2))],
        cwd=tmp_path,
        env=environment | ({"NO_COLOR": "1"} if no_color else {}),
    ) as terminal:
        assert terminal.wait() == 0
    colors = re.findall(
        r"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7])(?:;[0-9;]*)?m", terminal.written
    )
    assert bool(colors) != no_color


@posix
@pytest.mark.parametrize(
    "name", [b"caf\xe9.wav", b"a\x1b[2Jb\nc.wav", b" -.wav", "é日.wav".encode()]
)
def test_file_names_may_be_any_bytes(name: bytes, make_wav: MakeWav, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    os.rename(make_wav(seconds=1), os.path.join(os.fsencode(folder), name))
    done = subprocess.run(
        [sys.executable, "-m", "anyio_stt", "transcribe", "--engine", COUNTING,
         "-f", "jsonl", "-f", "srt", "-o", "out/", "in", "in-not-there"],
        cwd=tmp_path, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    stem = name.removesuffix(b".wav")
    assert sorted(os.listdir(os.fsencode(tmp_path / "out"))) == [stem + b".jsonl", stem + b".srt"]
    written = (tmp_path / "out").iterdir()
    assert all("second 1" in path.read_text("utf-8") for path in written)
    assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", done.stdout + done.stderr)
