"""The one guard of answers to requests: whatever a body holds, a value or an `APIError`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from ..exceptions import APIConnectionError, APIError
from .fields import reason_of

__all__ = ("guarded_answer", "read_answer")

_SHOWN = 80
_T = TypeVar("_T")


def read_answer(where: object, provider: str, body: bytes | str, read: Callable[[Any], _T]) -> _T:
    """
    Return what *read* makes of the JSON in *body*.

    Args:
        where: the address, shown as it prints itself.
        provider: whose protocol was expected.
        body: the answer.
        read: makes something of it; whatever it raises means that it is no such answer.

    Raises:
        APIError: when it is no such answer, or reports a failure.
    """
    with guarded_answer(where, provider, body):
        return read(json.loads(body))
    raise AssertionError  # for type checkers: the guard lets nothing pass but its own error


@contextmanager
def guarded_answer(where: object, provider: str, said: bytes | str) -> Iterator[None]:
    """
    Make one error of whatever reading *said* raises in the block.

    Raises:
        APIError: what the block raised, if it is one, else our own sentence.
    """
    try:
        yield
        return
    except APIError:
        raise
    except Exception as exc:  # noqa: BLE001 - a peer can make any of them, by what it sends
        why = reason_of(exc)
    shown = said[:_SHOWN].decode(errors="replace") if isinstance(said, bytes) else said[:_SHOWN]
    raise APIConnectionError(  # out here, so that our own sentence is its own cause
        f"{where} answered {shown!r}, which is not a transcript of {provider}'s protocol ({why}): "
        f"is base_url the address of such a server?"
    ) from None
