"""The command: `python -m benchmarks.chaos`."""

from __future__ import annotations

import argparse

from ..environments import CHECKOUT
from .report import chart, table
from .run import CONTESTANTS, run_all, seeded
from .scenarios import SCENARIOS

_DOCS = CHECKOUT / "docs"
_BEGIN, _END = "<!-- figures: written by python -m benchmarks.chaos -->", "<!-- end of figures -->"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.chaos",
        description="Count what is lost when things break, here and elsewhere.",
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="a few seconds of two scenarios")
    add("--scenarios", metavar="A,B", help=f"of {', '.join(SCENARIOS)}")
    add("--contestants", metavar="A,B", help="only contestants whose names begin so")
    add("--seed", type=int, help="of what breaks when; the same one breaks the same")
    add("--here", action="store_true", help="only what this interpreter has; no environments")
    add("--docs", action="store_true", help="write table and chart into docs/")
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    quick, seed = arguments.quick, seeded(arguments.seed)
    words = 100 if quick else 600
    wanted = arguments.scenarios.split(",") if arguments.scenarios else list(SCENARIOS)
    scenarios = [name for name in wanted if SCENARIOS[name].quick or not quick]
    prefixes = tuple(arguments.contestants.split(",")) if arguments.contestants else ("",)
    contestants = [
        each for each in CONTESTANTS if each.name.startswith(prefixes) and (each.quick or not quick)
    ]
    outcomes = run_all(scenarios, contestants, words, seed, here=arguments.here)
    report = f"{words} words, 500 a minute; `--seed {seed}`\n\n{table(outcomes)}"
    print(report)
    if arguments.docs:
        page = _DOCS / "chaos.md"
        before, _, rest = page.read_text().partition(_BEGIN)
        page.write_text(f"{before}{_BEGIN}\n\n{report}\n\n{_END}{rest.partition(_END)[2]}")
        (_DOCS / "chaos.svg").write_text(chart(outcomes, words))


if __name__ == "__main__":
    main()
