"""
One command for what decides whether a change is good: `nox` runs lint, types and tests.

`nox --list` names the others, `nox -s tests -- tests/audio -x` hands what follows `--` on. The
sessions use the environment that nox itself is in, so that nothing is installed anew each time:
`pip install -e '.[dev]'` brings it all.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "tests"]

# Most of the contract and no processes, sockets or sleeping: green here is nearly always green.
QUICK = ("tests/test_layers.py", "tests/rules", "tests/core", "tests/audio", "tests/contract")


def run(session: nox.Session, module: str, *arguments: str) -> None:
    """Run a module with nox's own interpreter, whether or not its environment is activated."""
    session.run(sys.executable, "-m", module, *arguments, external=True)


@nox.session
def lint(session: nox.Session) -> None:
    """Rules and formatting, by ruff."""
    run(session, "ruff", "check", ".")
    run(session, "ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """The package and its tests, by mypy."""
    run(session, "mypy", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """All tests, on every event loop."""
    run(session, "pytest", "-q", *session.posargs)


@nox.session
def quick(session: nox.Session) -> None:
    """Lint, types and the tests that need no real clock, in about a minute."""
    lint(session)
    types(session)
    run(session, "pytest", "-q", "-m", "not real_time", *(session.posargs or QUICK))


@nox.session
def completeness(session: nox.Session) -> None:
    """Whether every public name of the installed package has a declared type, by pyright."""
    here = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    arguments = ("--ignoreexternal", "--verifytypes", "anyio_stt")
    session.run(sys.executable, "-m", "pyright", *arguments, external=True, env={"PATH": here})


@nox.session
def changelog(session: nox.Session) -> None:
    """Show what the fragments in changelog.d/ will make of the next release."""
    run(session, "towncrier", "build", "--draft", "--version", "next")


@nox.session
def build(session: nox.Session) -> None:
    """Build sdist and wheel into dist/, or into the folder given, and check both."""
    folder = Path(session.posargs[0] if session.posargs else "dist")
    with tempfile.TemporaryDirectory() as fresh:  # what is there already is not ours to check
        run(session, "build", "--outdir", fresh)
        made = sorted(str(path) for path in Path(fresh).iterdir())
        run(session, "twine", "check", "--strict", *made)
        run(session, "check_wheel_contents", *(path for path in made if path.endswith(".whl")))
        shutil.copytree(fresh, folder, dirs_exist_ok=True)
