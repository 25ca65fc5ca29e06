"""What a plugin says of itself when it is imported."""

from __future__ import annotations

import logging
from typing import ClassVar

__all__ = ("Plugin", "logger")

logger: logging.Logger = logging.getLogger("anyio_stt")


class Plugin:
    """
    A plugin's name and version; registering one lists it and does no more.

    Args:
        title: its module.
        version: its version.
        package: its package.
        logger: what it logs to.
    """

    registered_plugins: ClassVar[list[Plugin]] = []
    """Those that were registered, in order."""

    def __init__(
        self, title: str, version: str, package: str, logger: logging.Logger | None = None
    ) -> None:
        self.title: str = title
        """Its module."""
        self.version: str = version
        """Its version."""
        self.package: str = package
        """Its package."""
        self.logger: logging.Logger | None = logger
        """What it logs to."""

    @classmethod
    def register_plugin(cls, plugin: Plugin) -> None:
        """List *plugin*."""
        cls.registered_plugins.append(plugin)

    def download_files(self) -> None:
        """Do nothing; a plugin that needs files overrides it."""
