"""
Every exception that the library raises on purpose.

    Exception
    ├── APIError                    the engine or the way to it failed
    │   ├── APIStatusError          it answered with an error status
    │   └── APIConnectionError      it could not be reached, or was lost
    │       └── APITimeoutError     it did not answer in time
    ├── RuntimeError
    │   ├── StreamClosedError       your code used a stream or an STT that is not open
    │   ├── InputEndedError         your code pushed audio after it had ended the input
    │   └── AudioLostError          some seconds of a recording were not recognised
    └── anyio.WouldBlock
        └── StreamFullError         your code pushed faster than the engine listens

`APIError.retryable` is what decides whether an attempt is made again.
"""

from __future__ import annotations

from collections.abc import Iterable

import anyio

__all__ = (
    "APIConnectionError",
    "APIError",
    "APIStatusError",
    "APITimeoutError",
    "AudioLostError",
    "InputEndedError",
    "StreamClosedError",
    "StreamFullError",
)

# 408 request timeout, 429 too many requests, 499 client closed request: the request was fine,
# the moment was not. Every other 4xx stays wrong however often it is sent.
_RETRYABLE_4XX = frozenset({408, 429, 499})


class APIError(Exception):
    """
    Raised when an engine fails.

    Args:
        message: what happened, for a person.
        body: what the provider sent with it, if anything.
        retryable: whether the same audio may succeed in a new attempt.
        retry_after: seconds the provider asks us to wait before the next attempt.
    """

    message: str
    body: object | None
    retryable: bool
    retry_after: float | None

    def __init__(
        self,
        message: str,
        *,
        body: object | None = None,
        retryable: bool = True,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.body = body
        self.retryable = retryable
        self.retry_after = retry_after

    def __str__(self) -> str:
        return self.message


class APIStatusError(APIError):
    """
    Raised when an engine answers with an error status.

    A 4xx status is never retryable, whatever *retryable* says, except 408, 429 and 499.

    Args:
        status_code: the HTTP status, or -1 when there is none.
        request_id: the provider's id of the request, for its support.
    """

    status_code: int
    request_id: str | None

    def __init__(
        self,
        message: str,
        *,
        status_code: int = -1,
        request_id: str | None = None,
        body: object | None = None,
        retryable: bool | None = None,
        retry_after: float | None = None,
    ) -> None:
        allowed = not 400 <= status_code < 500 or status_code in _RETRYABLE_4XX
        super().__init__(
            message,
            body=body,
            retryable=allowed and retryable is not False,
            retry_after=retry_after,
        )
        self.status_code = status_code
        self.request_id = request_id

    def __str__(self) -> str:
        request = f", request_id={self.request_id}" if self.request_id else ""
        return f"{self.message} (status_code={self.status_code}{request})"


class APIConnectionError(APIError):
    """
    Raised when an engine cannot be reached, or its connection is lost.

    `str()` of it also names the root of its causes, which is where the failure itself is described;
    `message` is the message alone.
    """

    def __init__(
        self,
        message: str = "Connection error.",
        *,
        body: object | None = None,
        retryable: bool = True,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, body=body, retryable=retryable, retry_after=retry_after)

    def __str__(self) -> str:
        root = _root_cause(self)
        return self.message if root is None else f"{self.message} (caused by {_named(root)})"


class APITimeoutError(APIConnectionError):
    """Raised when an engine misses a deadline; the message says which one and what to change."""

    def __init__(
        self,
        message: str = "Request timed out.",
        *,
        body: object | None = None,
        retryable: bool = True,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, body=body, retryable=retryable, retry_after=retry_after)


class StreamClosedError(RuntimeError):
    """Raised when a stream or an STT is used before it was started or after it was closed."""


class InputEndedError(RuntimeError):
    """Raised when audio is pushed, or the input ended, after `end_input()`."""


class AudioLostError(RuntimeError):
    """
    Raised at the end of a recording of which some seconds were not recognised.

    Streams report it as an `error` event at once and go on.

    Args:
        message: what happened, for a person.
        lost: the stretches that were lost, each `(start, end)` in seconds of the audio.
        text: the transcript of the rest.
    """

    lost: tuple[tuple[float, float], ...]
    text: str

    def __init__(
        self, message: str, *, lost: Iterable[tuple[float, float]] = (), text: str = ""
    ) -> None:
        super().__init__(message)
        self.lost = tuple((float(start), float(end)) for start, end in lost)
        self.text = text

    @property
    def seconds(self) -> float:
        """How much was lost, in seconds."""
        return sum(end - start for start, end in self.lost)


class StreamFullError(anyio.WouldBlock):
    """Raised by `push_frame` when `max_pending_audio` seconds already wait for the engine."""


_MOST_CAUSES = 10  # a chain that is longer tells no more, and one may be a circle
_MOST_SHOWN = 500  # characters of its text


def _root_cause(error: BaseException) -> BaseException | None:
    """Return where the chain of causes ends, or begins to repeat."""
    chain = [error]
    while len(chain) <= _MOST_CAUSES:
        cause = chain[-1].__cause__
        if cause is None or any(cause is each for each in chain):
            break
        chain.append(cause)
    return chain[-1] if len(chain) > 1 else None


def _named(error: BaseException) -> str:
    """Name *error*, whatever its own text does."""
    try:
        # Its message alone: its text would look for causes again, in a circle perhaps.
        text = error.message if isinstance(error, APIConnectionError) else str(error)
    except Exception:  # noqa: BLE001 - a library's own text failed; its name has to do
        text = ""
    if len(text) > _MOST_SHOWN:  # some quote all that a peer sent
        text = f"{text[:_MOST_SHOWN]}..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
