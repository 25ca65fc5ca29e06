"""No secret in any text: a peer may repeat what it was sent, and errors quote what peers say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ..exceptions import APIError, APIStatusError

__all__ = (
    "EXCERPT",
    "SHORTEST",
    "excerpt",
    "redact",
    "redacted",
    "redacted_message",
    "without_secrets",
)

EXCERPT = 500
"""How many characters of what a provider said an error repeats."""

SHORTEST = 4
"""How many letters a secret has at least; fewer stand in any text."""

_HIDDEN = "***"
_ESCAPED = re.compile(r"\\(?:[/\"\\]|u00[0-7])")  # in JSON, what could have stood there as it is


def redact(text: str, secrets: Iterable[str]) -> str:
    """Blot out *secrets*."""
    for secret in sorted(_long(secrets), key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return text


def excerpt(text: str, secrets: Iterable[str], limit: int = EXCERPT) -> str:
    """Return the beginning of *text* without *secrets*, nor the half of one at a cut."""
    known = _long(secrets)
    longest = max(map(len, known), default=0)
    shown = redact(text[: limit + longest], known)
    if len(text) > limit + longest:
        shown = shown[: len(shown) - longest]
    return shown[:limit]


def redacted(value: Any, secrets: Iterable[str]) -> Any:
    """Return *value*, a text or what JSON has, without *secrets* in any text of it."""
    known = tuple(secrets)
    if isinstance(value, str):
        return redact(value, known)
    if isinstance(value, (list, tuple)):
        return [redacted(each, known) for each in value]
    if isinstance(value, dict):
        return {redacted(name, known): redacted(each, known) for name, each in value.items()}
    return value


def _long(secrets: Iterable[str]) -> tuple[str, ...]:
    """Leave out what is no secret: a letter or two stand in any text."""
    return tuple(secret for secret in secrets if len(secret) >= SHORTEST)


def redacted_message(message: str, secrets: tuple[str, ...]) -> str:
    """Return *message*, JSON perhaps, without *secrets*, also where they are written in escapes."""
    if not secrets:
        return message
    if _ESCAPED.search(message):
        with suppress(ValueError, RecursionError):
            message = json.dumps(redacted(json.loads(message), secrets))
    return redact(message, secrets)


@contextmanager
def without_secrets(secrets: Callable[[], Iterable[str]]) -> Iterator[None]:
    """Take the secrets out of whatever error leaves the block, and out of its causes."""
    try:
        yield
    except BaseException as exc:
        known = _long(secrets())
        if known:
            _clean(exc, known)
        raise


def _clean(error: BaseException, secrets: tuple[str, ...]) -> None:
    """Clean errors of ours; of others, which cannot be changed, let go where they show one."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, APIError):
            _rewrite(each, secrets)
        waiting += getattr(each, "exceptions", ())
        for name in ("__cause__", "__context__"):
            inner = getattr(each, name)
            if inner is not None and _shows(inner, secrets):
                setattr(each, name, None)
            elif inner is not None:
                waiting.append(inner)


def _rewrite(error: APIError, secrets: tuple[str, ...]) -> None:
    error.message = redact(error.message, secrets)
    error.args = tuple(redacted(list(error.args), secrets))
    error.body = redacted(error.body, secrets)
    if isinstance(error, APIStatusError) and error.request_id is not None:
        error.request_id = redact(error.request_id, secrets)


def _shows(error: BaseException, secrets: tuple[str, ...]) -> bool:
    if isinstance(error, APIError):
        return False
    try:
        text = f"{error} {error!r} {getattr(error, '__notes__', '')}"
    except Exception:  # noqa: BLE001 - a library's own text failed: who knows what it would show
        return True
    return any(secret in text for secret in secrets)
