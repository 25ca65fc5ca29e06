"""Which package index pip is set up for, and how it is reached."""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ("PipSettings", "read_pip_settings")

_PYPI = "https://pypi.org/simple"
_SECTIONS = ("global", "install", "download")  # a later one wins
_FALSE = ("", "0", "false", "no", "off", "n", "f")


@dataclass(frozen=True)
class PipSettings:
    """
    What pip's configuration says of reaching packages.

    Args:
        indexes: addresses of package indexes, the first one first.
        find_links: folders or pages with links to packages.
        cert: file of certificates to trust, or `None` for the system's.
        proxy: what to reach them through, or `None` for what the environment says.
        trusted_hosts: hosts whose certificates are not checked.
        timeout: seconds that one step of a connection may take.
    """

    indexes: tuple[str, ...] = (_PYPI,)
    find_links: tuple[str, ...] = ()
    cert: str | None = None
    proxy: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    timeout: float = 15.0


def read_pip_settings(environ: Mapping[str, str] = os.environ) -> PipSettings:
    """
    Read what pip reads: its configuration files, then `PIP_...` of the environment.

    Options of pip that have nothing to do with where packages come from are not looked at.
    """
    values: dict[str, str] = {}
    for path in _files(environ):
        values.update(_read(path))
    for name, value in environ.items():
        if name.startswith("PIP_") and value:
            values[name[4:].lower().replace("_", "-")] = value
    without_index = values.get("no-index", "").lower() not in _FALSE
    main = values.get("index-url", _PYPI)
    indexes = (main, *values.get("extra-index-url", "").split())
    return PipSettings(
        indexes=() if without_index else indexes,
        find_links=tuple(values.get("find-links", "").split()),
        cert=values.get("cert"),
        proxy=values.get("proxy"),
        trusted_hosts=tuple(values.get("trusted-host", "").split()),
        timeout=_seconds(values.get("timeout") or values.get("default-timeout")),
    )


def _files(environ: Mapping[str, str]) -> list[Path]:
    """Return where pip looks, what counts most last."""
    given = environ.get("PIP_CONFIG_FILE")
    if given == os.devnull:
        return []
    home = Path(environ.get("HOME") or Path.home())
    name = "pip.ini" if sys.platform == "win32" else "pip.conf"
    paths = [folder / name for folder in _system_folders(environ)]
    paths.append(home / ("pip" if sys.platform == "win32" else ".pip") / name)
    paths.append(_user_folder(environ, home) / name)
    paths.append(Path(sys.prefix) / name)
    return [*paths, Path(given)] if given else paths


def _system_folders(environ: Mapping[str, str]) -> list[Path]:
    if sys.platform == "win32":
        return [Path(environ.get("PROGRAMDATA", r"C:\ProgramData")) / "pip"]
    if sys.platform == "darwin":
        return [Path("/Library/Application Support/pip")]
    folders = (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)
    return [*(Path(folder) / "pip" for folder in reversed(folders)), Path("/etc")]


def _user_folder(environ: Mapping[str, str], home: Path) -> Path:
    if sys.platform == "win32":
        return Path(environ.get("APPDATA") or home / "AppData" / "Roaming") / "pip"
    if sys.platform == "darwin":
        folder = home / "Library" / "Application Support" / "pip"
        if folder.is_dir():
            return folder
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip"


def _read(path: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, configparser.Error):
        return {}  # pip says what is wrong with it
    values: dict[str, str] = {}
    for section in _SECTIONS:
        if parser.has_section(section):
            values.update(parser.items(section))
    return {name.replace("_", "-"): value for name, value in values.items()}


def _seconds(text: str | None) -> float:
    try:
        return max(1.0, float(text or 15.0))
    except ValueError:
        return 15.0
