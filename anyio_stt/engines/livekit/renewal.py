"""A plugin that connects anew by itself, and forgets what the lost connection had heard."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ...exceptions import APIConnectionError
from .channels import PluginOutput

__all__ = ("Renewal",)


class Renewal:
    """
    Ends an attempt in place of the plugin's own next connection: ours hears the audio again.

    It shows by the event that plugins keep for it, before they do so, or else when they read
    their input in a loop once more.

    Args:
        stream: the plugin's, whose task has not taken its first step.
        spoken: takes nothing more from then on; times would be counted from another beginning.
        end: ends the attempt.
    """

    def __init__(self, stream: Any, spoken: PluginOutput, end: Callable[[], None]) -> None:
        self._spoken = spoken
        self._end = end
        self._noticed = False
        event: Any = getattr(stream, "_reconnect_event", None)
        if event is not None:
            with suppress(AttributeError):  # then it shows when they read anew
                event.set = self.notice

    def notice(self) -> None:
        """Take the attempt for failed."""
        self._noticed = True
        self._spoken.close()
        self._end()

    def check(self, task: Any, label: str) -> None:
        """
        Raise if the plugin meant to connect anew.

        Args:
            task: the plugin's, which has ended; an error of its own says more.
            label: the plugin's name.

        Raises:
            APIConnectionError: if so.
        """
        if self._noticed and (task.cancelled() or task.exception() is None):
            raise APIConnectionError(
                f"{label} lost its connection, and meant to go on without the audio it had heard"
            )
