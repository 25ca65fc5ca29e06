"""Missing by design: an HTTP session that belongs to nobody."""

from __future__ import annotations

from typing import NoReturn

__all__ = ("http_session",)


def http_session() -> NoReturn:
    """
    Refuse: LiveKit's jobs own a session for each process, and here there are no jobs.

    Raises:
        RuntimeError: always; it says what to write instead.
    """
    raise RuntimeError(
        "there is no HTTP session outside of LiveKit: give the engine one (most plugins take "
        "http_session=aiohttp.ClientSession()) and close it with the engine, or speak HTTP by "
        "anyio_stt.transports, which runs on trio too"
    )
