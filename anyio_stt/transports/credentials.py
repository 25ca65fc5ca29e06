"""Credentials for a provider: a key, or a function that returns one."""

from __future__ import annotations

import ipaddress
import logging
import os
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeAlias, Union

from .address import Address

__all__ = ("ApiKey", "Credentials", "api_key_from")

_logger = logging.getLogger("anyio_stt")

ApiKey: TypeAlias = Union[str, Callable[[], Union[str, Awaitable[str]]]]
"""A key, or a function, async too, that is asked for one at each connection."""

_REMEMBERED = 8  # keys that were shown and may still be repeated


class Credentials:
    """
    A provider's key, and the header that carries it.

    Args:
        key: the key, or what returns one; `None` where none is needed.
        engine: its name, for errors.
        scheme: what stands before the key in the header.
    """

    def __init__(self, key: ApiKey | None, engine: str, *, scheme: str = "Bearer") -> None:
        self._key = key
        self._engine = engine
        self._scheme = scheme
        self._shown: deque[str] = deque(maxlen=_REMEMBERED)
        if isinstance(key, str):
            self._shown.append(_checked(key, engine, "api_key"))

    def __repr__(self) -> str:
        return f"<Credentials for {self._engine}>"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The keys used lately, which must be shown nowhere."""
        return tuple(self._shown)

    async def headers(self) -> list[tuple[str, str]]:
        """
        Return the header for one connection; none without a key.

        An exception of the key function is raised as it is.

        Raises:
            ValueError: when the key has characters that no header can carry.
        """
        key = self._key
        if key is None:
            return []
        if callable(key):
            answer = key()
            key = answer if isinstance(answer, str) else await answer
            key = _checked(key.strip(), self._engine, "what api_key returned")
            if key not in self._shown:
                self._shown.append(key)
        return [("Authorization", f"{self._scheme} {key}")]

    def warn_in_the_clear(self, address: Address) -> None:
        """Log a warning if the key goes to *address* unencrypted and leaves this machine."""
        if self._key is not None and not address.secure and not _is_loopback(address.host):
            _logger.warning(
                "%s: the key goes to %s unencrypted, for everybody between to read; give a "
                "base_url that begins with wss:// or https://",
                self._engine,
                address,
            )


def api_key_from(
    given: ApiKey | None, variable: str, engine: str, *, required: bool = True
) -> ApiKey | None:
    """
    Return the key that was given, or that of the environment; `None` if none is required.

    The environment's goes where base_url points, so to the provider's own host unless the user
    gave another.

    Args:
        given: what the user passed.
        variable: the provider's usual environment variable.
        engine: its name, for errors.
        required: whether there must be one; your own server may need none.

    Raises:
        ValueError: when there is neither, or the key cannot be sent in a header.
        TypeError: when what was given is neither text nor a function.
    """
    if callable(given):
        return given
    if given is not None and not isinstance(given, str):
        raise TypeError(
            f"{engine}: api_key must be text, or a function that returns it, got "
            f"{type(given).__name__}"
        )
    key = (given if given is not None else os.environ.get(variable, "")).strip()
    if not key and not required:
        return None
    if not key:
        raise ValueError(
            f"{engine} needs a key: give it as api_key= or set the environment variable {variable}"
        )
    return _checked(key, engine, f"api_key= or {variable}")


def _checked(key: str, engine: str, where: str) -> str:
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError(
            f"{engine}: the key in {where} is empty, or has characters that no key has"
        )
    return key


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
