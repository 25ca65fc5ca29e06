"""One table: what ends a websocket, as errors of ours."""

from __future__ import annotations

from collections.abc import Iterable

from ..exceptions import APIConnectionError, APIError, APIStatusError
from .redaction import excerpt

__all__ = ("ABNORMAL", "CLEAN", "close_error")

CLEAN = frozenset({1000, 1005})
"""Close codes that say nothing went wrong: normal, and none given."""

ABNORMAL = 1006
"""What the protocol calls a connection that ended without a close."""

_MEANING = {
    1000: "ended the conversation before it was over",
    1001: "is going away",
    1002: "says we broke the websocket protocol",
    1003: "does not take this kind of data",
    1005: "ended the conversation before it was over",
    1006: "was lost",
    1007: "could not read a message",
    1008: "refused us; check api_key and the options",
    1009: "says a message was too big",
    1010: "wants an extension we did not offer",
    1011: "had an internal error",
    1012: "restarts",
    1013: "is overloaded",
    1014: "cannot reach the server behind it",
}
# The same audio would be refused again.
_FINAL = frozenset({1002, 1003, 1007, 1008, 1009, 1010})
# 4000 to 4999 are the provider's own; most mirror HTTP, 44xx and 40xx alike: 4401 is 401.
_FINAL_OWN = frozenset({4001, 4003, 4004, 4400, 4401, 4402, 4403, 4404, 4413})


def close_error(
    where: object, code: int, reason: str = "", secrets: Iterable[str] = ()
) -> APIError:
    """
    Make the error for a websocket that was closed with *code* or lost (1006).

    Args:
        where: the address, shown as it prints itself.
        code: the close code; becomes the `status_code`, HTTP has none so high.
        reason: what the peer said.
        secrets: never shown, even if the peer repeats them.
    """
    said = excerpt(reason, tuple(secrets))
    meaning = _MEANING.get(code, "closed the connection")
    message = f"{where} {meaning} (close code {code}{': ' if said else ''}{said})"
    if code == ABNORMAL:
        return APIConnectionError(message)
    retryable = code not in _FINAL and code not in _FINAL_OWN
    return APIStatusError(message, status_code=code, body=said or None, retryable=retryable)
