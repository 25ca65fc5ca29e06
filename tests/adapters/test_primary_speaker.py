"""Which of several speakers is the primary one."""

from __future__ import annotations

from anyio_stt.adapters.primary_speaker import PrimaryDetection, PrimarySpeaker


def speakers(*levels: float) -> PrimarySpeaker:
    """Make one that has heard a second of each level."""
    primary = PrimarySpeaker(PrimaryDetection())
    for level in levels:
        for _ in range(10):
            primary.push_level(level)
    return primary


def test_the_first_who_speaks_is_primary() -> None:
    assert speakers(100).hear("A", 0, 1) == "A"


def test_a_little_louder_is_not_enough() -> None:
    primary = speakers(100, 120)
    primary.hear("A", 0, 1)

    assert primary.hear("B", 1, 2) == "A"


def test_much_louder_takes_over() -> None:
    primary = speakers(100, 140)
    primary.hear("A", 0, 1)

    assert primary.hear("B", 1, 2) == "B"


def test_after_long_silence_of_the_primary_speaker_as_loud_is_enough() -> None:
    primary = speakers(100, *[0] * 60, 101)
    primary.hear("A", 0, 1)

    assert primary.hear("B", 61, 62) == "B"


def test_levels_older_than_the_memory_are_not_known() -> None:
    primary = speakers(100, *[0] * 130)

    assert primary.hear("A", 0, 1) is None
    assert primary.hear("A", 60, 61) == "A"


def test_in_a_new_session_who_is_as_loud_is_the_primary_speaker_under_a_new_label() -> None:
    primary = speakers(100, 20, 95)
    primary.hear("S0", 0, 1)

    assert primary.hear("S0.2", 1, 2) == "S0"
    assert primary.hear("S1.2", 2, 3) == "S1.2"
