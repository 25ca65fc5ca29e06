"""Every async test runs on every event loop: on virtual time, or on the real clock if marked."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import settings

from anyio_stt.testing.clock import autojump_backends

settings.register_profile("default", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("default")

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
    metafunc.parametrize("anyio_backend", names, indirect=True, scope="function")


@pytest.fixture
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """Return the event loop of this test, made anew so that no clock is shared."""
    name: str = request.param
    if name.startswith("real-") or name == "uvloop":
        return _real_backend(name.removeprefix("real-"))
    return autojump_backends()[name]
