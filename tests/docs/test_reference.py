"""The reference has every public name, and none that is not public."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

import anyio_stt

ROOT = Path(anyio_stt.__file__).parent
REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
ENTRY = re.compile(r"^\.\. (?:(currentmodule|module)|(?:auto|py:)\w+):: (\S+)$", re.MULTILINE)

# Modules whose names are used from the module itself, because no package re-exports them.
FILES = {
    "anyio_stt.adapters.adapter",
    "anyio_stt.testing.strategies",
    "anyio_stt.observability.opentelemetry",
    "anyio_stt.observability.prometheus",
    *(
        f"anyio_stt.wire.{name}"
        for name in ("answers", "fields", "session", "sse", "wyoming_events")
    ),
    *(
        f"anyio_stt.transports.{name}"
        for name in (
            "address", "credentials", "endpoint", "http", "recording", "redaction",
            "session_runner", "session_stream", "statuses", "websocket",
            "websocket_opening", "wyoming",
        )
    ),
}  # fmt: skip
# The rest of the transports: what the documented ones are made of.
PLUMBING = {
    "bodies", "dialling", "hanging_up", "http_errors", "proxies", "socket_stream", "tls",
    "websocket_errors", "websocket_events", "websocket_frames", "websocket_handshake",
    "websocket_messages",
}  # fmt: skip
COMMAND = {"anyio_stt.cli"}  # a command, not a library: it has a guide of its own


def exported(file: Path) -> set[str]:
    """Read `__all__` without importing, so that no extra is needed."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def packages() -> dict[str, set[str]]:
    """Find the public packages and files, and what they give."""
    found = {}
    for file in sorted(ROOT.rglob("*.py")):
        inside = file.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(inside).removesuffix(".__init__")
        private = any(part.startswith("_") for part in name.split("."))
        if not private and (file.name == "__init__.py" or name in FILES) and name not in COMMAND:
            found[name] = exported(file)
    return found


def documented() -> dict[str, set[str]]:
    """Read from the pages what they document, by module."""
    found: dict[str, set[str]] = {}
    for page in sorted(REFERENCE.glob("*.md")):
        module = ""
        for current, name in ENTRY.findall(page.read_text(encoding="utf-8")):
            if current:
                module = name
            elif not name.startswith("anyio_stt"):  # else a module's own text
                names = found.setdefault(module, set())
                assert name not in names, f"{page.name} documents {module}.{name} twice"
                names.add(name)
    return found


PACKAGES = packages()
DOCUMENTED = documented()


def home_of(module: str, name: str) -> str:
    """Return where a name that *module* gives is documented: there, or in a package above it."""
    while name not in DOCUMENTED.get(module, set()) and "." in module:
        module = module.rpartition(".")[0]
    return module if name in DOCUMENTED.get(module, set()) else ""


@pytest.mark.parametrize("module", PACKAGES)
def test_every_public_name_is_in_the_reference(module: str) -> None:
    assert sorted(name for name in PACKAGES[module] if not home_of(module, name)) == []


@pytest.mark.parametrize("module", DOCUMENTED)
def test_the_reference_has_no_name_that_is_not_public(module: str) -> None:
    assert module in PACKAGES
    assert sorted(DOCUMENTED[module] - PACKAGES[module]) == []


@pytest.mark.parametrize("module", PACKAGES)
def test_a_name_that_is_documented_above_is_the_same_thing(module: str) -> None:
    try:
        imported = importlib.import_module(module)
    except ImportError as exc:
        pytest.skip(f"an extra is missing: {exc}")
    for name in PACKAGES[module]:
        home = importlib.import_module(home_of(module, name))
        assert getattr(imported, name) is getattr(home, name), name


def test_every_transport_is_documented_or_plumbing() -> None:
    there = {path.stem for path in (ROOT / "transports").glob("*.py")} - {"__init__"}
    named = {name.rpartition(".")[2] for name in FILES if ".transports." in name}
    assert there == named | PLUMBING


def test_every_page_of_the_reference_is_in_its_index() -> None:
    index = (REFERENCE / "index.md").read_text(encoding="utf-8").splitlines()
    assert {page.stem for page in REFERENCE.glob("*.md")} - {"index"} <= set(index)
