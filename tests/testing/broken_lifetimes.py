"""Streams that do not end as they should, or leave something behind."""

from __future__ import annotations

import asyncio
import subprocess
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from socket import socket
from typing import Any

import anyio
from anyio.lowlevel import checkpoint

from anyio_stt import (
    APIConnectOptions,
)
from anyio_stt.testing.backends import on_trio
from tests.testing.loud_engine import LoudStream, LoudSTT, final


def spawn(function: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], object]:
    """Start a task that nobody owns, and return what ends it."""
    if on_trio():
        import trio

        scope = trio.CancelScope()

        async def run() -> None:
            with scope:
                await function()

        trio.lowlevel.spawn_system_task(run)
        return scope.cancel
    task = asyncio.get_running_loop().create_task(function())
    return lambda: bool(task.cancel())


CLEAN_UP: list[Callable[[], object]] = []


class SwallowsCancellation(LoudStream):
    async def _run(self) -> None:
        try:
            await super()._run()
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(3, shield=True):
                await anyio.sleep_forever()
            raise


class NeverLetsGo(LoudStream):
    async def _run(self) -> None:
        try:
            await super()._run()
        except anyio.get_cancelled_exc_class():
            while True:
                try:
                    await anyio.sleep(0.01)
                except GeneratorExit:  # who collects the garbage must not wait for ever
                    raise
                except BaseException:  # that is what is wrong with it
                    continue


class HidesInAShield(LoudStream):
    async def _run(self) -> None:
        try:
            await super()._run()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep_forever()


class LeavesATask(LoudStream):
    async def _run(self) -> None:
        CLEAN_UP.append(spawn(anyio.sleep_forever))
        await super()._run()


class LeavesAThread(LoudStream):
    async def _run(self) -> None:
        stop = threading.Event()
        threading.Thread(target=stop.wait, daemon=True).start()
        CLEAN_UP.append(stop.set)
        await super()._run()


class LeavesASocket(LoudStream):
    async def _run(self) -> None:
        CLEAN_UP.append(socket().close)
        await super()._run()


class LeavesAProcess(LoudStream):
    async def _run(self) -> None:
        child = subprocess.Popen(["sleep", "60"])
        CLEAN_UP.extend([child.kill, child.wait])
        await super()._run()


class BlocksTheLoop(LoudStream):
    def finish(self) -> None:
        time.sleep(0.4)
        super().finish()


class SpeaksWhenItIsOver(LoudStream):
    async def _run(self) -> None:
        await super()._run()
        sink, over = self._event_ch, final("late", 0.0, 0.1)

        async def speak() -> None:
            await checkpoint()
            with suppress(RuntimeError):
                sink.send_nowait(over)

        spawn(speak)


class StartsInItsConstructor(LoudStream):
    def __init__(self, stt: LoudSTT, conn_options: APIConnectOptions) -> None:
        super().__init__(stt, conn_options)
        stop = threading.Event()
        threading.Thread(target=stop.wait, daemon=True).start()
        CLEAN_UP.append(stop.set)
