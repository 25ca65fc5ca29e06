"""What people report of providers, and what servers do that copy them: the promise is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import anyio
import pytest

from anyio_stt import (
    APIConnectOptions,
    AudioLostError,
    RecognizeStream,
    SpeechData,
    SpeechEvent,
    SpeechEventType,
    STTError,
    STTMetrics,
)
from anyio_stt.metrics import StreamStatistics
from anyio_stt.testing import assert_no_leaks, cut
from anyio_stt.testing.servers import Action, Fault, say_words
from anyio_stt.testing.servers.faults import HABITS
from tests.engines.test_network_engines import ENGINES, Network

pytestmark = pytest.mark.real_time

OPTIONS = APIConnectOptions(retry_interval=0.01, drain_timeout=10.0)
START, END = SpeechEventType.START_OF_SPEECH, SpeechEventType.END_OF_SPEECH
FINAL = SpeechEventType.FINAL_TRANSCRIPT
WHERE: dict[Action, tuple[str, ...]] = {
    Action.NO_ENDS: ("deepgram", "realtime", "realtime-speaches"),
    Action.COUGHS: ("deepgram", "realtime", "realtime-speaches", "vosk"),
    Action.LATE_FINALS: ("realtime", "realtime-speaches"),
    Action.TWO_SPEAKERS: ("deepgram",),
    Action.TOKENS: ("realtime", "realtime-live", "realtime-speaches"),
    Action.OLD_ENDS: ("deepgram",),
    Action.CLOCK_RESTARTS: ("deepgram", "realtime", "vosk"),
    Action.UNASKED: ("wyoming",),
    Action.EARLY_GOODBYES: ("deepgram",),
    Action.NO_FLUSH: ("deepgram", "vosk"),
    Action.DUMB_PAUSES: ("deepgram",),
    Action.EMPTY_TEXTS: ("openai", "realtime", "realtime-live", "realtime-vllm", "wyoming"),
    Action.COMPLAINTS: ("realtime", "realtime-live", "realtime-speaches"),
    Action.TWO_CLOCKS: ("deepgram", "vosk"),
    Action.FOREIGN: tuple(ENGINES),
}
MARKING = [ENGINES[name] for name in ("deepgram", "realtime", "realtime-speaches", "vosk")]
"""Those that say themselves where speech begins and ends."""
CASES = [(habit, name) for habit, names in WHERE.items() for name in names]
PARTS = ((1, 2, 3, 4, 5, 6), (), (7, 8, 9), (10, 11), ())
"""The words before each flush; none is silence of 2.5 s."""


@dataclass
class Told:
    """What a program was told of one stream."""

    events: list[SpeechEvent] = field(default_factory=list)
    errors: list[STTError] = field(default_factory=list)
    metrics: list[STTMetrics] = field(default_factory=list)
    statistics: StreamStatistics = field(default_factory=lambda: StreamStatistics("created"))

    @property
    def finals(self) -> list[SpeechData]:
        return [event.alternatives[0] for event in self.events if event.type is FINAL]

    @property
    def lost(self) -> list[tuple[float, float]]:
        losses = [each.error for each in self.errors if isinstance(each.error, AudioLostError)]
        return [span for each in losses for span in each.lost]

    @property
    def open(self) -> bool:
        marks = [event.type for event in self.events if event.type in (START, END)]
        return marks[-1:] == [START]


async def hear(network: Network, faults: list[Fault | None], **options: Any) -> Told:
    """Push words and silence with flushes between, and wait for the answer of each."""
    told = Told()
    with anyio.fail_after(60):
        async with (
            assert_no_leaks(),
            network.serve(faults) as server,
            network.engine(server, **options) as stt,
        ):
            stt.on("error", told.errors.append)
            stt.on("metrics_collected", told.metrics.append)
            async with (
                stt.stream(conn_options=OPTIONS) as stream,
                anyio.create_task_group() as tasks,
            ):
                marks = network in MARKING
                tasks.start_soon(partial(_push, stream, network.rate, told, marks=marks))
                async for event in stream:
                    told.events.append(event)
            told.statistics = stream.statistics()
            assert server.struck
    return told


async def _push(stream: RecognizeStream, rate: int, told: Told, *, marks: bool) -> None:
    for words in PARTS:
        part = say_words(words or (1,), word=0.2 if words else 0.0, sample_rate=rate,
                         pause=0.5 if words else 2.5)  # fmt: skip
        for frame in cut(part, 0.1):
            await stream.send_frame(frame)
        await stream.finalize()
        with anyio.fail_after(60):
            while marks and told.open:  # what a flush answers is over
                await anyio.sleep(0.01)
    stream.end_input()


@pytest.mark.contract("S16", "S17", "S21", "S22", "S23")
@pytest.mark.parametrize(("habit", "name"), CASES, ids=[f"{a.value}-{b}" for a, b in CASES])
async def test_every_second_is_accounted_for_and_every_start_ended(
    habit: Action, name: str
) -> None:
    fault = Fault(habit)
    told = await hear(ENGINES[name], [fault] if habit is Action.FOREIGN else [fault] * 50)
    numbers = told.statistics
    settled = numbers.recognised + numbers.silent + numbers.dropped
    assert settled == pytest.approx(numbers.pushed, abs=2e-3)
    assert sum(end - start for start, end in told.lost) == pytest.approx(numbers.dropped, abs=2e-3)
    heard = " ".join(final.text for final in told.finals).split()
    if habit is Action.UNASKED:  # cut where nobody paused, a word may be heard on both sides
        heard = list(dict.fromkeys(heard))
    assert heard == [f"w{number}" for words in PARTS for number in words]
    marks = [event.type for event in told.events if event.type in (START, END)]
    assert marks == [START, END] * (len(marks) // 2)
    for final in told.finals:
        assert 0 <= final.start_time <= final.end_time <= numbers.pushed + 1e-6
        for word in final.words or ():
            assert final.start_time <= word.start_time <= word.end_time <= final.end_time
        assert len({word.speaker_id for word in final.words or ()}) <= 1
    if habit is Action.TOKENS:
        assert sum(each.input_tokens for each in told.metrics) == 10 * len(told.finals)
    if habit is Action.FOREIGN:
        assert "is base_url the address of such a server?" in str(told.errors[0].error)


@pytest.mark.contract("S17")
async def test_speakers_of_two_connections_are_not_taken_for_the_same() -> None:
    faults: list[Fault | None] = [Fault(Action.TWO_SPEAKERS)] * 50
    told = await hear(ENGINES["deepgram"], faults, max_session=0.0)  # a new one at each silence
    sessions = {str(final.speaker_id).partition(".")[2] for final in told.finals}
    assert len(sessions) > 1


def test_each_habit_has_its_engines() -> None:
    assert set(WHERE) == set(HABITS)
