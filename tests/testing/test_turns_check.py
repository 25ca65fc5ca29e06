"""The suite catches what is wrong with turns, and lets what is right pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from anyio_stt import STT, EndOfTurn, TurnMoment, Turns
from anyio_stt.testing import ContractViolation, check_stt
from tests.testing.broken_answers import Marks
from tests.testing.broken_engines import engine
from tests.testing.loud_engine import LoudStream


class Twice(Turns):
    """Says each end twice."""

    again: TurnMoment | None = None

    async def __anext__(self) -> TurnMoment:
        moment, self.again = self.again or await super().__anext__(), None
        if isinstance(moment, EndOfTurn) and self.again is not moment:
            self.again = None if moment is getattr(self, "last", None) else moment
            self.last = moment
        return moment


class WithoutWords(Turns):
    """Ends turns with nothing in them."""

    async def __anext__(self) -> TurnMoment:
        moment = await super().__anext__()
        if isinstance(moment, EndOfTurn):
            return EndOfTurn("", moment.start_time, moment.end_time)
        return moment


class Endless(Turns):
    """Has another moment whenever it is asked."""

    async def __anext__(self) -> TurnMoment:
        try:
            return await super().__anext__()
        except StopAsyncIteration:
            import anyio

            await anyio.sleep_forever()
            raise


def with_turns(turns: type[Turns]) -> Callable[[], STT]:
    class Stream(LoudStream):
        def turns(self, **options: Any) -> Turns:
            return turns(self, **options)

    return engine(Stream)


@pytest.mark.parametrize(
    ("turns", "says"),
    [
        (Twice, "not as Start"),
        (WithoutWords, "that is in no turn"),
        (Endless, "did not end within"),
    ],
)
async def test_an_engine_is_caught_whose_turns_are_wrong(turns: type[Turns], says: str) -> None:
    with pytest.raises(ContractViolation) as caught:
        await check_stt(with_turns(turns), checks=["turns"], patience=5.0)
    (violation,) = caught.value.violations
    assert violation.id == "turns"
    assert says in str(violation)
    compile(violation.reproduce, "reproduce", "exec")


@pytest.mark.parametrize("stream", [LoudStream, Marks])
async def test_turns_that_are_right_pass(stream: type[LoudStream]) -> None:
    await check_stt(engine(stream), checks=["turns"])
