from __future__ import annotations

import subprocess
import sys

WITHOUT = """
import sys
for name in ("h11", "wsproto", "httpx2"):
    sys.modules[name] = None
import anyio_stt.engines.wyoming
print(anyio_stt.engines.wyoming.WyomingSTT.__name__)
"""


def test_the_engine_needs_nothing_that_its_empty_extra_does_not_install() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.stdout, done.returncode) == ("WyomingSTT\n", 0), done.stderr
