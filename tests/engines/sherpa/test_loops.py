"""A decoder's loop is told from people who say things twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt.engines.sherpa.loops import loops


@pytest.mark.parametrize(
    ("text", "is_loop"),
    [
        ("It was a season of light. It was a season of light, it was a season of light", True),
        ("so I said you know what you know what you know what", True),
        ("no, no, no, no", False),
        ("one two one two one two", False),
        ("ask not what your country can do for you, ask what you can do for your country", False),
        ("it was the age of wisdom, it was the age of foolishness, it was the age of", False),
        ("", False),
    ],
)
def test_three_words_three_times_in_a_row(text: str, is_loop: bool) -> None:
    assert loops(text) is is_loop


WORDS = st.lists(st.sampled_from([f"w{n}" for n in range(30)]), unique=True)


@given(before=WORDS, loop=WORDS.filter(lambda words: 3 <= len(words) <= 12), after=WORDS)
def test_a_loop_is_found_wherever_it_is(
    before: list[str], loop: list[str], after: list[str]
) -> None:
    assert loops(" ".join([*before, *loop * 3, *after]))
    assert not loops(" ".join(loop))
