"""Events as text."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from anyio_stt import RecognitionUsage, SpeechData, SpeechEvent, SpeechEventType, Word
from anyio_stt.cli.formats import FORMATS, make_formatter

FINAL = SpeechEvent(
    SpeechEventType.FINAL_TRANSCRIPT,
    "1",
    [SpeechData("en", "gó  forward", 0.25, 1.5, 0.87654, words=[Word("gó", 0.25, 0.8, 0.9)])],
    delay=0.12345,
)
INTERIM = SpeechEvent(SpeechEventType.INTERIM_TRANSCRIPT, "1", [SpeechData("en", "go")])
USAGE = SpeechEvent(
    SpeechEventType.RECOGNITION_USAGE, recognition_usage=RecognitionUsage(audio_duration=2.0)
)
START = SpeechEvent(SpeechEventType.START_OF_SPEECH, time=0.2)


def test_text_is_a_line_for_each_final() -> None:
    formatter = make_formatter("txt", "a.wav")

    assert formatter.event(FINAL) == "gó forward\n"


def test_text_of_one_among_several_recordings_names_it() -> None:
    assert make_formatter("txt", "a.wav", named=True).event(FINAL) == "a.wav: gó forward\n"


def test_jsonl_tells_everything_about_an_event() -> None:
    line = make_formatter("jsonl", "a.wav").event(FINAL)

    assert line.endswith("}\n")
    assert "gó" in line
    assert json.loads(line) == {
        "file": "a.wav",
        "type": "final_transcript",
        "text": "gó  forward",
        "start": 0.25,
        "end": 1.5,
        "confidence": 0.8765,
        "language": "en",
        "speaker": None,
        "words": [{"text": "gó", "start": 0.25, "end": 0.8, "confidence": 0.9}],
        "delay": 0.123,
    }


def test_jsonl_tells_events_without_a_transcript_too() -> None:
    formatter = make_formatter("jsonl", "a.wav")

    assert json.loads(formatter.event(START)) == {
        "file": "a.wav",
        "type": "start_of_speech",
        "time": 0.2,
    }
    assert json.loads(formatter.event(USAGE))["audio_duration"] == 2.0


def test_srt_numbers_cues_across_finals() -> None:
    formatter = make_formatter("srt", "a.wav")

    later = replace(FINAL, alternatives=[SpeechData("en", "und zurück", 3.0, 4.0)])

    text = formatter.begin() + formatter.event(FINAL) + formatter.event(later) + formatter.end()

    assert text == (
        "1\n00:00:00,250 --> 00:00:00,838\ngó forward\n\n"
        "2\n00:00:03,000 --> 00:00:04,000\nund zurück\n\n"
    )


def test_vtt_begins_with_its_name() -> None:
    formatter = make_formatter("vtt", "a.wav")

    assert formatter.begin() + formatter.event(FINAL) + formatter.end() == (
        "WEBVTT\n\n00:00:00.250 --> 00:00:00.838\ngó forward\n\n"
    )


@pytest.mark.parametrize("name", ["txt", "srt", "vtt"])
@pytest.mark.parametrize("event", [INTERIM, USAGE, START])
def test_other_formats_tell_finals_only(name: str, event: SpeechEvent) -> None:
    assert make_formatter(name, "a.wav").event(event) == ""


@pytest.mark.parametrize("name", ["txt", "srt", "vtt"])
def test_a_final_without_words_said_is_nothing(name: str) -> None:
    empty = SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT, "", [SpeechData("en", "")])

    assert make_formatter(name, "a.wav").event(empty) == ""
    assert make_formatter(name, "a.wav").event(SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT)) == ""


def test_the_subtitle_formats_take_one_recording() -> None:
    assert {name for name, kind in FORMATS.items() if kind.one_recording} == {
        "srt", "vtt", "json", "tsv"
    }  # fmt: skip
