"""The command `anyio-stt`."""

from __future__ import annotations

import io
import os
import sys

__all__ = ("main",)

_NEEDED = {"click", "rich", "tomli"}


def main() -> None:
    """Run the command with the arguments of this process, and exit with its code."""
    _fill_descriptors()
    _never_fail_to_encode()
    try:
        from .commands import run
    except ModuleNotFoundError as exc:
        if exc.name is None or exc.name.partition(".")[0] not in _NEEDED:
            raise
        sys.stderr.write(
            f"anyio-stt: the command needs {exc.name}, which is not installed: "
            "pip install 'anyio-stt[cli]'\n"
        )
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    code = run()
    _give_up_output()
    sys.exit(code)


def _fill_descriptors() -> None:
    """Open what the parent has closed, so that no recording gets the number of a standard one."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


def _never_fail_to_encode() -> None:
    """Let terminals and pipes of few characters show what they can."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _give_up_output() -> None:
    """Flush; what cannot be written any more was told, and is not to be told by the interpreter."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
