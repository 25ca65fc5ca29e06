"""Recordings in stores: on the disk, and of a real server of S3's protocol."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

import anyio_stt.testing
from anyio_stt.audio import AudioFileError
from anyio_stt.batch import transcribe_all
from anyio_stt.batch.stores import find_stored, is_stored
from tests.batch.engines import BatchSTT

fsspec = pytest.importorskip("fsspec")

SPOKEN = Path(anyio_stt.testing.__file__).with_name("spoken.wav")


def transcribed(*addresses: str, cluster: str | None = None, backend: str = "asyncio") -> Any:
    async def main() -> Any:
        with anyio.fail_after(60):
            async with transcribe_all(addresses, BatchSTT, cluster=cluster) as results:
                return {str(each.recording): each async for each in results}

    return anyio.run(main, backend=backend)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    for name in ("a.wav", "b.wav", "deep/c.wav", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(SPOKEN, tmp_path / name)
    return tmp_path


def test_addresses_of_stores_are_told_from_files_and_from_the_web() -> None:
    assert is_stored("s3://bucket/a.wav")
    assert is_stored("file:///a.wav")
    assert not is_stored("https://host/a.wav")
    assert not is_stored("c:/a.wav")
    assert not is_stored("a.wav")


def test_a_file_a_folder_and_a_pattern_are_found(archive: Path) -> None:
    one = find_stored(f"file://{archive}/a.wav")
    assert [(each.address, each.inside) for each in one] == [(f"file://{archive}/a.wav", "a.wav")]
    inside = [each.inside for each in find_stored(f"file://{archive}")]
    assert inside == ["a.wav", "b.wav", "deep/c.wav", "notes.txt"]
    assert [each.inside for each in find_stored(f"file://{archive}/*.wav")] == ["a.wav", "b.wav"]
    with pytest.raises(FileNotFoundError):
        find_stored(f"file://{archive}/missing.wav")


def test_another_version_of_a_recording_is_told_from_the_first(archive: Path) -> None:
    place = f"file://{archive}/a.wav"
    before = find_stored(place)[0].version
    assert find_stored(place)[0].version == before
    (archive / "a.wav").write_bytes(SPOKEN.read_bytes() + b"more")
    assert find_stored(place)[0].version != before


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_recording_is_read_where_it_is(archive: Path, backend: str) -> None:
    here, missing = f"file://{archive}/a.wav", f"file://{archive}/missing.wav"
    results = transcribed(here, missing, backend=backend)
    assert results[here].duration == pytest.approx(5.9)
    assert results[here].error is None
    assert isinstance(results[missing].error, FileNotFoundError)


def test_a_store_that_nobody_knows_is_one_line() -> None:
    with pytest.raises(AudioFileError, match=r"nowhere://a\.wav cannot be loaded: .*nowhere"):
        find_stored("nowhere://a.wav")
    error = transcribed("nowhere://a.wav")["nowhere://a.wav"].error
    assert "cannot be loaded" in str(error)


# ---- servers that speak what the real ones do; the command is a process, as its settings are


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "anyio_stt", "transcribe", *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )


@pytest.fixture
def s3() -> Iterator[dict[str, str]]:
    server = pytest.importorskip("moto.server").ThreadedMotoServer(port=0)
    pytest.importorskip("s3fs")
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "anybody",
            "AWS_SECRET_ACCESS_KEY": "anything",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
    finally:
        server.stop()


@pytest.fixture
def gs() -> Iterator[dict[str, str]]:
    emulator = pytest.importorskip("gcp_storage_emulator.server")
    pytest.importorskip("gcsfs")
    server = emulator.create_server("localhost", 0, in_memory=True)
    with server:
        yield {
            "STORAGE_EMULATOR_HOST": f"http://localhost:{server._api._httpd.server_port}",
            "FSSPEC_GS_TOKEN": "anon",
            # It would ask Google itself, by gRPC, which kind of bucket that is.
            "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",
        }


@pytest.mark.heavy
@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", ["s3", "gs"])
def test_the_command_transcribes_a_folder_of_a_store(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = request.getfixturevalue(kind)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    store = fsspec.filesystem(kind, skip_instance_cache=True)
    store.mkdir("archive")
    for name in ("a.wav", "deep/b.wav", "deep/notes.txt"):
        store.pipe_file(f"archive/shows/{name}", SPOKEN.read_bytes())

    def run(*where: str) -> subprocess.CompletedProcess[str]:
        engine = ("--engine", "tests.batch.engines:BatchSTT", "--no-vad", "-q")
        return command(*engine, "-o", f"{tmp_path}/out/", *where, f"{kind}://archive/shows")

    done = run()
    assert (done.stderr, done.returncode) == ("", 0)
    assert (tmp_path / "out" / "a.txt").read_text() == "0\n"
    assert (tmp_path / "out" / "deep" / "b.txt").read_text() == "0\n"
    assert not (tmp_path / "out" / "deep" / "notes.txt").exists()
    if kind == "s3":  # workers read any store as this process does
        (tmp_path / "out" / "a.txt").unlink()
        spread = run("--cluster", "local", "--jobs", "1", "--skip-existing")
        assert (spread.stderr, spread.returncode) == ("", 0)
        assert (tmp_path / "out" / "a.txt").read_text() == "0\n"
    missing = command("--engine", "tests.batch.engines:BatchSTT", f"{kind}://archive/no.wav")
    assert missing.returncode == 2
    assert len(missing.stderr.splitlines()) == 1
    assert "no.wav" in missing.stderr
