"""Errors out of HTTP answers."""

from __future__ import annotations

from http import HTTPStatus

from ...exceptions import APIStatusError

__all__ = ("create_api_error_from_http",)


def create_api_error_from_http(
    message: str = "",
    *,
    status: int,
    request_id: str | None = None,
    body: object | None = None,
) -> APIStatusError:
    """
    Return the error for an HTTP status.

    Args:
        message: what the provider said; the status's own phrase stands beside it.
        status: the HTTP status.
        request_id: the provider's name for the request.
        body: what came along.
    """
    known = status in {each.value for each in HTTPStatus}
    phrase = HTTPStatus(status).phrase if known else f"HTTP {status}"
    told = f"{message} ({phrase})" if message and message != phrase else phrase
    return APIStatusError(told, status_code=status, request_id=request_id, body=body)
