"""
One contestant's process: `python -m benchmarks.chaos.client MODULE ARGUMENT`.

Reads its call as a JSON line from standard input, listens, and answers with a JSON line.
"""

from __future__ import annotations

import gc
import importlib
import importlib.metadata
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ("FRAME", "RATE", "Call", "sockets")

RATE, FRAME = 16000, 0.05


@dataclass
class Call:
    """
    A minute of speech, and what a contestant heard of it.

    Args:
        urls: of the providers, `http://127.0.0.1:PORT`; the first is to be used first.
        speech: a file of 16-bit samples.
        impatient: whether each wait for an event is to be cancelled after `wait` seconds.
    """

    urls: list[str]
    speech: str
    impatient: bool = False
    wait: float = 0.03
    began: float = 0.0
    heard: list[tuple[str, float]] = field(default_factory=list)
    end: str = ""
    left: dict[str, int] = field(default_factory=dict)

    def frames(self) -> Iterator[tuple[float, bytes]]:
        """Give each 50 ms of speech, with the seconds to wait until it was spoken."""
        size, audio = 2 * round(RATE * FRAME), Path(self.speech).read_bytes()
        self.began = time.monotonic()
        for index in range(0, len(audio), size):
            due = self.began + index / 2 / RATE + FRAME
            yield max(0.0, due - time.monotonic()), audio[index : index + size]

    def hear(self, text: str) -> None:
        """Note a final."""
        now = time.monotonic() - self.began
        self.heard += [(word, now) for word in text.split()]


def sockets() -> int:
    """Count the open sockets of this process, where the system tells."""
    try:
        links = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")]
    except OSError:
        return 0
    return sum(link.startswith("socket:") for link in links)


def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in packages}


def main(module: str, argument: str) -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever a library prints
    contestant = importlib.import_module(f".contestants.{module}", __package__)
    call = Call(**json.loads(sys.stdin.readline()))
    threads = threading.active_count()
    contestant.listen(call, argument)
    ended = time.monotonic() - call.began
    gc.collect()
    answer: dict[str, Any] = {
        "heard": call.heard,
        "end": call.end,
        "ended": ended,
        "left": {**call.left, "threads": threading.active_count() - threads},
        "versions": _versions(contestant.PACKAGES),
    }
    print(json.dumps(answer), file=answers)
    answers.flush()
    os._exit(0)  # what was left must not keep the figures waiting


if __name__ == "__main__":
    main(*sys.argv[1:3])
