"""An `APIConnectionError` as text names what is at the root of it."""

from __future__ import annotations

import pytest

from anyio_stt import APIConnectionError, APITimeoutError


def caused_by(
    *causes: BaseException, error: APIConnectionError | None = None
) -> APIConnectionError:
    """Chain *causes*, the nearest first, below *error*."""
    top = error or APIConnectionError()
    above: BaseException = top
    for cause in causes:
        above.__cause__ = cause
        above = cause
    return top


def test_without_a_cause_it_is_the_message() -> None:
    assert str(APIConnectionError()) == "Connection error."
    assert str(APIConnectionError("failed to connect")) == "failed to connect"


def test_the_cause_is_named_and_the_message_stays_alone() -> None:
    error = caused_by(ValueError("payload is not completed"))
    assert str(error) == "Connection error. (caused by ValueError: payload is not completed)"
    assert error.message == "Connection error."


def test_the_root_of_the_chain_is_named_not_what_is_between() -> None:
    error = caused_by(RuntimeError("in between"), OSError("peer closed connection"))
    assert str(error) == "Connection error. (caused by OSError: peer closed connection)"


def test_a_cause_whose_text_fails_is_named_by_its_class() -> None:
    class Hostile(Exception):
        def __str__(self) -> str:
            raise RuntimeError("nope")

    assert str(caused_by(Hostile())) == "Connection error. (caused by Hostile)"


def test_a_cause_without_text_is_named_by_its_class() -> None:
    error = caused_by(TimeoutError(), error=APITimeoutError())
    assert str(error) == "Request timed out. (caused by TimeoutError)"


def test_a_chain_that_is_a_circle_ends() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert "ValueError: b" in str(caused_by(first))


def test_a_chain_that_leads_back_to_the_error_ends() -> None:
    error, other = APIConnectionError("top"), APIConnectionError("other")
    error.__cause__, other.__cause__ = other, error
    assert str(error) == "top (caused by APIConnectionError: other)"


def test_an_error_that_causes_itself_is_the_message() -> None:
    error = APIConnectionError("alone")
    error.__cause__ = error
    assert str(error) == "alone"


def test_a_long_chain_is_followed_ten_steps() -> None:
    error = caused_by(*(ValueError(str(number)) for number in range(1, 20)))
    assert str(error) == "Connection error. (caused by ValueError: 10)"


def test_what_raise_from_sets_is_named() -> None:
    with pytest.raises(APIConnectionError) as caught:
        try:
            raise OSError("connection reset by peer")
        except OSError as exc:
            raise APIConnectionError(retryable=False) from exc
    assert str(caught.value) == "Connection error. (caused by OSError: connection reset by peer)"


def test_a_cause_that_says_much_is_named_in_part() -> None:
    error = APIConnectionError("lost")
    error.__cause__ = ValueError("x" * 100_000)
    assert str(error) == f"lost (caused by ValueError: {'x' * 500}...)"
