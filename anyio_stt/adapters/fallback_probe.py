"""Finds out whether a member that failed works again."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from ..audio.frame import AudioFrame, calculate_audio_duration
from ..events import SpeechEvent, SpeechEventType
from ..options import DEFAULT_API_CONNECT_OPTIONS

if TYPE_CHECKING:
    from .fallback_adapter import FallbackAdapter, Member

__all__ = ("Probe", "says_something")

logger: logging.Logger = logging.getLogger("anyio_stt")


class Probe:
    """
    Has members that are down recognise what another one understood.

    Args:
        adapter: whose members.
    """

    def __init__(self, adapter: FallbackAdapter) -> None:
        self._adapter = adapter
        self._sample: list[AudioFrame] = []
        self._changed: anyio.Event | None = None

    def keep_sample(self, frames: list[AudioFrame]) -> None:
        """Take audio that a member understood words in."""
        self._sample = frames

    def wake(self) -> None:
        """Say that a member went down."""
        changed, self._changed = self._changed, None
        if changed is not None:
            changed.set()

    async def run(self) -> None:
        """Probe what is due, for ever; a stream runs this as long as it lasts."""
        while True:
            self._changed = changed = self._changed or anyio.Event()
            due = min(member.health.probe_at for member in self._adapter.members)
            with anyio.CancelScope(deadline=due):
                await changed.wait()
            for member in self._adapter.members:
                if member.health.due(anyio.current_time()):
                    await self._try(member)

    async def _try(self, member: Member) -> None:
        if not self._sample:
            member.health.postpone(anyio.current_time())
            return
        member.health.begin_probe()
        try:
            if await self._understands(member, self._sample):
                self._adapter.succeeded(member)
            else:
                member.health.failed(anyio.current_time())
        except Exception:
            logger.debug("%s is still down", member.stt.label, exc_info=True)
            member.health.failed(anyio.current_time())
        finally:  # cancelled: another stream may go on
            if member.health.standing == "trying":
                member.health.postpone(anyio.current_time())

    async def _understands(self, member: Member, sample: list[AudioFrame]) -> bool:
        options = replace(self._adapter.member_options(DEFAULT_API_CONNECT_OPTIONS), max_retry=0)
        understood = False
        with anyio.move_on_after(options.timeout + calculate_audio_duration(sample)):
            async with member.streamer.stream(conn_options=options) as stream:
                for frame in sample:
                    await stream.send_frame(frame)
                stream.end_input()
                async for event in stream:
                    understood = understood or says_something(event)
            return understood
        return False


def says_something(event: SpeechEvent) -> bool:
    """Whether *event* is a final with words in it."""
    final = event.type is SpeechEventType.FINAL_TRANSCRIPT
    return final and any(data.text for data in event.alternatives)
