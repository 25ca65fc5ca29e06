"""What the caller may choose, and what an engine says that it takes."""

from __future__ import annotations

import math

import pytest

from anyio_stt import APIConnectOptions, AudioLostError, STTCapabilities


@pytest.mark.parametrize("name", ["sample_rate", "num_channels", "max_utterance", "max_uncovered"])
@pytest.mark.parametrize("value", [0, -1, math.inf, math.nan])
def test_what_an_engine_takes_is_positive(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be positive"):
        STTCapabilities(True, True, **{name: value})  # type: ignore[arg-type]


def test_an_engine_may_say_nothing_of_what_it_takes_and_livekits_fields_are_known() -> None:
    plain = STTCapabilities(streaming=True, interim_results=True)
    assert plain.sample_rate is plain.max_utterance is plain.max_uncovered is None
    assert STTCapabilities(True, True, keyterms=True, chat_context=True, manual_flush=True).keyterms


@pytest.mark.contract("S16")
@pytest.mark.parametrize(
    ("limit", "uncovered", "seconds"),
    [(None, None, 60.0), (None, 20.0, 60.0), (None, 300.0, 300.0), (5.0, 300.0, 5.0), (0, None, 0)],
)
def test_what_is_kept_for_a_retry_follows_the_engine_unless_the_caller_says(
    limit: float | None, uncovered: float | None, seconds: float
) -> None:
    assert APIConnectOptions(replay_limit=limit).replay_seconds(uncovered) == seconds


def test_lost_audio_is_told_in_stretches_with_what_was_heard_of_the_rest() -> None:
    error = AudioLostError("lost 1.5 s", lost=[(1, 2), (4.0, 4.5)], text="hello")
    assert isinstance(error, RuntimeError)
    assert error.lost == ((1.0, 2.0), (4.0, 4.5))
    assert (error.seconds, error.text, str(error)) == (1.5, "hello", "lost 1.5 s")
