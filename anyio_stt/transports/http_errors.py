"""One table: what httpx2 raises, as errors of ours."""

from __future__ import annotations

import ssl
from collections.abc import Iterable

import httpx2

from ..exceptions import APIConnectionError, APITimeoutError
from .redaction import excerpt

__all__ = ("http_error",)

_MEANING: tuple[tuple[type[Exception], str], ...] = (
    (httpx2.ConnectTimeout, "could not be reached in time"),
    (httpx2.ReadTimeout, "did not answer in time"),
    (httpx2.WriteTimeout, "did not read the request in time: it has stopped reading"),
    (httpx2.PoolTimeout, "has as many requests as it may have connections"),
    (httpx2.TimeoutException, "took too long"),
    (httpx2.ProxyError, "cannot be reached: the proxy refused"),
    (httpx2.ConnectError, "cannot be reached"),
    (httpx2.NetworkError, "was lost"),
    (httpx2.RemoteProtocolError, "broke the HTTP protocol or hung up"),
    (httpx2.DecodingError, "sent a body that cannot be decoded"),
    (httpx2.TooManyRedirects, "redirects in a circle"),
    (httpx2.LocalProtocolError, "cannot be sent this request"),
    (httpx2.UnsupportedProtocol, "is no HTTP address"),
)
# What is wrong with the request or the address stays wrong.
_FINAL = (httpx2.LocalProtocolError, httpx2.UnsupportedProtocol, httpx2.TooManyRedirects)


def http_error(where: object, error: Exception, secrets: Iterable[str] = ()) -> APIConnectionError:
    """
    Make our error for what httpx2 raised; the caller raises it from *error*.

    Args:
        where: the address, shown as it prints itself.
        error: any `httpx2.HTTPError` or `httpx2.InvalidURL`; it may quote all that the peer sent.
        secrets: never shown, also where the text is cut.
    """
    untrusted = _certificate_error(error)
    if untrusted is not None:
        return APIConnectionError(
            f"the certificate of {where} is not trusted: {untrusted.verify_message}",
            retryable=False,
        )
    meaning = next((text for kind, text in _MEANING if isinstance(error, kind)), "failed")
    said = excerpt(str(error), tuple(secrets)) or type(error).__name__
    message = f"{where} {meaning}: {said}"
    if isinstance(error, httpx2.TimeoutException):
        return APITimeoutError(message)
    return APIConnectionError(message, retryable=not isinstance(error, _FINAL))


def _certificate_error(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error
        error = error.__cause__ or error.__context__
    return None
