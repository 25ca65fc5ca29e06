"""Turns of live speech: parted where silence was long enough, and ended when it was."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

import anyio
import pytest

from anyio_stt import AudioFrame, EndOfTurn, SpeechEvent, SpeechEventType, STTCapabilities
from anyio_stt.testing import Hear, HearAll, Say, ScriptedSTT, final, interim, silence
from anyio_stt.testing.steps import Step

START, END = SpeechEventType.START_OF_SPEECH, SpeechEventType.END_OF_SPEECH
PIECE = 0.05


@dataclass(frozen=True)
class Uttered:
    """Words from *begin* to *end*, which come so late as their END does, or not."""

    text: str
    begin: float
    end: float
    words_late: float
    end_late: float


def conversation(chance: random.Random) -> list[Uttered]:
    now, uttered = 0.0, []
    for number in range(chance.randint(1, 6)):
        begin = now + chance.choice([0.5, 0.9, 1.3, 2.0, 3.0])
        now = begin + chance.uniform(0.3, 1.5)
        late = chance.uniform(0.05, 0.4), chance.choice([0.1, 0.4])
        uttered.append(Uttered(f"w{number}", begin, now, *late))
    return uttered


def script(uttered: list[Uttered], guesses: bool) -> list[Step]:
    """Say each event when so much was heard."""
    events: list[tuple[float, SpeechEvent]] = []
    for each in uttered:
        begin, end = each.begin, each.end
        events += [
            (begin + 0.1, SpeechEvent(START, time=begin)),
            (end + each.words_late, final(each.text, start=begin, end=end)),
            (end + each.end_late, SpeechEvent(END, time=end)),
        ]
        if guesses:
            events.append((begin + 0.2, interim("perhaps", start=begin, end=begin + 0.2)))
    steps: list[Step] = []
    for time, event in sorted(events, key=lambda each: each[0]):
        steps += [Hear(time), Say(event)]
    return [*steps, HearAll()]


def parted(uttered: list[Uttered], max_silence: float) -> list[list[Uttered]]:
    turns: list[list[Uttered]] = []
    for each in uttered:
        if turns and each.begin - turns[-1][-1].end < max_silence:
            turns[-1].append(each)
        else:
            turns.append([each])
    return turns


async def live(seconds: float) -> AsyncIterator[AudioFrame]:
    for _ in range(round(seconds / PIECE)):
        yield silence(PIECE)
        await anyio.sleep(PIECE)


@pytest.mark.parametrize("guesses", [True, False], ids=["guesses", "finals-only"])
async def test_turns_are_parted_by_silence_and_end_when_it_is_long_enough(guesses: bool) -> None:
    capabilities = STTCapabilities(streaming=True, interim_results=guesses)
    for seed in range(15):
        chance = random.Random(seed)
        uttered, max_silence = conversation(chance), chance.choice([0.6, 1.0, 1.5])
        ended: list[tuple[str, float]] = []
        async with (
            ScriptedSTT(script(uttered, guesses), capabilities=capabilities) as stt,
            stt.stream() as stream,
        ):
            began = anyio.current_time()
            turns = stream.transcribe(live(uttered[-1].end + 4)).turns(max_silence=max_silence)
            ended += [
                (each.text, anyio.current_time() - began)
                async for each in turns
                if isinstance(each, EndOfTurn)
            ]
        expected = parted(uttered, max_silence)
        assert [text for text, _ in ended] == [
            " ".join(each.text for each in turn) for turn in expected
        ], seed
        for (_, at), turn in zip(ended, expected, strict=True):
            last = turn[-1]
            due = last.end + max(max_silence, last.words_late, last.end_late)
            assert due - 2 * PIECE <= at <= due + 3 * PIECE, seed
