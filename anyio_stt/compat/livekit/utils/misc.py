"""Small things."""

from __future__ import annotations

import uuid

from ..types import is_given as is_given

__all__ = ("is_given", "shortuuid")


def shortuuid(prefix: str = "") -> str:
    """Return a name that no other has."""
    return f"{prefix}{uuid.uuid4().hex[:12]}"
