from __future__ import annotations

import anyio
import pytest
from anyio import to_thread


async def test_an_hour_takes_no_time() -> None:
    began = anyio.current_time()
    await anyio.sleep(3600)
    assert anyio.current_time() - began == pytest.approx(3600)


async def test_time_goes_on_after_ages() -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep_forever)
        await anyio.sleep(2e7)
        began = anyio.current_time()
        for _ in range(100):
            await anyio.sleep(0.05)
        assert anyio.current_time() - began == pytest.approx(5, rel=1e-3)
        await to_thread.run_sync(lambda: None)
        await anyio.sleep(0.05)
        group.cancel_scope.cancel()
