"""Ports a LiveKit plugin as its author would: by what "Coming from LiveKit" tells to replace."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

__all__ = ("RULES", "lines_changed", "ported_module", "ported_text")

OURS = "anyio_stt.compat.livekit"
RULES = (
    (r"^from livekit import (.*\b(?:rtc)\b)", rf"from {OURS} import \1"),
    (r"\blivekit\.agents\.voice\.(io|agent_session)\b", f"{OURS}.types"),
    (r"^from livekit\.agents\.voice\.events import (\w+)$", r"from typing import Any as \1"),
    (r"\blivekit\.agents\b", OURS),
    # They hold an HTTP session of LiveKit's jobs; the engine gets one of its own.
    (r"utils\.http_context\.http_session\(\)", "aiohttp.ClientSession()"),
)


def ported_text(text: str) -> str:
    """Return the source with every rule applied."""
    for pattern, replacement in RULES:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    return text


def lines_changed(package: str) -> int:
    """Count the lines of a plugin's speech-to-text that change."""
    return sum(_changed(file.read_text(encoding="utf-8")) for file in _files(package))


def ported_module(package: str, folder: Path) -> ModuleType:
    """Write the ported plugin into *folder* and import its `stt`."""
    name = f"ported_{package}"
    target = folder / name
    target.mkdir()
    (target / "__init__.py").write_text("", encoding="utf-8")
    for file in _files(package):
        text = ported_text(file.read_text(encoding="utf-8"))
        (target / file.name).write_text(text, encoding="utf-8")
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(f"{name}.stt")
    finally:
        sys.path.remove(str(folder))


def _changed(text: str) -> int:
    before, after = text.splitlines(), ported_text(text).splitlines()
    return sum(line.startswith("+ ") for line in difflib.ndiff(before, after))


def _files(package: str) -> list[Path]:
    """Find the files that its `stt.py` needs."""
    found = importlib.util.find_spec(f"livekit.plugins.{package}")
    assert found is not None
    assert found.origin is not None
    home = Path(found.origin).parent
    return [file for file in sorted(home.glob("*.py")) if file.stem not in _OTHERS]


_OTHERS = {
    "__init__", "chat", "embeddings", "llm", "realtime", "services", "stt_v2", "tts", "tts_v2",
}  # fmt: skip
