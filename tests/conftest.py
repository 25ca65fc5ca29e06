"""Every async test runs on every event loop: on virtual time, or on the real clock if marked."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import settings

from anyio_stt.testing.clock import autojump_backends

settings.register_profile("default", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("default")

LOOPS = ("asyncio", "asyncio-eager", "uvloop", "trio")
VIRTUAL = list(autojump_backends())
REAL = ["asyncio", "trio"] + (["asyncio-eager"] if sys.version_info >= (3, 12) else [])
try:
    import uvloop  # noqa: F401

    UVLOOP = ["uvloop"]
except ImportError:
    UVLOOP = []


def _real_backend(name: str) -> tuple[str, dict[str, Any]]:
    if name == "uvloop":
        return "asyncio", {"use_uvloop": True}
    if name == "asyncio-eager":
        import asyncio

        def eager() -> asyncio.AbstractEventLoop:
            loop = asyncio.new_event_loop()
            loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]
            return loop

        return "asyncio", {"loop_factory": eager}
    return name, {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--loops",
        type=_loops,
        default=LOOPS,
        help=f"the event loops to run on, of {','.join(LOOPS)}",
    )


def _loops(names: str) -> tuple[str, ...]:
    chosen = tuple(names.split(","))
    if unknown := set(chosen) - set(LOOPS):
        raise argparse.ArgumentTypeError(f"{sorted(unknown)} are not of {','.join(LOOPS)}")
    return chosen


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the loops for a test that asks for `anyio_backend`, as every async test does."""
    if "anyio_backend" not in metafunc.fixturenames:
        return
    real = metafunc.definition.get_closest_marker("real_time") is not None
    # uvloop has a clock of its own; a test on virtual time runs on it in real time when it
    # does not wait for the clock, which the marker `any_clock` says.
    names = [f"real-{name}" for name in REAL + UVLOOP] if real else list(VIRTUAL)
    if metafunc.definition.get_closest_marker("any_clock") is not None:
        names += UVLOOP
    chosen = metafunc.config.getoption("--loops")
    names = [name for name in names if name.removeprefix("real-") in chosen]
    metafunc.parametrize("anyio_backend", names, indirect=True, scope="function")


@pytest.fixture
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """Return the event loop of this test, made anew so that no clock is shared."""
    name: str = request.param
    if name.startswith("real-") or name == "uvloop":
        return _real_backend(name.removeprefix("real-"))
    return autojump_backends()[name]


@pytest.fixture
def unlogged(caplog: pytest.LogCaptureFixture) -> None:
    """Log nothing: of ten thousand failures that are meant, pytest would keep each traceback."""
    caplog.set_level(logging.CRITICAL + 1, "anyio_stt")


# ---- side by side, and what was left out

LEFT_OUT = pytest.StashKey[int]()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """More processes than cores: many tests wait for a socket, a process or a deadline."""
    return 3 * (os.cpu_count() or 1)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    heavy = sum(item.get_closest_marker("heavy") is not None for item in items)
    if heavy:
        items[0].config.stash[LEFT_OUT] = heavy


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the count from a worker to the process that prints."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["heavy"] = session.config.stash.get(LEFT_OUT, 0)


class CountsFromWorkers:
    """A plugin of its own, because without pytest-xdist nobody declares this hook."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object | None) -> None:
        node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("heavy", 0)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(CountsFromWorkers())


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    left_out = config.stash.get(LEFT_OUT, 0)
    if left_out:
        terminalreporter.write_line(
            f"left out: {left_out} heavy tests (real models, other people's programs, kill "
            "series); pip install '.[heavy]', then nox -s heavy runs a few of each, nox -s soak "
            "all"
        )
