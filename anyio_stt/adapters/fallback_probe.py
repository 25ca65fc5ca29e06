"""Finds out whether a member that failed works again."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace

import anyio

from ..audio.frame import AudioBuffer, AudioFrame, calculate_audio_duration
from ..events import SpeechEvent, SpeechEventType
from ..options import DEFAULT_API_CONNECT_OPTIONS
from .fallback_members import Member, Members

__all__ = ("Probe", "says_something")

logger: logging.Logger = logging.getLogger("anyio_stt")

_LONGEST = 10.0
"""The longest audio a probe is made with, in seconds."""


class Probe:
    """
    Has members that are down recognise what another one understood.

    Until one has, it is what nobody understood: then a member works that does not fail.

    Args:
        members: whom it looks after.
    """

    def __init__(self, members: Members) -> None:
        self._members = members
        self._sample: list[AudioFrame] = []
        self._has_words = False

    def keep_sample(self, buffer: AudioBuffer, *, understood: bool) -> None:
        """Take audio to probe with; what a member understood words in is worth more."""
        if understood or not self._has_words:
            frames = [buffer] if isinstance(buffer, AudioFrame) else buffer
            self._sample, self._has_words = _first_seconds(frames), understood

    async def run(self) -> None:
        """Probe what is due, for ever."""
        while True:
            await self._members.until_probe_is_due()
            for member in self._members.all:
                if member.health.due(anyio.current_time()):
                    await self._try(member)

    async def _try(self, member: Member) -> None:
        if not self._sample:
            member.health.postpone(anyio.current_time())
            return
        member.health.begin_probe()
        try:
            if await self._answers(member, self._sample):
                self._members.succeeded(member)
            else:
                member.health.failed(anyio.current_time())
        except Exception:
            logger.debug("%s is still down", member.label, exc_info=True)
            member.health.failed(anyio.current_time())
        finally:  # cancelled: another stream may go on
            if member.health.standing == "trying":
                member.health.postpone(anyio.current_time())
            self._members.look_again()

    async def _answers(self, member: Member, sample: list[AudioFrame]) -> bool:
        options = replace(self._members.options(DEFAULT_API_CONNECT_OPTIONS), max_retry=0)
        says = not self._has_words
        with anyio.move_on_after(options.timeout + calculate_audio_duration(sample)):
            async with member.streamer.stream(conn_options=options) as stream:
                for frame in sample:
                    await stream.send_frame(frame)
                stream.end_input()
                async for event in stream:
                    says = says or says_something(event)
            return says
        return False


def says_something(event: SpeechEvent) -> bool:
    """Whether *event* is a final with words in it."""
    final = event.type is SpeechEventType.FINAL_TRANSCRIPT
    return final and any(data.text for data in event.alternatives)


def _first_seconds(frames: Iterable[AudioFrame]) -> list[AudioFrame]:
    kept: list[AudioFrame] = []
    left = _LONGEST
    for frame in frames:
        size = min(frame.samples_per_channel, round(left * frame.sample_rate))
        if size <= 0:
            break
        kept.append(frame.slice(0, size))
        left -= kept[-1].duration
    return kept
