"""What two guesses in a row agree on stays, and is not heard again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anyio_stt.engines.whisper.agreement import LocalAgreement
from anyio_stt.workers.session import SpokenWord


def words(text: str, begin: int = 0) -> list[SpokenWord]:
    """Return *text* with a second for each word."""
    return [
        SpokenWord(word, float(at), at + 1.0) for at, word in enumerate(text.split(), start=begin)
    ]


def test_a_prefix_that_two_guesses_share_is_agreed_on() -> None:
    agreement = LocalAgreement()
    agreement.take(words("go for"))
    assert (agreement.agreed_text, agreement.text) == ("", "go for")
    agreement.take(words("go forward ten"))
    assert (agreement.agreed_text, agreement.text) == ("go", "go forward ten")
    assert agreement.agreed_until == 1.0
    agreement.take(words("forward ten meters", begin=1))
    assert (agreement.agreed_text, agreement.text) == ("go forward ten", "go forward ten meters")


def test_punctuation_and_case_make_no_difference_and_the_newest_is_kept() -> None:
    agreement = LocalAgreement()
    agreement.take(words("ask not"))
    agreement.take(words("Ask, not what"))
    assert agreement.agreed_text == "Ask, not"


def test_nothing_heard_agrees_on_nothing() -> None:
    agreement = LocalAgreement()
    agreement.take([])
    agreement.take(words("go"))
    agreement.take([])
    assert agreement.text == ""


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=6), max_size=12))
def test_what_is_agreed_on_is_never_taken_back(guesses: list[list[str]]) -> None:
    agreement, before, until = LocalAgreement(), "", 0.0
    for guess in guesses:
        agreement.take(words(" ".join(guess), begin=int(agreement.agreed_until)))
        assert agreement.agreed_text.startswith(before)
        assert agreement.text.startswith(agreement.agreed_text)
        assert agreement.agreed_until >= until
        before, until = agreement.agreed_text, agreement.agreed_until
