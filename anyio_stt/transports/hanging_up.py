"""The end of a stream of bytes, at once; every transport needs it, with and without HTTP."""

from __future__ import annotations

from contextlib import suppress

import anyio
from anyio.abc import ByteStream

__all__ = ("hang_up",)

_CLOSING = 1.0  # closing never waits for the peer; this is for what nobody thought of


async def hang_up(stream: ByteStream) -> None:
    """Close at once, whatever is unsent, even while being cancelled."""
    with anyio.move_on_after(_CLOSING, shield=True):
        with suppress(OSError, anyio.BrokenResourceError):  # it was gone already
            await stream.aclose()
