"""Bytes from a file descriptor, whatever is behind it."""

from __future__ import annotations

import os
from contextlib import aclosing
from pathlib import Path

import anyio
import pytest

from anyio_stt.audio.descriptors import read_descriptor

pytestmark = pytest.mark.real_time


async def read(fd: int) -> bytes:
    with anyio.fail_after(5):
        return b"".join([data async for data in read_descriptor(fd)])


async def test_a_file_is_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(range(256)) * 1000)
    fd = os.open(tmp_path / "a", os.O_RDONLY)
    try:
        assert await read(fd) == bytes(range(256)) * 1000
    finally:
        os.close(fd)


async def test_nothing_is_read_from_the_null_device() -> None:
    fd = os.open(os.devnull, os.O_RDONLY)
    try:
        assert await read(fd) == b""
    finally:
        os.close(fd)


async def test_what_arrives_in_a_pipe_is_given_at_once() -> None:
    reading, writing = os.pipe()
    try:
        async with aclosing(read_descriptor(reading)) as pieces:
            with anyio.fail_after(5):
                os.write(writing, b"one")
                assert await anext(pieces) == b"one"
                os.write(writing, b"two")
                assert await anext(pieces) == b"two"
                os.close(writing)
                assert await anext(pieces, None) is None
    finally:
        os.close(reading)


async def test_waiting_for_a_silent_pipe_can_be_cancelled() -> None:
    reading, writing = os.pipe()
    try:
        with anyio.move_on_after(0.05) as scope:
            await read(reading)
        assert scope.cancelled_caught
    finally:
        os.close(reading)
        os.close(writing)
