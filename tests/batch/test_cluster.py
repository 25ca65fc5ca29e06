"""A real Dask cluster: its scheduler and workers are processes, and some of them are killed."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import tracemalloc
import wave
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anyio
import pytest

import anyio_stt.testing
from anyio_stt import STT, AudioFrame
from anyio_stt.batch import BatchResult, ClusterError, EngineUnavailableError, transcribe_all
from tests.batch.dask_forks import Forks, is_alive
from tests.batch.deadly import POISON, DeadlySTT, NotHereSTT, WhereSTT
from tests.batch.engines import REFUSED, BatchSTT, recording

pytest.importorskip("distributed")

SOAK = bool(os.environ.get("ANYIO_STT_SOAK"))
ROOT = Path(__file__).parents[2]
SPOKEN = Path(anyio_stt.testing.__file__).with_name("spoken.wav")
WORDS = "good morning and welcome to the show this speech was made by a machine"

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1200 if SOAK else 240)]


class Dask:
    """A scheduler with workers, each a process of its own."""

    def __init__(self, forks: Forks) -> None:
        self._forks = forks
        self.workers: list[int] = []
        ((self.scheduler, self.address),) = forks.start("scheduler")

    def add_workers(self, count: int) -> None:
        self.workers += [pid for pid, _ in self._forks.start(*[f"worker {self.address}"] * count)]

    def close(self) -> None:
        for each in [*self.workers, self.scheduler]:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    there = Forks(tmp_path_factory.mktemp("dask"))
    try:
        yield there
    finally:
        there.close()


@pytest.fixture
def dask(forks: Forks) -> Iterator[Dask]:
    cluster = Dask(forks)
    try:
        yield cluster
    finally:
        cluster.close()


BOTH = pytest.mark.parametrize("backend", ["asyncio", "trio"])


def collect(
    recordings: Iterable[Any],
    engine: Callable[[], STT],
    cluster: str,
    *,
    backend: str = "asyncio",
    meanwhile: Callable[[int], None] = lambda _: None,
    **how: Any,
) -> list[BatchResult]:
    """Return all results; *meanwhile* is told how many there are."""

    async def main() -> list[BatchResult]:
        heard = []
        with anyio.fail_after(200):
            async with transcribe_all(recordings, engine, cluster=cluster, **how) as results:
                async for result in results:
                    heard.append(result)
                    meanwhile(len(heard))
        return heard

    return anyio.run(main, backend=backend)


@BOTH
def test_two_of_three_workers_are_killed_and_not_a_word_is_missing(
    dask: Dask, backend: str
) -> None:
    # A real engine for one of the clients: it is the workers' affair.
    engine: Callable[[], STT] = BatchSTT
    recordings: list[Any] = [recording(number) for number in range(30, 60)]
    words = [str(number) for number in range(30, 60)]
    if backend == "asyncio":
        engine = pytest.importorskip("anyio_stt.engines.pocketsphinx").PocketSphinxSTT
        recordings = [SPOKEN] * (60 if SOAK else 5)
        words = [WORDS] * len(recordings)
    dask.add_workers(3)

    def kill(count: int) -> None:
        if count == 1:
            for worker in dask.workers[:2]:
                os.kill(worker, signal.SIGKILL)

    results = collect(recordings, engine, dask.address, backend=backend, meanwhile=kill)
    assert [each.error for each in results if each.error is not None] == []
    assert sorted(each.text for each in results) == words
    assert [is_alive(worker) for worker in dask.workers] == [False, False, True]


def test_a_recording_that_kills_its_workers_is_named_and_the_others_go_on(dask: Dask) -> None:
    dask.add_workers(5)  # two die, are suspects, and two more when it is tried alone
    numbers = [30, 31, POISON, REFUSED, *range(32, 50)]
    results = collect(map(recording, numbers), DeadlySTT, dask.address)
    assert len(results) == len(numbers)
    errors = {result.recording: result.error for result in results if result.error is not None}
    assert set(errors) == {recording(POISON), recording(REFUSED)}
    assert "every worker that took it died" in str(errors[recording(POISON)])
    assert "nobody hears that" in str(errors[recording(REFUSED)])
    assert sum(map(is_alive, dask.workers)) == 1
    said = sorted(result.text for result in results if result.error is None)
    assert said == sorted(str(n) for n in numbers if n not in {POISON, REFUSED})


def test_workers_of_this_machine_that_start_again_slowly_are_not_given_up() -> None:
    import dask

    # What Dask waits for one is less than any takes to start; then it would be gone for good.
    short = {
        "distributed.deploy.lost-worker-timeout": "0.1 s",
        "distributed.scheduler.allowed-failures": 1,
    }
    numbers = [POISON, 30, 31, 32]
    with dask.config.set(short):
        results = collect(map(recording, numbers), DeadlySTT, "local", jobs=2)
    (poison,) = (result for result in results if result.error is not None)
    assert poison.recording == recording(POISON)
    assert sorted(result.text for result in results) == ["", "30", "31", "32"]


def test_memory_does_not_grow_with_the_number_of_recordings(dask: Dask) -> None:
    dask.add_workers(2)
    frame = recording(30, 0.1)
    many = 10_000 if SOAK else 500
    taken = 0
    held = []

    def frames() -> Iterator[AudioFrame]:
        nonlocal taken
        for taken in range(1, many + 1):  # noqa: B007
            yield frame

    async def main() -> None:
        read = 0
        async with transcribe_all(frames(), BatchSTT, cluster=dask.address) as results:
            async for result in results:
                assert result.text == "30"
                read += 1
                assert taken - read <= 8  # in flight, or waiting to be read
                if read in {many // 5, many}:
                    gc.collect()
                    held.append(tracemalloc.get_traced_memory()[0])
        assert read == many

    tracemalloc.start()
    anyio.run(main)
    tracemalloc.stop()
    assert held[1] < held[0] + 200_000


def test_recordings_of_the_web_are_loaded_by_the_workers(dask: Dask) -> None:
    dask.add_workers(2)
    handler = partial(SimpleHTTPRequestHandler, directory=str(SPOKEN.parent))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        where = f"http://127.0.0.1:{server.server_port}"
        results = collect([f"{where}/{SPOKEN.name}", f"{where}/no.wav"], BatchSTT, dask.address)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    there, missing = sorted(results, key=lambda result: result.error is not None)
    assert (there.text, there.error) == ("0", None)
    assert there.duration == pytest.approx(5.9)
    assert "no.wav cannot be loaded: HTTP 404" in str(missing.error)


def test_an_engine_that_the_workers_cannot_make_is_told_once(dask: Dask) -> None:
    dask.add_workers(1)
    with pytest.raises(EngineUnavailableError, match="there is no key on this machine"):
        collect(map(recording, range(30, 50)), NotHereSTT, dask.address)
    with pytest.raises(ValueError, match="make their engines: give BatchSTT"):
        collect([recording(30)], BatchSTT(), dask.address)  # type: ignore[arg-type]


def test_a_scheduler_that_is_not_there_or_ends_is_told(
    dask: Dask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anyio_stt.batch.cluster._CONNECT_TIMEOUT", 1.0)
    with pytest.raises(ClusterError, match="cannot be reached"):
        collect([recording(30)], BatchSTT, "tcp://127.0.0.1:9")
    with pytest.raises(ClusterError, match="DASK_SCHEDULER_ADDRESS"):
        collect([recording(30)], BatchSTT, "dask-config")
    dask.add_workers(1)

    def kill(count: int) -> None:
        with suppress(ProcessLookupError):  # each result that still comes kills it again
            os.kill(dask.scheduler, signal.SIGKILL)

    with pytest.raises(ClusterError, match="scheduler is gone"):
        collect(map(recording, range(30, 90)), BatchSTT, dask.address, meanwhile=kill)


def test_a_long_recording_is_heard_in_pieces_by_several_workers(dask: Dask, tmp_path: Path) -> None:
    dask.add_workers(2)
    long = tmp_path / "long.wav"
    with wave.open(str(long), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        for number in range(30, 60):
            file.writeframes(recording(number, 14).to_array().tobytes())
            file.writeframes(recording(0, 1).to_array().tobytes())
    (result,) = collect([long], WhereSTT, dask.address)
    assert result.error is None
    assert result.duration == pytest.approx(450, abs=1)
    ends = [said.end_time for said in result.segments]
    assert ends == sorted(ends)
    assert ends[-1] == pytest.approx(450, abs=1)
    assert len({said.text for said in result.segments}) == 2  # processes


def test_an_interrupted_run_of_the_command_is_gone_on_with(dask: Dask, tmp_path: Path) -> None:
    pytest.importorskip("click")
    dask.add_workers(1)
    with wave.open(str(tmp_path / "speech.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(recording(1000, 4).to_array().tobytes())

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "anyio_stt", "transcribe", "--cluster", dask.address,
             "--engine", "tests.cli.fake_engines:CountingSTT",
             "--option", f"fail_once={tmp_path / 'flag'}", "-o", "out.srt", "speech.wav"],
            cwd=tmp_path, capture_output=True, text=True, timeout=150, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    first = run()
    assert "the quota is used up" in first.stderr
    assert (first.returncode, (tmp_path / "out.srt.journal").exists()) == (1, True)
    second = run()
    assert "continuing from 2.0 s" in second.stderr
    assert second.returncode == 0
    said = (tmp_path / "out.srt").read_text()
    assert said.count("-->") == 4
    assert "00:00:02,000 --> 00:00:03,000\nsecond 1" in said
    assert not (tmp_path / "out.srt.journal").exists()
