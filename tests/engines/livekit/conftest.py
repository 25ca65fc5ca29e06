"""LiveKit's streams start tasks in their constructors."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_eager_tasks_for_livekits_own_streams(request: pytest.FixtureRequest) -> None:
    """An eager task factory runs such tasks before the fields that they use are set."""
    name = getattr(request.node, "callspec", None)
    eager = name is not None and "eager" in str(name.params.get("anyio_backend", ""))
    if eager and name is not None and not name.params.get("thread", False):
        pytest.skip("LiveKit's streams cannot be made under an eager task factory: thread=True")
