"""
One command for what decides whether a change is good: `nox` runs lint, types and tests.

`nox --list` names the others, `nox -s tests -- tests/audio -x` hands what follows `--` on. The
sessions use the environment that nox itself is in, so that nothing is installed anew each time:
`pip install -e '.[dev]'` brings it all.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "tests"]

# Side by side: more processes than cores, since many tests wait for a socket or a process.
CORES = os.cpu_count() or 1
TOGETHER = ("-n", str(3 * CORES), "--dist", "worksteal")
# Hundreds of programs are started: without this each compiles the package anew, where the
# environment forbids to keep what was compiled, as that of many containers does.
COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
# What is always worth a look; green here and in what a change touches is nearly always green.
ALWAYS = ("tests/test_layers.py", "tests/test_contract_ids.py", "tests/rules", "tests/core")
CONTRACT = ("tests/contract", "tests/test_vad.py")


def run(session: nox.Session, module: str, *arguments: str, **environment: str) -> None:
    """Run a module with nox's own interpreter, whether or not its environment is activated."""
    environment = {**COMPILED, **environment}
    session.run(sys.executable, "-m", module, *arguments, external=True, env=environment)


def pytest(session: nox.Session, *arguments: str, **environment: str) -> None:
    run(session, "pytest", "-q", *TOGETHER, *arguments, **environment)


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
    """Every test that is not heavy, on every event loop of this machine."""
    pytest(session, "-m", "not heavy", *session.posargs)


def pull_weights(session: nox.Session) -> None:
    """Fetch what the tests of the offline engines need, once; without it they say so and skip."""
    names = ("moonshine-tiny-en", "silero-vad", "whisper-tiny.en")
    command = (sys.executable, "-m", "anyio_stt", "models", "pull", *names)
    session.run(*command, external=True, success_codes=[0, 2])


@nox.session
def heavy(session: nox.Session) -> None:
    """Real models, other people's programs, kill series, fuzzers: a few of each, on two loops."""
    pull_weights(session)
    # Fewer at a time: each of these is several processes, or a model that fills a core.
    few = ("-n", str(2 * CORES), "--loops", "asyncio,trio")
    pytest(session, "-m", "heavy", *few, *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """The heavy tests with their full counts on all loops, which takes hours."""
    pull_weights(session)
    limits = ("--timeout", "14400", "--durations", "50")
    pytest(session, "-m", "heavy", *limits, *session.posargs, ANYIO_STT_SOAK="1")


@nox.session
def quick(session: nox.Session) -> None:
    """Lint, types and the tests of what differs from main, in less than a minute."""
    lint(session)
    types(session)
    pytest(session, "-m", "not heavy and not real_time", *(session.posargs or touched(changed())))


@nox.session
def slow(session: nox.Session) -> None:
    """Say which tests take how long."""
    pytest(
        session, "-m", "not heavy", "--durations", "60", "--durations-min", ".5", *session.posargs
    )


def changed() -> list[str]:
    """Name the files that differ from main, or on main from the last commit."""
    named: set[str] = set()
    for command in (
        "diff --name-only main",
        "diff --name-only HEAD",
        "ls-files -o --exclude-standard",
    ):
        said = subprocess.run(
            ["git", *command.split()], capture_output=True, text=True, check=False
        )
        named.update(said.stdout.split())
    return sorted(named)


def touched(files: list[str]) -> list[str]:
    """Return the tests that mirror *files*: `anyio_stt/audio/frame.py` has `tests/audio`."""
    wanted = dict.fromkeys(ALWAYS)
    for file in map(Path, files):
        if file.parts[0] == "tests" and file.name.startswith("test_"):
            wanted[file.as_posix()] = None
        elif file.parts[0] == "anyio_stt" and len(file.parts) == 2:
            wanted.update(dict.fromkeys(CONTRACT))
        elif file.parts[0] in {"anyio_stt", "docs"}:
            parts = ["docs"] if file.parts[0] == "docs" else list(file.parts[1:3])
            mirror = Path("tests", *parts)
            wanted[(mirror if mirror.is_dir() else mirror.parent).as_posix()] = None
            if parts[0].startswith("_"):  # what every stream stands on
                wanted.update(dict.fromkeys(CONTRACT))
    return [path for path in wanted if Path(path).exists() and path != "tests"]


@nox.session
def completeness(session: nox.Session) -> None:
    """Whether every public name of the installed package has a declared type, by pyright."""
    here = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    run(session, "pyright", "--ignoreexternal", "--verifytypes", "anyio_stt", PATH=here)


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
        twice = Path(fresh, "twice")
        run(session, "build", "--wheel", "--outdir", str(twice))
        if digests(Path(fresh)) != {**digests(Path(fresh)), **digests(twice)}:
            session.error("two builds of one checkout differ: the wheel is not reproducible")
        shutil.rmtree(twice)
        shutil.copytree(fresh, folder, dirs_exist_ok=True)


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.glob("*.*")}


@nox.session
def sbom(session: nox.Session) -> None:
    """Write what this environment holds, with versions and licences, as a CycloneDX SBOM."""
    run(session, "cyclonedx_py", "environment", "-o", session.posargs[0], sys.executable)
