"""What some plugins do that LiveKit's interface does not tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

__all__ = ("Habits", "habits_of")

_DETECTION = 2.0  # seconds; detectors of speech on servers wait for less


@dataclass(frozen=True)
class Habits:
    """
    Args:
        settle: how long nothing may be said after the end of input until the stream is taken
            to be over; `None` waits until the plugin ends it.
        silence: seconds of it to give the plugin behind all audio, so that a server that
            commits nothing but at a pause finds one.
        flush_ends: whether it takes a flush for the end of its session, and does not wait for
            its last words when its input ends.
        goodbye: the provider's last message, of a plugin whose SDK takes a lost connection for
            a goodbye and keeps what it was told.
    """

    settle: float | None = None
    silence: float = 0.0
    flush_ends: bool = False
    goodbye: str | None = None

    def lacks_goodbye(self, stream: Any) -> bool:
        """Whether *stream*, which has ended by itself, was not told goodbye."""
        told = getattr(getattr(stream, "_client", None), "events", None)
        if self.goodbye is None or told is None:
            return False
        return not any(message.get("message") == self.goodbye for message in reversed(told))


def habits_of(plugin: Any, settle: float | None) -> Habits:
    """
    Return what is known of *plugin*.

    Args:
        plugin: a `livekit.agents.stt.STT`.
        settle: what the user says of it.
    """
    known = _known(plugin)
    if settle is None:
        return known
    # Who has no times commits nothing at the end: its server waits for a pause, for ever.
    timed = getattr(plugin.capabilities, "aligned_transcript", False)
    return replace(known, settle=settle, silence=known.silence or (0.0 if timed else _DETECTION))


def _known(plugin: Any) -> Habits:
    package = ".".join(type(plugin).__module__.split(".")[:3])
    if package == "livekit.plugins.soniox":  # whose longest `max_endpoint_delay_ms` is 3000
        return Habits(settle=3.0, silence=3.5)
    if package == "livekit.plugins.openai" and plugin.capabilities.streaming:
        return Habits(settle=3.0, silence=_DETECTION)
    if package == "livekit.plugins.speechmatics":
        return Habits(goodbye="EndOfTranscript")
    return Habits(flush_ends=package == "livekit.plugins.gladia")
