"""Row 10. Importing the library in a new interpreter, its dependencies included."""

from __future__ import annotations

import subprocess
import sys

from ..kit import Kit, NotMeasured
from .row import Line, Row

_PROGRAM = """
import time
started = time.process_time()
{line}
print((time.process_time() - started) * 1e3)
"""


def import_time(kit: Kit, quick: bool) -> tuple[float, ...]:
    if not kit.import_line:
        raise NotMeasured("is no package")
    command = [sys.executable, "-c", _PROGRAM.format(line=kit.import_line)]
    made = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return (float(made.stdout.split()[-1]),)


ROWS = (Row(10, (Line("import", "ms"),), import_time),)
