"""What breaks, and when; seeded, so that it is the same for everybody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from anyio_stt.testing.servers import Action, Fault, Moment

__all__ = ("SCENARIOS", "Scenario")

Faults = Sequence[Fault | None]


@dataclass(frozen=True)
class Scenario:
    """
    One way in which a minute goes wrong.

    Args:
        title: what the table calls it.
        faults: from randomness and the seconds of speech to the faults of each server.
        quick: whether `--quick` has it.
        impatient: whether the consumer's waits are cancelled all the time.
        killed_at: the share of the speech after which the server's process is killed.
    """

    title: str
    faults: Callable[[Random, float], Sequence[Faults]]
    quick: bool = False
    impatient: bool = False
    killed_at: float | None = None


def _torn(random: Random, seconds: float) -> Sequence[Faults]:
    """Sockets are reset after seeded stretches of audio, three seconds apart on average."""
    count = round(seconds / 3)
    return [[_at(Action.RESET, random.uniform(1.5, 4.5)) for _ in range(count)]]


def _one(action: Action) -> Callable[[Random, float], Sequence[Faults]]:
    return lambda random, seconds: [[_at(action, seconds * random.uniform(0.15, 0.25))]]


def _handover(random: Random, seconds: float) -> Sequence[Faults]:
    """The first engine's provider breaks down for good after a third; the second's is well."""
    refusals = [Fault(Action.STATUS, status=503)] * 500
    return [[_at(Action.RESET, seconds / 3), *refusals], []]


def _well(random: Random, seconds: float) -> Sequence[Faults]:
    return [[]]


def _at(action: Action, after: float) -> Fault:
    return Fault(action, Moment.HEARING, after=after)


SCENARIOS = {
    "torn": Scenario("sockets torn every three seconds", _torn, quick=True),
    "deaf": Scenario("a peer that stops reading", _one(Action.STOP_READING)),
    "mute": Scenario("a peer that answers nothing any more", _one(Action.HALF_OPEN)),
    "handover": Scenario("a provider that breaks down, another one at hand", _handover),
    "impatient": Scenario("a consumer whose waits are cancelled", _well, impatient=True),
    "killed": Scenario("the provider's process killed, and back", _well, quick=True, killed_at=0.5),
}
