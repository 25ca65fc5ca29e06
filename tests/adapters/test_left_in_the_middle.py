"""What a member of a fallback has said when another one is to hear what it refused or lost."""

from __future__ import annotations

import random
from collections.abc import Callable

import anyio
import numpy as np
import pytest

from anyio_stt import (
    STT,
    APIConnectionError,
    APIConnectOptions,
    APIStatusError,
    AudioFrame,
    AudioLostError,
    FallbackAdapter,
    RecognizeStream,
    SpeechEventType,
    STTError,
)
from anyio_stt.options import DEFAULT_API_CONNECT_OPTIONS
from tests.adapters.numbered import LOUD, RATE, SAMPLES, Faults, NumberStream, NumberSTT, final

REFUSED = APIStatusError("unintelligible", status_code=422)
LOST = APIConnectionError("lost", retryable=False)
hedges = pytest.mark.parametrize("hedge_after", [None, 0.0, 0.3])


class Scripted(NumberSTT):
    """Its streams treat each utterance as *treat* says."""

    def __init__(
        self, label: str, treat: Callable[[ScriptedStream, list[int]], None], begins: float = 0.0
    ) -> None:
        super().__init__(Faults(random.Random(0), 0.0), label=label)
        self.treat = treat
        self.begins = begins
        self.streams = 0

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> RecognizeStream:
        self.streams += 1
        return ScriptedStream(self, conn_options)


class ScriptedStream(NumberStream):
    _stt: Scripted

    async def _run(self) -> None:
        if self._stt.begins:
            await anyio.sleep(self._stt.begins)
        await super()._run()

    def finish(self) -> None:
        said, self.said = self.said, []
        if said:
            self._stt.treat(self, said)

    def say(self, said: list[int]) -> None:
        self._event_ch.send_nowait(final(said, self.begun, self.heard))

    def refuse(self) -> None:
        self._report_refused(REFUSED, self.begun, self.heard)


def refusing(*refused: int) -> Callable[[ScriptedStream, list[int]], None]:
    """Say every utterance but those that begin with one of these numbers."""

    def treat(stream: ScriptedStream, said: list[int]) -> None:
        stream.refuse() if said[0] in refused else stream.say(said)

    return treat


def audio(*numbers: int) -> AudioFrame:
    levels = np.zeros(30, np.int16)
    for number in numbers:
        levels[number] = LOUD + number
    return AudioFrame.from_array(levels.repeat(SAMPLES), RATE)


async def heard_by(
    members: list[STT],
    numbers: list[int],
    *,
    frames: int = 1,
    replay_limit: float | None = None,
    **options: float | None,
) -> tuple[list[str], list[tuple[float, float]], RecognizeStream]:
    """Return the finals, what was told as lost, and the stream."""
    adapter = FallbackAdapter(members, max_retry_per_stt=0, **options)  # type: ignore[arg-type]
    lost: list[tuple[float, float]] = []

    def note(error: STTError) -> None:
        if isinstance(error.error, AudioLostError):
            lost.extend(error.error.lost)

    adapter.on("error", note)
    whole = audio(*numbers)
    size = whole.samples_per_channel // frames
    with anyio.fail_after(60):
        conn_options = APIConnectOptions(replay_limit=replay_limit)
        async with (
            adapter,
            adapter.stream(conn_options=conn_options) as stream,
            anyio.create_task_group() as tasks,
        ):

            async def speak() -> None:
                for first in range(0, whole.samples_per_channel, size):
                    await stream.send_frame(whole.slice(first, first + size))
                    await anyio.sleep(0.1)
                stream.end_input()

            tasks.start_soon(speak)
            kind = SpeechEventType.FINAL_TRANSCRIPT
            said = [each.alternatives[0].text async for each in stream if each.type is kind]
    return said, lost, stream


@pytest.mark.contract("S21", "S22")
@hedges
@pytest.mark.parametrize("frames", [1, 30])
async def test_what_a_member_says_behind_an_utterance_it_refused_is_no_answer_to_it(
    hedge_after: float | None, frames: int
) -> None:
    """The engine says one, refuses the next, and says a third before it can be cancelled."""
    members: list[STT] = [Scripted("a", refusing(3)), Scripted("b", refusing())]
    said, lost, stream = await heard_by(
        members, [1, 3, 5, 20], frames=frames, hedge_after=hedge_after
    )
    assert said == ["1", "3", "5", "20"]
    assert lost == []
    assert stream.statistics().dropped == 0


@pytest.mark.contract("S22")
@hedges
async def test_of_several_that_a_member_refuses_at_once_another_one_hears_each(
    hedge_after: float | None,
) -> None:
    def treat(stream: ScriptedStream, said: list[int]) -> None:
        stream.refuse()
        stream._report_silence(stream.heard)

    # Little is kept, so who passes audio on waits for room, and gets it when it was cancelled.
    members: list[STT] = [Scripted("a", treat, begins=0.1), Scripted("b", refusing())]
    said, lost, _ = await heard_by(
        members, [1, 3, 5, 20], hedge_after=hedge_after, replay_limit=4.0
    )
    assert said == ["1", "3", "5", "20"]
    assert lost == []


@pytest.mark.contract("S16", "S21")
async def test_an_utterance_given_up_settles_nothing_before_it() -> None:
    """Word 2 is not said when 20 is refused by both; the last attempt hears it nevertheless."""

    def treat(stream: ScriptedStream, said: list[int]) -> None:
        if said[0] == 20:
            stream.refuse()
        elif said[0] == 28:
            raise LOST

    def says_at_last(stream: ScriptedStream, said: list[int]) -> None:
        if stream._stt.streams > 1:
            stream.say(said)
        else:
            treat(stream, said)

    members: list[STT] = [Scripted("a", says_at_last), Scripted("b", treat)]
    said, lost, stream = await heard_by(members, [2, *range(20, 26), 28], frames=30)
    assert said == ["2", "28"]
    assert lost == [(2.0, 2.6)]
    assert stream.statistics().dropped == pytest.approx(0.6)


@pytest.mark.contract("S16")
async def test_what_one_of_two_that_race_has_lost_the_other_still_hears() -> None:
    """Who loses audio while another one hears it is out of the race; nothing is told as lost."""

    class Forgetful(Scripted):
        """Gives audio up as the base does when too much lies open."""

    def gives_up(stream: ScriptedStream, said: list[int]) -> None:
        stream._core_on_loss(LOST, stream.begun, stream.heard, False)

    def late(stream: ScriptedStream, said: list[int]) -> None:
        held.append((said, stream.begun, stream.heard))
        if said[0] == 27:
            for each in held:
                stream._event_ch.send_nowait(final(*each))

    held: list[tuple[list[int], float, float]] = []
    members: list[STT] = [Scripted("a", late), Forgetful("b", gives_up)]
    said, lost, stream = await heard_by(members, [2, 20, 27], frames=30, hedge_after=0.0)
    assert said == ["2", "20", "27"]
    assert lost == []
    assert stream.statistics().dropped == 0
