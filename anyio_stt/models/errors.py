"""What goes wrong with weights."""

from __future__ import annotations

__all__ = ("ModelError", "ModelMissingError")


class ModelError(RuntimeError):
    """Raised when weights cannot be fetched, are damaged, or cannot be kept."""


class ModelMissingError(ModelError, LookupError):
    """Raised when weights are not on this machine; the message says how to get them."""
