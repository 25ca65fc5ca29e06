"""Run every scenario in this interpreter and write what was seen to standard output, as JSON."""

from __future__ import annotations

import json
import logging
import sys

import anyio

from . import SCENARIOS, run_all
from .shim import version


def main() -> None:
    logging.disable(logging.CRITICAL)
    seen = anyio.run(run_all, backend=sys.argv[1])
    assert len(seen) == len(SCENARIOS)
    sys.stdout.write(json.dumps({"version": version, "seen": seen}))


main()
