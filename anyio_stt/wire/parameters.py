"""What a client may ask for: served, the same without it, or refused; no input or output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .server_session import ClientError

__all__ = ("Parameters",)

_OFF = frozenset({"", "false", "0", "none", "null", "0.0"})


@dataclass(frozen=True)
class Parameters:
    """
    The parameters that a protocol knows.

    Args:
        served: what has its effect.
        same: what changes no word; it is accepted, and named in the answer.
    """

    served: frozenset[str]
    same: frozenset[str] = field(default=frozenset())

    def ignored(self, given: Mapping[str, Iterable[str]]) -> list[str]:
        """
        Return the names of what is given and not served, though the words are the same.

        What is switched off, such as `redact=false`, is the same everywhere.

        Raises:
            ClientError: when something else is asked for.
        """
        names = []
        for name, values in given.items():
            if name in self.served:
                continue
            if name in self.same or all(value.strip().lower() in _OFF for value in values):
                names.append(name)
                continue
            raise ClientError(
                f"{name} is not supported here, and the transcript could differ without it; leave "
                f"it out. Supported: {', '.join(sorted(self.served))}",
                name,
            )
        return names
