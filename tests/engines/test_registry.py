"""Engines by name."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from anyio_stt import STT, STTCapabilities, engines
from anyio_stt.engines import describe_engines, engine_names, load_engine

MODULE = '''
"""Engines a package might bring."""
from anyio_stt import STT, STTCapabilities

class Good(STT):
    """
    Hears well.

    And more about it.
    """
    def __init__(self):
        super().__init__(capabilities=STTCapabilities(streaming=True, interim_results=False))
    async def _recognize_impl(self, buffer, *, language, conn_options): ...

class NeedsKey(Good):
    """Needs a key."""
    def __init__(self, *, key):
        super().__init__()

class LooksLate(Good):
    def __init__(self):
        raise ImportError("pip install something")

not_an_engine = 3
'''


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Some entry points, as if packages had brought them."""
    (tmp_path / "brought.py").write_text(MODULE)
    (tmp_path / "needy.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    values = {
        "good": "brought:Good",
        "key": "brought:NeedsKey",
        "late": "brought:LooksLate",
        "needy": "needy:STT",
        "odd": "brought:not_an_engine",
    }
    points = [EntryPoint(name, value, "anyio_stt.engines") for name, value in values.items()]
    monkeypatch.setattr(engines, "entry_points", lambda group: points)


def test_pocketsphinx_is_among_the_engines() -> None:
    assert "pocketsphinx" in engine_names()


@pytest.mark.usefixtures("found")
def test_an_engine_is_imported_when_it_is_loaded_and_not_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "brought", raising=False)

    assert engine_names() == ["good", "key", "late", "needy", "odd"]
    assert "brought" not in sys.modules
    assert issubclass(load_engine("good"), STT)


@pytest.mark.usefixtures("found")
def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(LookupError, match="no engine 'bad'; there are: good, key, late, needy"):
        load_engine("bad")


@pytest.mark.usefixtures("found")
def test_an_engine_whose_library_is_missing_says_what_to_install() -> None:
    with pytest.raises(ImportError, match=r"'needy' needs no_such_library.*pip install '.*\[needy"):
        load_engine("needy")
    with pytest.raises(ImportError, match="brought:not_an_engine is not an STT class"):
        load_engine("odd")


@pytest.mark.usefixtures("found")
def test_a_description_tells_what_an_engine_can_do_or_what_is_missing() -> None:
    described = {engine.name: engine for engine in describe_engines()}

    assert described["good"].summary == "Hears well."
    assert described["good"].capabilities == STTCapabilities(streaming=True, interim_results=False)
    assert described["good"].missing is None
    assert described["key"].capabilities is None
    assert described["key"].missing is None
    assert described["late"].missing == "pip install something"
    assert "no_such_library" in str(described["needy"].missing)


def test_the_registry_imports_no_engine() -> None:
    code = (
        "import sys, anyio_stt.engines as e; e.engine_names()\n"
        "assert not [m for m in sys.modules if m.startswith('anyio_stt.engines.')], 1\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
