"""The names of Pipecat that the bridge uses: whatever a new version moves, moves here."""

from __future__ import annotations

import warnings
from typing import Any

try:
    with warnings.catch_warnings():  # of what its own imports use
        warnings.simplefilter("ignore", DeprecationWarning)
        from pipecat.clocks import system_clock as _clock
        from pipecat.frames import frames as _frames
        from pipecat.processors import frame_processor as _processors
        from pipecat.services import stt_service as _services
        from pipecat.utils.asyncio import task_manager as _tasks
except ModuleNotFoundError as _missing:
    raise ImportError(
        f"Pipecat's services need {_missing.name}, which is not installed: "
        f"pip install 'anyio-stt[pipecat]'",
        name=_missing.name,
    ) from _missing

__all__ = ("clock", "frames", "processors", "services", "tasks")

clock: Any = _clock
frames: Any = _frames
processors: Any = _processors
services: Any = _services
tasks: Any = _tasks
