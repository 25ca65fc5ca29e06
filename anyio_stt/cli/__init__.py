"""The command `anyio-stt`."""

from __future__ import annotations

import sys

__all__ = ("main",)

_NEEDED = {"click", "rich"}


def main() -> None:
    """Run the command with the arguments of this process, and exit with its code."""
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
    sys.exit(run())
