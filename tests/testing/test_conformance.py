"""The suite catches every broken engine under the right line, and lets the correct one pass."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from anyio import run_process
from anyio.lowlevel import checkpoint

from anyio_stt import STT, combine_frames
from anyio_stt.testing import (
    ContractViolation,
    ScriptedSTT,
    Violation,
    check_stt,
    silence,
    tone,
)
from tests.testing.broken_answers import (
    BROKEN_ANSWERS,
    BROKEN_REFUSING,
    CORRECT_ANSWERS,
    REFUSING,
    ClaimsWhatItHasNotHeard,
    HangsUpPolitely,
)
from tests.testing.broken_batches import BROKEN_BATCHES, CORRECT, DropsWhatIsOpenAtAFlush
from tests.testing.broken_engines import (
    BROKEN,
    Refuses,
    RefusesStrangely,
    RefusesWithItsKey,
    TellsItsKey,
    engine,
)
from tests.testing.broken_lifetimes import CLEAN_UP, NeverLetsGo
from tests.testing.loud_engine import LoudSTT

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def clean_up() -> Any:
    yield
    while CLEAN_UP:
        CLEAN_UP.pop(0)()


async def violations_of(make_stt: Callable[[], STT], **options: Any) -> dict[str, Violation]:
    """Return what the suite finds, by contract id."""
    with pytest.raises(ContractViolation) as caught:
        await check_stt(make_stt, **options)
    for release in CLEAN_UP:
        release()
    CLEAN_UP.clear()
    await checkpoint()
    return {violation.id: violation for violation in caught.value.violations}


@pytest.mark.parametrize("fault", BROKEN)
async def test_an_engine_is_caught_that(fault: str) -> None:
    contract_id, make_stt = BROKEN[fault]
    # what blocks the loop takes real time, even here
    checks = ["blocking"] if contract_id == "blocking" else None
    found = await violations_of(make_stt, checks=checks)
    assert contract_id in found
    compile(found[contract_id].reproduce, "reproduce", "exec")


@pytest.mark.parametrize("fault", BROKEN_BATCHES)
async def test_a_batch_engine_is_caught_that(fault: str) -> None:
    contract_id, make_stt = BROKEN_BATCHES[fault]
    checks = ["blocking"] if contract_id == "blocking" else None
    found = await violations_of(make_stt, checks=checks, patience=5.0)
    assert contract_id in found
    compile(found[contract_id].reproduce, "reproduce", "exec")


async def test_an_engine_is_caught_that_drops_what_is_open_at_a_flush_or_the_end() -> None:
    audio = combine_frames([tone(0.43), silence(0.5), tone(0.9, 300), silence(0.6)])
    found = await violations_of(engine(DropsWhatIsOpenAtAFlush), checks=["tail"], audio=audio)
    assert "S9" in found


@pytest.mark.parametrize("fault", BROKEN_ANSWERS)
async def test_what_people_report_of_providers_is_caught(fault: str) -> None:
    contract_id, check, make_stt = BROKEN_ANSWERS[fault]
    found = await violations_of(make_stt, checks=[check], patience=5.0)
    assert list(found) == [contract_id]
    compile(found[contract_id].reproduce, "reproduce", "exec")


async def test_an_answer_that_covers_what_was_never_heard_is_caught() -> None:
    audio = combine_frames([tone(0.3), silence(0.5), tone(1.4, 300), silence(0.8)])
    claims = engine(ClaimsWhatItHasNotHeard)
    assert "S16" in await violations_of(claims, checks=["lost-connection"], audio=audio)


@pytest.mark.parametrize("name", CORRECT_ANSWERS)
async def test_an_engine_that_does_it_right_passes(name: str) -> None:
    await check_stt(CORRECT_ANSWERS[name])


@pytest.mark.parametrize("fault", BROKEN_REFUSING)
async def test_an_engine_is_caught_that_takes_a_refused_utterance_wrong(fault: str) -> None:
    make = BROKEN_REFUSING[fault]
    found = await violations_of(CORRECT["a batch engine"], make_refusing=make, checks=["S22"])
    assert list(found) == ["S22"]


@pytest.mark.parametrize("name", REFUSING)
async def test_an_engine_passes_that_gives_a_refused_utterance_up(name: str) -> None:
    make, refusing = REFUSING[name]
    await check_stt(make, make_refusing=refusing, checks=["S22"])


async def test_a_polite_goodbye_before_the_answer_is_no_success() -> None:
    options = {"make_failing": HangsUpPolitely, "checks": ["failing"]}
    assert "S15" in await violations_of(LoudSTT, **options)


@pytest.mark.parametrize("name", CORRECT)
async def test_a_correct_batch_engine_passes_behind_a_detector_too(name: str) -> None:
    await check_stt(CORRECT[name])


@pytest.mark.real_time
async def test_an_engine_that_never_lets_go_is_caught_and_the_suite_ends() -> None:
    found = await violations_of(engine(NeverLetsGo), checks=["abort"], patience=0.2, grace=0.2)
    assert "S4" in found


async def test_a_correct_engine_passes() -> None:
    await check_stt(LoudSTT)


@pytest.mark.real_time
async def test_a_correct_engine_passes_on_the_real_clock() -> None:
    await check_stt(LoudSTT)


async def test_a_correct_engine_passes_with_any_seed_and_audio() -> None:
    sounds = [tone(0.43), silence(0.3), tone(0.9, 300), silence(0.2)]
    for seed in range(3):
        await check_stt(LoudSTT, seed=seed, audio=combine_frames(sounds))


async def test_a_scripted_engine_passes() -> None:
    await check_stt(ScriptedSTT, checks=["S1", "S2", "S4", "S19", "blocking", "secrets"])


async def test_how_an_engine_fails_is_checked_too() -> None:
    checks = ["failing", "secrets"]
    await check_stt(LoudSTT, make_failing=Refuses, checks=checks)
    assert "S15" in await violations_of(LoudSTT, make_failing=RefusesStrangely, checks=checks)
    assert "secrets" in await violations_of(
        TellsItsKey, make_failing=RefusesWithItsKey, checks=checks
    )


async def test_checks_are_chosen_by_name_and_by_contract_line() -> None:
    never_ends = BROKEN["never ends after the end of input"][1]
    await check_stt(never_ends, checks=["S1", "capabilities"])
    assert set(await violations_of(never_ends, checks=["ending"])) == {"S5"}
    with pytest.raises(ValueError, match="no such check: S99; there are ending, "):
        await check_stt(LoudSTT, checks=["S99"])


async def test_a_violation_shows_itself_when_its_program_is_run() -> None:
    found = await violations_of(BROKEN["returns before the end of input"][1], checks=["ending"])
    program = found["S5"].reproduce
    assert "make_stt = ..." in program  # the engine was made inside a function
    loud = "from tests.testing.loud_engine import LoudSTT as make_stt"
    runnable = program.replace("make_stt = ...", loud)
    ran = await run_process([sys.executable, "-c", runnable], cwd=Path(__file__).parents[2])
    assert b"FINAL_TRANSCRIPT" in ran.stdout
