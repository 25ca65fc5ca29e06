"""Real weights for the heavy tests, where they have been pulled."""

from __future__ import annotations

import pytest

from anyio_stt.engines import load_engine


@pytest.fixture(scope="module")
def weights() -> None:
    """Skip what needs them where they are not."""
    try:
        load_engine("sherpa")()  # type: ignore[call-arg]
    except (ImportError, LookupError) as exc:
        pytest.skip(f"{exc}")
