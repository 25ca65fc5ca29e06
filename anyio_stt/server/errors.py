"""How each protocol tells what went wrong."""

from __future__ import annotations

import logging
from typing import Any
from uuid import uuid4

from starlette.responses import JSONResponse, Response

from ..exceptions import APIError
from ..wire import deepgram_answers, openai_server
from ..wire.server_session import ClientError
from .limits import BusyError

__all__ = ("deepgram_error", "error_for", "openai_error", "told_error", "whisper_error")

logger: logging.Logger = logging.getLogger("anyio_stt.server")


def told_error(error: Exception) -> tuple[int, str, dict[str, str]]:
    """Return the status, the words and the headers that tell a client of *error*."""
    if isinstance(error, BusyError):
        return error.status, str(error), {"retry-after": str(error.retry_after)}
    if isinstance(error, ClientError):
        return error.status, str(error), {}
    if isinstance(error, APIError):
        return 502, error.message, {}
    logger.error("a request failed", exc_info=error)
    return 500, "the server failed; its log says why", {}


def openai_error(error: Exception) -> Response:
    """Tell an error as OpenAI does."""
    status, message, headers = told_error(error)
    param = error.parameter if isinstance(error, ClientError) else None
    kind = "invalid_request_error" if status < 500 else "server_error"
    kind = "rate_limit_exceeded" if status == 429 else kind
    code: dict[int, str] = {404: "model_not_found", 413: "too_large", 429: "rate_limit_exceeded"}
    body: dict[str, Any] = openai_server.error_body(message, kind, param, code.get(status))
    return JSONResponse(body, status, headers)


def whisper_error(error: Exception) -> Response:
    """Tell an error as whisper.cpp's server does."""
    status, message, headers = told_error(error)
    return JSONResponse({"error": message}, status, headers)


def deepgram_error(error: Exception) -> Response:
    """Tell an error as Deepgram does."""
    status, message, headers = told_error(error)
    body = deepgram_answers.error_body(_code(status), message, str(uuid4()))
    return JSONResponse(body, status, headers)


def _code(status: int) -> str:
    codes = {404: "MODEL_NOT_FOUND", 413: "PAYLOAD_TOO_LARGE", 429: "TOO_MANY_REQUESTS"}
    return codes.get(status, "Bad Request" if status < 500 else "INTERNAL_SERVER_ERROR")


def error_for(path: str) -> Any:
    """Return how the protocol at *path* tells errors."""
    if path.startswith("/v1/listen"):
        return deepgram_error
    return openai_error if path.startswith("/v1/") else whisper_error
