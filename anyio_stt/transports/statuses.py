"""What an HTTP status means for the next attempt; both transports answer with it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import timezone
from email.utils import parsedate_to_datetime

from .._util.clock import wall_clock
from ..exceptions import APIStatusError
from .redaction import excerpt, redact

__all__ = ("retry_after", "status_error")

_LONGEST_ID = 200
_LONGEST_WAIT = 86400.0  # seconds; a day is longer than any stream waits
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
    known = tuple(secrets)
    body = excerpt(said, known).strip()
    request_id = found.get("x-request-id") or found.get("dg-request-id") or ""
    message = f"{where} answered {status}{advice}" + (f" ({body})" if body else "")
    return APIStatusError(
        message,
        status_code=status,
        request_id=redact(request_id[:_LONGEST_ID], known) or None,
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
    return min(seconds, _LONGEST_WAIT) if 0 <= seconds < math.inf else None


def _until(value: str) -> float:
    try:
        date = parsedate_to_datetime(value)
        aware = date if date.tzinfo else date.replace(tzinfo=timezone.utc)
        return max(0.0, aware.timestamp() - wall_clock())
    except (ArithmeticError, LookupError, OSError, TypeError, ValueError):
        return math.nan  # whatever it is, it says no time
