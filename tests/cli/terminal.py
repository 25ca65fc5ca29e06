"""A terminal with the command in it."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

_PATIENCE = 60.0


class Terminal:
    """
    Runs a command as a person would; its input and outputs are a terminal.

    Args:
        command: what to run.
        cwd: where.
        env: what to add to the environment.
        columns: how wide it is.
    """

    def __init__(
        self, command: Sequence[str], *, cwd: Path, env: dict[str, str], columns: int = 200
    ) -> None:
        assert sys.platform != "win32"
        import pty

        self._main, terminal = pty.openpty()
        environment = os.environ | {"TERM": "xterm", "COLUMNS": str(columns), "LINES": "24"} | env
        self._process = subprocess.Popen(
            command, stdin=terminal, stdout=terminal, stderr=terminal, cwd=cwd, env=environment
        )
        os.close(terminal)
        self.written = ""
        self._seen = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait(10)
        os.close(self._main)

    def type(self, keys: str) -> None:
        os.write(self._main, keys.encode())

    def wait_for(self, text: str) -> None:
        """Read until *text* is written, behind what was waited for before."""
        while text not in self.written[self._seen :]:
            assert self._read(), f"{text!r} never came: {self.written[-2000:]!r}"
        self._seen = self.written.index(text, self._seen) + len(text)

    def wait(self) -> int:
        """Read to the end, and return the exit code."""
        while self._read():
            pass
        return self._process.wait(_PATIENCE)

    def _read(self) -> bool:
        assert select.select([self._main], [], [], _PATIENCE)[0], self.written[-2000:]
        try:
            data = os.read(self._main, 65536)
        except OSError:  # how Linux says that nobody writes there any more
            return False
        self.written += data.decode("utf-8", "replace")
        return bool(data)
