"""What plugins, and the libraries under them, raise: as our errors, and ours as LiveKit's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from http import HTTPStatus

from ...exceptions import APIConnectionError, APIError, APIStatusError, APITimeoutError
from . import theirs

__all__ = ("our_error", "their_error")

_MOST_CAUSES = 10
_STANDARD = frozenset(sys.stdlib_module_names) | {"builtins"}


def our_error(error: Exception, label: str) -> Exception:
    """
    Return *error* as one of the `APIError` family, or itself if it is a mistake in a program.

    What LiveKit's own class says of retrying is kept, but a status among the causes is believed
    first: a plugin that calls a refused key a lost connection would be asked again for ever.

    Args:
        error: what the plugin failed with.
        label: its name.
    """
    agents = theirs.agents
    status = next((code for each in _causes(error) for code in _statuses(each)), None)
    told = _told(error, label)
    if isinstance(error, agents.APIStatusError):
        return APIStatusError(
            told,
            status_code=error.status_code,
            request_id=error.request_id,
            body=error.body,
            retryable=error.retryable,
        )
    if isinstance(error, agents.APITimeoutError):
        return APITimeoutError(told, retryable=error.retryable)
    if isinstance(error, agents.APIError):
        if status is not None and status >= HTTPStatus.BAD_REQUEST:
            return APIStatusError(told, status_code=status, body=error.body)
        ours = APIConnectionError if isinstance(error, agents.APIConnectionError) else APIError
        return ours(told, body=error.body, retryable=error.retryable)
    if status is not None and status >= HTTPStatus.BAD_REQUEST:
        return APIStatusError(told, status_code=status)
    if isinstance(error, TimeoutError) or type(error).__name__ == "TimeoutError":
        return APITimeoutError(told)
    if isinstance(error, (OSError, EOFError)) or not _is_standard(error):
        return APIConnectionError(told)
    return error


def their_error(error: Exception) -> Exception:
    """Return one of our errors as LiveKit's of the same name; others are left as they are."""
    agents = theirs.agents
    if isinstance(error, APIStatusError):
        made = agents.APIStatusError(
            error.message,
            status_code=error.status_code,
            request_id=error.request_id,
            body=error.body,
            retryable=error.retryable,
        )
    elif isinstance(error, APITimeoutError):
        made = agents.APITimeoutError(str(error), retryable=error.retryable)
    elif isinstance(error, APIConnectionError):
        made = agents.APIConnectionError(error.message, retryable=error.retryable)
    elif isinstance(error, APIError):
        made = agents.APIError(error.message, body=error.body, retryable=error.retryable)
    else:
        return error
    made.__cause__ = error
    return made  # type: ignore[no-any-return]


def _causes(error: BaseException) -> Iterator[BaseException]:
    each: BaseException | None = error
    for _ in range(_MOST_CAUSES):
        if each is None:
            return
        yield each
        each = each.__cause__ or each.__context__


def _statuses(error: BaseException) -> Iterator[int]:
    """Find an HTTP status where aiohttp, OpenAI's SDK, websockets and gRPC's users keep it."""
    holders = (error, getattr(error, "response", None))
    for holder in holders:
        for name in ("status_code", "status"):
            value = getattr(holder, name, None)
            if isinstance(value, int) and HTTPStatus.CONTINUE <= value < 600:
                yield int(value)


def _told(error: Exception, label: str) -> str:
    text = getattr(error, "message", None) or str(error) or type(error).__name__
    return f"{label}: {text}"


def _is_standard(error: Exception) -> bool:
    """Whether its class is Python's own: then it tells of a mistake, and not of a provider."""
    return type(error).__module__.split(".")[0] in _STANDARD
