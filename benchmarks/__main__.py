"""The command: `python -m benchmarks`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from .chart import chart
from .contestants import CONTESTANTS
from .environments import CHECKOUT
from .rows import ROWS
from .runner import Result, Worker, measure, start_workers
from .summary import as_json
from .table import heading, table

_DOCS = CHECKOUT / "docs"
_BEGIN, _END = "<!-- figures: written by python -m benchmarks -->", "<!-- end of figures -->"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure this library beside LiveKit Agents and the limit.",
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="less of each row, to see that all of them work")
    add("--rows", metavar="1,3", help="only these rows")
    add("--contestants", metavar="A,B", help="only contestants whose names begin so")
    add("--json", metavar="FILE", help="write one line a row; - is standard output")
    add("--docs", action="store_true", help="write table and chart into docs/")
    add("--fresh", action="store_true", help="make the virtual environments anew")
    add("--here", action="store_true", help="only what this interpreter has; no environments")
    add("--against", metavar="CHECKOUT", type=Path, help="another version of this library")
    return parser.parse_args()


def _machine(workers: list[Worker]) -> dict[str, Any]:
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "versions": {each.name: each.versions for each in workers},
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _measure_all(arguments: argparse.Namespace, out: TextIO | None) -> tuple[list[Result], Any]:
    wanted = {int(each) for each in arguments.rows.split(",")} if arguments.rows else None
    prefixes = tuple(arguments.contestants.split(",")) if arguments.contestants else ("",)
    contestants = [each for each in CONTESTANTS if each.name.startswith(prefixes)]
    workers, absent = start_workers(
        contestants, here=arguments.here, fresh=arguments.fresh, against=arguments.against
    )
    machine, results = _machine(workers), []
    try:
        for row in ROWS:
            started = time.monotonic()
            if (wanted and row.number not in wanted) or (arguments.quick and not row.quick):
                continue
            print(f"row {row.number}: {row.lines[0].name} ...", file=sys.stderr)
            for result in measure(row, workers, absent, arguments.quick):
                results.append(result)
                if out is not None:
                    print(json.dumps(as_json(result)), file=out, flush=True)
            print(f"  {time.monotonic() - started:.0f} s", file=sys.stderr)
    finally:
        for worker in workers:
            worker.close()
    return results, machine


def _write_docs(results: list[Result], machine: dict[str, Any], quick: bool) -> None:
    page = _DOCS / "benchmarks.md"
    before, _, rest = page.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    how = "`--quick`: little of each row, few times" if quick else "a whole run"
    figures = f"{_BEGIN}\n\n- Measured with {how}\n{heading(machine)}\n\n{table(results)}\n\n{_END}"
    page.write_text(before + figures + after)
    (_DOCS / "benchmarks.svg").write_text(chart(results))


def main() -> None:
    arguments = _arguments()
    if arguments.json is None or arguments.json == "-":
        results, machine = _measure_all(arguments, sys.stdout if arguments.json else None)
    else:
        with open(arguments.json, "w") as out:
            results, machine = _measure_all(arguments, out)
    report = sys.stderr if arguments.json == "-" else sys.stdout
    print(heading(machine), "", table(results), sep="\n", file=report)
    if arguments.docs:
        _write_docs(results, machine, arguments.quick)


if __name__ == "__main__":
    main()
