"""Makes a pytest test of each check of the suite and each event loop, for `pytest --stt`."""

from __future__ import annotations

import importlib.util
import pkgutil
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from ..stt import STT
from .conformance.registry import Check
from .conformance.subject import Subject
from .conformance.suite import CHECKS, applies, default_audio, run_checks
from .conformance.violations import ContractViolation

__all__ = ("CheckItem", "ContractChecks")


class CheckItem(pytest.Item):
    """One check on one event loop."""

    def __init__(self, *, check: Check, backend: str, subject: Subject, **options: Any) -> None:
        super().__init__(**options)
        self._check = check
        self._backend = backend
        self._subject = subject

    def runtest(self) -> None:
        """Run the check."""
        anyio.run(self._run, backend=self._backend)

    async def _run(self) -> None:
        subject = self._subject
        if not await applies(self._check, subject):
            pytest.skip(f"the engine's capabilities have no {self._check.needs}")
        subject.violations.clear()
        label = await run_checks(subject, [self._check])
        if subject.violations:
            raise ContractViolation(label, subject.violations)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show violations as they are, without the suite's own lines."""
        if isinstance(excinfo.value, ContractViolation):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Name the check and the lines of the contract it is about."""
        return self.path, None, f"{self.name} ({', '.join(self._check.ids)})"


class ContractChecks:
    """
    Collects the checks.

    Args:
        config: pytest's, with the option `--stt`.

    Raises:
        pytest.UsageError: when the option names nothing that can be called.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._make = _load(str(config.getoption("--stt")), config.invocation_params.dir)
        if config.args_source is not pytest.Config.ArgsSource.ARGS:
            config.args = []  # nobody asked for the tests that happen to lie here

    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> None:
        """Add one item for each check and event loop."""
        for backend in _backends():
            subject = _subject(self._make)
            items += [
                CheckItem.from_parent(
                    session,
                    name=f"{check.name}[{backend}]",
                    nodeid=f"stt::{check.name}[{backend}]",
                    check=check,
                    backend=backend,
                    subject=subject,
                )
                for check in CHECKS
            ]


def _subject(make: Callable[[], STT]) -> Subject:
    return Subject(make, default_audio(), rng=random.Random(0))


def _load(name: str, folder: Path) -> Callable[[], STT]:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        make = pkgutil.resolve_name(name)
    except (ImportError, AttributeError, ValueError) as exc:
        raise _refused(name, f"{exc}; write --stt my.module:make_stt") from exc
    except Exception as exc:
        raise _refused(name, f"importing it raised {type(exc).__name__}: {exc}") from exc
    if not callable(make):
        raise _refused(name, f"{make!r} makes no STT, it cannot be called")
    return make  # type: ignore[no-any-return]


def _refused(name: str, why: str) -> pytest.UsageError:
    """Say in one line that can be shown what is wrong with a name, which may be anything."""
    line = " ".join(f"--stt {name}: {why}".split())
    return pytest.UsageError("".join(each if each.isprintable() else "?" for each in line))


def _backends() -> list[str]:
    return ["asyncio"] + (["trio"] if importlib.util.find_spec("trio") else [])
