"""What can be wrong with a cluster."""

from __future__ import annotations

__all__ = ("ClusterError", "EngineUnavailableError")


class ClusterError(Exception):
    """Raised when a cluster cannot be reached, or has lost its scheduler or all its workers."""


class EngineUnavailableError(ClusterError):
    """Raised when the workers of a cluster cannot make the engine."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason: str = reason

    def __str__(self) -> str:
        return f"the cluster's workers cannot make the engine: {self.reason}"
