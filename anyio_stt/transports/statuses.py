"""What an HTTP status means for the next attempt; both transports answer with it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import timezone
from email.utils import parsedate_to_datetime

from .._core.clock import wall_clock
from ..exceptions import APIStatusError

__all__ = ("EXCERPT", "redact", "retry_after", "status_error")

EXCERPT = 500
"""How many characters of what a provider said an error repeats."""

_ADVICE = {
    401: "the key was refused; check api_key",
    402: "the account has no credit left",
    403: "the key may not do this; check the account's rights and the model",
    404: "there is no such path or model; check base_url and model",
    413: "the audio is too large for one request",
    429: "too many requests",
}


def status_error(
    where: object,
    status: int,
    *,
    said: str = "",
    headers: Iterable[tuple[str, str]] = (),
    secrets: Iterable[str] = (),
) -> APIStatusError:
    """
    Make the error for an answer with *status*.

    401, 403 and most of 4xx are final; 408, 429 and 5xx may be tried again, after
    `Retry-After` seconds where the provider says so.

    Args:
        where: the address, shown as it prints itself.
        status: the HTTP status.
        said: the body, of which the beginning is shown.
        headers: of the answer.
        secrets: never shown, even if the provider repeats them.
    """
    found = {name.lower(): value for name, value in headers}
    advice = f": {_ADVICE[status]}" if status in _ADVICE else ""
    body = redact(said[:EXCERPT], secrets).strip()
    message = f"{where} answered {status}{advice}" + (f" ({body})" if body else "")
    return APIStatusError(
        message,
        status_code=status,
        request_id=found.get("x-request-id") or found.get("dg-request-id"),
        body=body or None,
        retryable=None if status >= 400 else False,  # a redirection leads elsewhere again
        retry_after=retry_after(found.get("retry-after")),
    )


def retry_after(value: str | None) -> float | None:
    """Read a `Retry-After` header: seconds, or a date; `None` when there is nothing to read."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = _until(value)
    return seconds if 0 <= seconds < math.inf else None


def _until(value: str) -> float:
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return math.nan
    aware = date if date.tzinfo else date.replace(tzinfo=timezone.utc)
    return max(0.0, aware.timestamp() - wall_clock())


def redact(text: str, secrets: Iterable[str]) -> str:
    """Blot out *secrets*."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return text
