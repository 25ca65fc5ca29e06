"""Checks of what is made of an engine's events: turns."""

from __future__ import annotations

import re
from collections import Counter

import anyio

from ...events import SpeechEvent, SpeechEventType
from ...moments import EagerEndOfTurn, EndOfTurn, StartOfTurn, TurnMoment, TurnResumed
from ...stt import STT
from .guard import guarded
from .registry import check
from .subject import Subject

__all__ = ("turns",)

_LETTERS = {StartOfTurn: "S", EagerEndOfTurn: "E", TurnResumed: "R", EndOfTurn: "T"}
_GRAMMAR = re.compile("(S(ER)*E?T)*")
_PAUSE = 2.5
_SHOWN = (
    "async with make_stt() as stt, stt.stream() as stream, anyio.create_task_group() as tg:",
    "    tg.start_soon(stream.feed, [audio, silence(2.5), audio])",
    "    with anyio.move_on_after({patience}):",
    "        async for moment in stream.turns(max_silence=1.0):",
    "            print(moment)",
)


@check("turns")
async def turns(subject: Subject) -> None:
    """Turns are `Start (Eager Resumed)* Eager? End`, and hold each final's words once."""
    finals: list[SpeechEvent] = []
    patience = subject.patience + 2 * subject.audio.duration + _PAUSE
    async with subject.make() as stt:
        stt.on("speech_event", lambda _, event: finals.append(event))
        moments, ended = await _converse(subject, stt, patience)
    fault = _fault(moments, finals) if ended else f"turns() did not end within {patience:.0f} s"
    if fault:
        subject.violate("turns", fault, *_SHOWN, patience=patience)


async def _converse(subject: Subject, stt: STT, patience: float) -> tuple[list[TurnMoment], bool]:
    """Hear the audio twice with a pause between; return the moments, and whether they ended."""
    moments: list[TurnMoment] = []
    frames = [*subject.frames, *subject.quiet(_PAUSE), *subject.frames]
    stream = stt.stream(conn_options=subject.options())
    with anyio.move_on_after(patience) as scope:
        async with guarded(stream, patience + subject.grace), anyio.create_task_group() as tasks:
            tasks.start_soon(stream.feed, frames)
            moments += [moment async for moment in stream.turns(max_silence=1.0)]
            tasks.cancel_scope.cancel()
    return moments, not scope.cancelled_caught


def _fault(moments: list[TurnMoment], events: list[SpeechEvent]) -> str:
    """Say what is wrong with the turns of *events*, or nothing."""
    for channel in {each.channel for each in moments}:
        mine = [each for each in moments if each.channel == channel]
        letters = "".join(_LETTERS[type(each)] for each in mine)
        if not _GRAMMAR.fullmatch(letters):
            names = ", ".join(type(each).__name__ for each in mine)
            return f"turns came as {names}, not as Start (Eager Resumed)* Eager? End"
    said, held = Counter[str](), Counter[str]()
    for event in events:
        if event.type is SpeechEventType.FINAL_TRANSCRIPT and event.alternatives:
            said.update(event.alternatives[0].text.split())
    for moment in moments:
        if isinstance(moment, EndOfTurn):
            held.update(moment.text.split())
    if said == held:
        return ""
    lost, twice = " ".join((said - held).elements()), " ".join((held - said).elements())
    return f"finals said {lost!r} that is in no turn, and turns say {twice!r} that no final said"
