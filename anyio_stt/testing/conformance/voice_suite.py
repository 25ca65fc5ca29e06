"""Runs the checks on a detector of voice activity."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection

from ...audio.frame import AudioFrame
from ...vad import VAD
from .registry import Check
from .suite import chosen, default_audio
from .violations import ContractViolation
from .voice import VOICE_CHECKS
from .voice_subject import VoiceSubject

__all__ = ("check_vad",)


async def check_vad(
    make_vad: Callable[[], VAD],
    *,
    audio: AudioFrame | None = None,
    seed: int = 0,
    checks: Collection[str] | None = None,
    patience: float = 10.0,
    grace: float = 1.0,
    tolerance: float = 0.3,
) -> None:
    """
    Check a voice activity detector against the contract, as `check_stt` checks an engine.

    Args:
        make_vad: returns a new detector each time.
        audio: speech, by default the beginning of `spoken()`.
        seed: decides everything that is chosen by chance.
        checks: names of checks, or ids of contract lines, to try only those.
        patience: seconds a stream may take longer than its audio lasts.
        grace: seconds a detector may take to end when it is cancelled.
        tolerance: seconds that times may be off.

    Raises:
        ContractViolation: when the detector breaks the contract; see its `violations`.
        ValueError: for a check that does not exist.
    """
    selected = chosen(checks, VOICE_CHECKS)
    subject = VoiceSubject(
        make_vad,
        default_audio() if audio is None else audio,
        rng=random.Random(seed),
        patience=patience,
        grace=grace,
        tolerance=tolerance,
    )
    for each in selected:
        with subject.checking(each.name):
            await _run(each, subject)
    if subject.violations:
        raise ContractViolation(make_vad().label, subject.violations)


async def _run(check: Check, subject: VoiceSubject) -> None:
    try:
        await check.run(subject)
    except Exception as exc:  # noqa: BLE001 - whatever it raises is the detector's
        subject.violate(
            check.ids[0],
            f"the detector raised {type(exc).__name__} where none was expected: {exc}",
            "from anyio_stt.testing import check_vad",
            f"await check_vad(make_vad, checks=['{check.name}'])",
        )
