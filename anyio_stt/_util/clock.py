"""The one place that reads the wall clock: metrics say when they were made."""

from __future__ import annotations

import time

__all__ = ("wall_clock",)

wall_clock = time.time
