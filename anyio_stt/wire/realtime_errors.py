"""What the complaints of a realtime session mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..exceptions import APIError, APIStatusError

__all__ = ("is_harmless", "is_passing", "realtime_failure", "says_empty")

_EMPTY = "input_audio_buffer_commit_empty"
_COMMIT_FAILED = "Error committing input audio buffer"  # the same from those who give no code
_ACCOUNT = ("invalid_api_key", "insufficient_quota", "authentication_error")
_PASSING = ("server_error", "rate_limit_error", "rate_limit_exceeded", "session_expired")
# Complaints about what is no transcription, and about what is there already: no failures.
_HARMLESS = ("item_", "response_", "conversation_")
_EXISTS = "already exists"


def says_empty(error: Mapping[str, Any]) -> bool:
    """Whether there was nothing to commit."""
    failed = str(error.get("message")).startswith(_COMMIT_FAILED)
    return error.get("code") == _EMPTY or failed


def is_harmless(error: Mapping[str, Any]) -> bool:
    """Whether the session does its work all the same."""
    return str(error.get("code")).startswith(_HARMLESS) or _EXISTS in str(error.get("message"))


def is_passing(error: Mapping[str, Any]) -> bool:
    """Whether it is not the audio that was refused, but the moment or the account."""
    return any(each in _PASSING or each in _ACCOUNT for each in _named(error))


def realtime_failure(error: Mapping[str, Any], what: str) -> APIError:
    """Make our error of a complaint; what is wrong with the request stays wrong."""
    kind, code = _named(error)
    message = f"{what}: {error.get('message')} ({kind}, {code})"
    if kind in _ACCOUNT or code in _ACCOUNT:
        return APIStatusError(message, status_code=401, retryable=False)
    passing = is_passing(error) or kind != "invalid_request_error"
    return APIError(message, body=dict(error), retryable=passing)


def _named(error: Mapping[str, Any]) -> tuple[str, str]:
    return str(error.get("type")), str(error.get("code"))
