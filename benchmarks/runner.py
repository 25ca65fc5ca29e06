"""Starts a process for each contestant and lets them work in turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .contestants import Contestant
from .environments import CHECKOUT, EnvironmentFailed, python_of
from .rows import ROWS, Line, Row

__all__ = ("Result", "Worker", "measure", "start_workers")


@dataclass
class Result:
    """All that was measured of one line: the values of each contestant, or why there are none."""

    row: Row
    line: Line
    values: dict[str, list[float]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


class Worker:
    """
    One contestant's process.

    Args:
        contestant: who.
        name: what the report calls it.
        python: the interpreter of its environment.
        checkout: where the library under test is imported from.
    """

    def __init__(self, contestant: Contestant, name: str, python: Path, checkout: Path) -> None:
        self.contestant = contestant
        self.name = name
        # Modules are found in the checkout that is measured, the benchmarks in this one.
        path = os.pathsep.join(dict.fromkeys((str(checkout), str(CHECKOUT))))
        self._process = subprocess.Popen(
            [
                str(python),
                "-P" if sys.version_info >= (3, 11) else "-B",
                "-m",
                "benchmarks.worker",
                contestant.name,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONPATH": path},
        )
        self.versions: dict[str, str] = self._read()

    def measure(self, row: Row, quick: bool) -> dict[str, Any]:
        """Do a row once; see `worker.py` for what comes back."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"row": ROWS.index(row), "quick": quick}) + "\n")
        self._process.stdin.flush()
        return self._read()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise EnvironmentFailed(f"its process ended with code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def start_workers(
    contestants: Iterable[Contestant],
    *,
    here: bool = False,
    fresh: bool = False,
    against: Path | None = None,
) -> tuple[list[Worker], dict[str, str]]:
    """
    Start a worker for each contestant, and return them and why the others could not be.

    Args:
        contestants: who takes part.
        here: use this interpreter for our own, and leave the others out.
        fresh: make the environments anew.
        against: another checkout of this library, whose contestants take part as `NAME@before`.
    """
    workers: list[Worker] = []
    absent: dict[str, str] = {}
    made: dict[str, Path | EnvironmentFailed] = {}
    for contestant in contestants:
        environment = contestant.environment
        if environment not in made:
            made[environment] = _python(environment, here, fresh)
        python = made[environment]
        if isinstance(python, EnvironmentFailed):
            absent[contestant.name] = str(python)
            continue
        try:
            workers.append(Worker(contestant, contestant.name, python, CHECKOUT))
            if against is not None and contestant.module == "anyio_stt":
                workers.append(Worker(contestant, f"{contestant.name}@before", python, against))
        except EnvironmentFailed as exc:
            absent[contestant.name] = str(exc)
    return workers, absent


def _python(environment: str, here: bool, fresh: bool) -> Path | EnvironmentFailed:
    if here:
        if environment == "anyio_stt":
            return Path(sys.executable)
        return EnvironmentFailed("left out: --here runs what this interpreter has")
    try:
        return python_of(environment, fresh=fresh)
    except EnvironmentFailed as exc:
        return exc


def measure(row: Row, workers: list[Worker], absent: dict[str, str], quick: bool) -> list[Result]:
    """Do a row with every worker in turn, again and again, the order reversed each time."""
    results = [Result(row, line, missing=dict(absent)) for line in row.lines]
    present = [each for each in workers if row.number in (each.contestant.rows or (row.number,))]
    for turn in range((row.repeat + 1) // 3 if quick else row.repeat):
        for worker in present if turn % 2 else present[::-1]:
            if worker.name in results[0].missing:
                continue
            _note(worker.name, worker.measure(row, quick), results)
    return results


def _note(name: str, answer: dict[str, Any], results: list[Result]) -> None:
    if "failed" in answer:
        print(f"{name}, row {results[0].row.number}:\n{answer['failed']}", file=sys.stderr)
        answer = {"missing": f"failed: {answer['why']}"}
    for index, result in enumerate(results):
        if "missing" in answer:
            result.missing[name] = answer["missing"]
        else:
            result.values.setdefault(name, []).append(answer["values"][index])
