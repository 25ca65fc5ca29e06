"""What turns cost beside the engine: CPU for a second of audio, with an engine that takes none."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import anyio

from anyio_stt import (
    STT,
    AudioFrame,
    RecognizeStream,
    SpeechEvent,
    SpeechEventType,
    STTCapabilities,
)
from anyio_stt.options import DEFAULT_API_CONNECT_OPTIONS
from anyio_stt.testing import final, interim, silence

from .hearing import cpu

_WAYS = ("events", "turns", "detector")
_PIECE, _EVERY = 0.02, 5.0  # seconds: of a frame, and from one utterance to the next


def _said() -> Iterator[tuple[float, SpeechEvent]]:
    """Yield for ever what is said and when: utterances of 2.7 s, guesses twice a second."""
    begin = 0.3
    while True:
        end = begin + 2.7
        yield begin + 0.1, SpeechEvent(SpeechEventType.START_OF_SPEECH, time=begin)
        for number in range(1, 6):
            at = begin + number / 2
            yield at, interim("one two three", start=begin, end=at)
        yield end + 0.2, final("one two three four", start=begin, end=end)
        yield end + 0.4, SpeechEvent(SpeechEventType.END_OF_SPEECH, time=end)
        begin += _EVERY


class _Stream(RecognizeStream):
    async def _run(self) -> None:
        said, heard = _said(), 0.0
        at, event = next(said)
        async for item in self._input_ch:
            if isinstance(item, AudioFrame):
                heard += item.duration
            while heard >= at:
                self._event_ch.send_nowait(event)
                at, event = next(said)


class Talkative(STT):
    """An engine that hears somebody talk whatever it is given."""

    def __init__(self) -> None:
        super().__init__(capabilities=STTCapabilities(streaming=True, interim_results=True))

    async def _recognize_impl(self, *_: Any, **__: Any) -> SpeechEvent:
        raise NotImplementedError

    def stream(
        self, *, language: str | None = None, conn_options: Any = DEFAULT_API_CONNECT_OPTIONS
    ) -> _Stream:
        return _Stream(stt=self, conn_options=conn_options)


class Unsure:
    """A detector that takes no time, and leaves it to silence."""

    def __init__(self) -> None:
        self.asked = 0

    def judge(self, audio: AudioFrame, text: str, language: str, silence: float) -> float:
        self.asked += 1
        return 0.0


@dataclass(frozen=True)
class OwnCost:
    """CPU seconds for a second of a stream's audio, and for a question; the least of some runs."""

    events: float
    turns: float
    question: float

    def report(self) -> str:
        carries = f"{float(f'{1 / self.turns:.2g}'):.0f}" if self.turns > 0 else "any number of"
        return (
            f"Reading a stream's events took {1e6 * self.events:.0f} µs of a core for a second of "
            f"audio, in frames of 20 ms, with an engine that takes no time. `turns()` took "
            f"{1e6 * self.turns:.0f} µs more ({100 * self.turns:.3f} % of a core, {carries} "
            f"streams a core), and each question to a detector {1e6 * self.question:.0f} µs beside "
            f"what the detector itself takes, with its thread and its audio."
        )


async def heard(how: str, streams: int, seconds: float) -> tuple[float, int]:
    """Follow so many live streams in one way; return CPU for a second of audio, and questions."""
    detector = Unsure()

    async def follow(stream: RecognizeStream) -> None:
        events: Any = stream
        if how != "events":
            events = stream.turns(detector=detector if how == "detector" else None)
        async for _ in events:
            pass

    async with Talkative() as stt, anyio.create_task_group() as tasks:
        opened = [stt.stream().start(tasks) for _ in range(streams)]
        for stream in opened:
            tasks.start_soon(follow, stream)
        frame, began, before = silence(_PIECE), anyio.current_time(), cpu()
        for number in range(round(seconds / _PIECE)):
            await anyio.sleep_until(began + number * _PIECE)
            for stream in opened:
                stream.push_frame(frame)
        for stream in opened:
            stream.end_input()
    return (cpu() - before) / (streams * seconds), detector.asked


def own_cost(streams: int = 50, seconds: float = 10.0, rounds: int = 3, **backend: Any) -> OwnCost:
    """Measure side by side; the least of each counts, because others use the machine too."""
    least, questions = dict.fromkeys(_WAYS, math.inf), 1
    for _ in range(rounds):
        for how in _WAYS:
            spent, asked = anyio.run(heard, how, streams, seconds, **backend)
            least[how], questions = min(least[how], spent), max(questions, asked)
    events, turns, asking = least.values()
    return OwnCost(events, turns - events, (asking - turns) * streams * seconds / questions)
