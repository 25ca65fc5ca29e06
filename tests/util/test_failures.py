from __future__ import annotations

import sys

import pytest

from anyio_stt import APIConnectionError, APIStatusError
from anyio_stt._util.failures import sole_error

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup, ExceptionGroup

PASSES = APIConnectionError("may pass")
REFUSED = APIStatusError("no", status_code=401)
BUG = LookupError("a bug")


@pytest.mark.contract("S14")
@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([PASSES], PASSES),
        ([PASSES, REFUSED], REFUSED),
        ([REFUSED, PASSES, BUG], BUG),
        ([BUG, PASSES], BUG),
    ],
)
def test_a_bug_matters_more_than_a_refusal_and_a_refusal_more_than_what_may_pass(
    errors: list[Exception], expected: Exception
) -> None:
    assert sole_error(ExceptionGroup("", errors)) is expected
    assert sole_error(ExceptionGroup("", [ExceptionGroup("", errors)])) is expected


def test_the_first_of_equals_is_taken() -> None:
    other = APIConnectionError("another")
    assert sole_error(ExceptionGroup("", [PASSES, other])) is PASSES


def test_anything_else_comes_back_as_it_is() -> None:
    assert sole_error(BUG) is BUG


@pytest.mark.parametrize("leaves", [KeyboardInterrupt(), SystemExit(3)])
def test_what_ends_the_program_matters_most(leaves: BaseException) -> None:
    assert sole_error(BaseExceptionGroup("", [BUG, leaves])) is leaves
    assert sole_error(BaseExceptionGroup("", [GeneratorExit(), leaves])) is leaves
