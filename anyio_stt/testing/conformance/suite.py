"""Runs the checks on an engine."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager

from ...audio.frame import AudioFrame
from ...options import STTCapabilities
from ...stt import STT
from ..audio import spoken
from . import (
    answering,
    attempts,
    cancelling,
    conversing,
    hearing,
    lifetime,
    recognizing,
    seeing,
    speaking,
)
from .registry import Check
from .subject import Subject
from .violations import ContractViolation

__all__ = ("CHECKS", "applies", "check_stt", "chosen", "default_audio", "run_checks")

CHECKS: tuple[Check, ...] = (
    hearing.ending,
    lifetime.construction,
    lifetime.leaks,
    lifetime.abort,
    lifetime.closing,
    hearing.nothing,
    hearing.tail,
    hearing.flush,
    hearing.chunking,
    hearing.streams_apart,
    hearing.formats,
    speaking.grammar,
    speaking.after_end,
    speaking.clock,
    speaking.origin,
    speaking.speakers,
    speaking.capabilities,
    answering.flushes,
    answering.starts,
    answering.refused,
    conversing.turns,
    attempts.lost_connection,
    attempts.speakers_apart,
    attempts.no_retry,
    attempts.failing,
    cancelling.cancelled_stream,
    cancelling.cancelled_recognize,
    recognizing.recognize,
    recognizing.closed_recognize,
    recognizing.recognize_formats,
    recognizing.recognize_blocking,
    recognizing.tokens,
    recognizing.closed_for_good,
    seeing.usage,
    seeing.blocking,
    seeing.secrets,  # last: it looks through what the others made the engine say
)


async def check_stt(
    make_stt: Callable[[], STT],
    *,
    audio: AudioFrame | None = None,
    seed: int = 0,
    checks: Collection[str] | None = None,
    make_failing: Callable[[], STT] | None = None,
    make_refusing: Callable[[], STT] | None = None,
    patience: float = 10.0,
    grace: float = 1.0,
    tolerance: float = 0.3,
) -> None:
    """
    Check an engine or adapter against the contract, and report everything that it breaks.

        async def test_my_engine_keeps_the_contract():
            await check_stt(MySTT)

    It runs under any event loop; an engine with threads, processes or sockets needs a real
    clock. Every wait has a deadline, even for an engine that ignores cancellation.

    Args:
        make_stt: returns a new engine each time.
        audio: a few seconds of speech that the engine understands. By default two and a half
            seconds of English, the beginning of `spoken()`.
        seed: decides everything that is chosen by chance.
        checks: names of checks, or ids of contract lines, to try only those.
        make_failing: returns an engine whose attempts all fail: with a wrong key, without a server,
            or with a server that closes in order before it has answered. Checks how it fails.
        make_refusing: returns an engine whose provider refuses the first utterance for good, and
            takes the others. Checks how the stream goes on.
        patience: seconds that a stream may take beyond the length of its audio.
        grace: seconds that an engine may take to end when cancelled.
        tolerance: seconds that times may be off.

    Raises:
        ContractViolation: when the engine breaks the contract; see its `violations`.
        ValueError: for a check that does not exist.
    """
    selected = chosen(checks)
    subject = Subject(
        make_stt,
        default_audio() if audio is None else audio,
        rng=random.Random(seed),
        patience=patience,
        grace=grace,
        tolerance=tolerance,
        make_failing=make_failing,
        make_refusing=make_refusing,
    )
    label = await run_checks(subject, selected)
    if subject.violations:
        raise ContractViolation(label, subject.violations)


def default_audio() -> AudioFrame:
    """Return the speech that `check_stt` uses when it is given none."""
    frame = spoken().frame
    return frame.slice(0, round(2.6 * frame.sample_rate))


def chosen(names: Collection[str] | None, checks: Iterable[Check] = CHECKS) -> list[Check]:
    """
    Return the checks with these names or contract ids, all for `None`.

    Raises:
        ValueError: for a name that is neither.
    """
    there = list(checks)
    if names is None:
        return there
    known = {each.name for each in there}.union(*(each.ids for each in there))
    unknown = sorted(set(names) - known)
    if unknown:
        listed = ", ".join(each.name for each in there)
        raise ValueError(f"no such check: {', '.join(unknown)}; there are {listed}")
    return [each for each in there if each.name in names or set(each.ids) & set(names)]


async def applies(check: Check, subject: Subject) -> bool:
    """Whether the engine claims what the check needs."""
    async with subject.make() as stt:
        return _target(check, subject, stt.capabilities) is not None


async def run_checks(subject: Subject, selected: Iterable[Check]) -> str:
    """Run the checks that apply, note what they see on *subject*, and return the engine's label."""
    async with subject.make() as stt:
        label, capabilities = stt.label, stt.capabilities
    with _listening(subject.log):
        for check in selected:
            target = _target(check, subject, capabilities)
            if target is not None:
                with target.checking(check.name):
                    await _run(check, target)
    return label


def _target(check: Check, subject: Subject, capabilities: STTCapabilities) -> Subject | None:
    """Return what *check* is tried with: a batch engine's streams are those of an adapter."""
    if not check.needs or getattr(capabilities, check.needs):
        return subject
    if check.needs == "streaming" and capabilities.offline_recognize:
        return subject.behind_detector()
    return None


async def _run(check: Check, subject: Subject) -> None:
    try:
        await check.run(subject)
    except Exception as exc:  # noqa: BLE001 - whatever it raises is the engine's
        _note_crash(subject, check, exc)


def _note_crash(subject: Subject, check: Check, error: Exception) -> None:
    subject.log.append(repr(error))
    subject.violate(
        check.ids[0],
        f"the engine raised {type(error).__name__} where none was expected: {error}",
        "from anyio_stt.testing import check_stt",
        f"await check_stt(make_stt, checks=['{check.name}'])",
    )


class _Keeper(logging.Handler):
    """Keeps what is logged, as text."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))


@contextmanager
def _listening(lines: list[str]) -> Iterator[None]:
    root, keeper = logging.getLogger(), _Keeper(lines)
    root.addHandler(keeper)
    try:
        yield
    finally:
        root.removeHandler(keeper)
