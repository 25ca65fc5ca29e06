"""The primary speaker, and those behind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anyio
import pytest

from anyio_stt import SpeechEvent, SpeechEventType, STTCapabilities
from anyio_stt.adapters import MultiSpeakerAdapter
from anyio_stt.testing import HearAll, Say, ScriptedSTT, cut, final, interim, tone

SPEAKERS = STTCapabilities(streaming=True, interim_results=True, diarization=True)
FINAL = SpeechEventType.FINAL_TRANSCRIPT


def by(speaker: str | None, event: SpeechEvent) -> SpeechEvent:
    return replace(event, alternatives=[replace(event.alternatives[0], speaker_id=speaker)])


async def transcripts(said: list[SpeechEvent], **options: Any) -> list[tuple[str, bool | None]]:
    stt = ScriptedSTT([HearAll(), *[Say(event) for event in said]], capabilities=SPEAKERS)
    adapter = MultiSpeakerAdapter(stt=stt, **options)
    events = []
    with anyio.fail_after(5):
        async with adapter.stream() as stream:
            # far, near, far: the one in the middle is the loudest
            for level in (0.1, 0.5, 0.1):
                for frame in cut(tone(2, level=level), 0.05):
                    stream.push_frame(frame)
            stream.end_input()
            events = [event async for event in stream]
    return [
        (event.alternatives[0].text, event.alternatives[0].is_primary_speaker)
        for event in events
        if event.alternatives
    ]


SAID = [
    by("A", final("one", start=0.1, end=1.9)),
    by("B", final("two", start=2.1, end=3.9)),
    by("A", final("three", start=4.1, end=5.9)),
]


async def test_who_is_louder_takes_over() -> None:
    assert await transcripts(SAID) == [("one", True), ("two", True), ("three", False)]


async def test_a_suppressed_speaker_leaves_an_empty_final() -> None:
    said = [*SAID, by("A", interim("fo"))]

    assert await transcripts(said, suppress_background_speaker=True) == [
        ("one", True),
        ("two", True),
        ("", False),
    ]


async def test_each_speaker_has_a_format() -> None:
    said = await transcripts(SAID, background_format="[{speaker_id}: {text}]")

    assert [text for text, _ in said] == ["one", "two", "[A: three]"]


async def test_without_detection_nobody_is_primary() -> None:
    said = await transcripts(SAID, detect_primary_speaker=False)

    assert [primary for _, primary in said] == [None] * 3


async def test_what_nobody_is_known_to_have_said_changes_nothing() -> None:
    said = await transcripts([SAID[0], by(None, SAID[1]), SAID[2]])

    assert said == [("one", True), ("two", None), ("three", True)]


def test_an_engine_without_speaker_ids_is_refused() -> None:
    with pytest.raises(ValueError, match="does not tell speakers apart"):
        MultiSpeakerAdapter(stt=ScriptedSTT())
