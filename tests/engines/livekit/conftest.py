"""LiveKit's streams start tasks in their constructors."""

from __future__ import annotations

import pytest

from tests.collecting import collect_what_was_left_open


@pytest.fixture(autouse=True)
def no_eager_tasks_for_livekits_own_streams(request: pytest.FixtureRequest) -> None:
    """An eager task factory runs such tasks before the fields that they use are set."""
    name = getattr(request.node, "callspec", None)
    eager = name is not None and "eager" in str(name.params.get("anyio_backend", ""))
    if eager and name is not None and not name.params.get("thread", False):
        pytest.skip("LiveKit's streams cannot be made under an eager task factory: thread=True")


@pytest.fixture(autouse=True)
def the_loop_that_plugins_are_made_for(request: pytest.FixtureRequest) -> None:
    """Tell what is LiveKit's from what is ours: its plugins are tried on asyncio's own loop."""
    spec = getattr(request.node, "callspec", None)
    backend = str(spec.params.get("anyio_backend", "")) if spec is not None else ""
    if "uvloop" in backend and request.path.name == "test_real_plugins.py":
        pytest.skip("LiveKit's plugins are made for asyncio's own loop")


def pytest_runtest_logfinish() -> None:
    """
    Collect what plugins never close, such as OpenAI's client.

    Only now: until here the records of the log hold errors, which hold its sockets.
    """
    collect_what_was_left_open()
