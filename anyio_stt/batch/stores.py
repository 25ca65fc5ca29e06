"""Recordings in stores that fsspec knows: s3://, gs://, and the like."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import IO, Any

import anyio
from anyio import to_thread

from ..audio.arriving import open_audio_stream
from ..audio.errors import AudioFileError
from ..audio.pcm import PCMFormat
from ..audio.reader import CLOSE_TIMEOUT, AudioReader

__all__ = ("Stored", "find_stored", "is_stored", "open_stored")

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_WEB = ("http://", "https://")
_CHUNK = 1 << 18


@dataclass(frozen=True)
class Stored:
    """
    A recording in a store.

    Args:
        address: where it is.
        inside: what it is called below the folder that was searched.
        version: what changes when it does.
    """

    address: str
    inside: str
    version: str


def is_stored(name: str) -> bool:
    """Tell whether *name* is an address of a store; one of the web is not."""
    return bool(_ADDRESS.match(name)) and not name.lower().startswith(_WEB)


def find_stored(address: str) -> list[Stored]:
    """
    Return the recording at *address*, or those in the folder there, or those of the pattern.

    It blocks while the store is asked.

    Raises:
        OSError: when there is no such thing, or it must not be read.
        ImportError: when fsspec, or its part for this store, is not installed.
        AudioFileError: when the store cannot be asked.
    """
    try:
        system, path = _fsspec().core.url_to_fs(address)
        if any(sign in path for sign in "*?["):
            found = system.glob(path, detail=True)
            base = re.split(r"[*?\[]", path)[0].rpartition("/")[0]
        elif system.isdir(path):
            found, base = system.find(path, detail=True), path
        else:
            found, base = {path: system.info(path)}, path.rpartition("/")[0]
    except (ImportError, OSError):
        raise
    except Exception as exc:  # each store has exceptions of its own
        raise _unreachable(address, exc) from exc
    return [
        Stored(system.unstrip_protocol(each), each[len(base) :].lstrip("/"), _version(info))
        for each, info in sorted(found.items())
        if info.get("type") != "directory"
    ]


@asynccontextmanager
async def open_stored(
    address: str, pcm_format: PCMFormat | None
) -> AsyncGenerator[AudioReader, None]:
    """
    Open the recording at *address*; it is read as it is heard, in worker threads.

    Raises:
        OSError: when there is none, or it must not be read.
        AudioFileError: when the store cannot be asked, or it is no audio.
        ImportError: when fsspec, or its part for this store, is not installed.
    """
    try:
        file = await to_thread.run_sync(partial(_open, address))
    except (ImportError, OSError):
        raise
    except Exception as exc:
        raise _unreachable(address, exc) from exc
    async with open_audio_stream(_chunks(file), pcm_format=pcm_format, name=address) as audio:
        yield audio


async def _chunks(file: IO[bytes]) -> AsyncGenerator[bytes, None]:
    try:
        while data := await to_thread.run_sync(file.read, _CHUNK):
            yield data
    finally:
        with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
            await to_thread.run_sync(file.close, abandon_on_cancel=True)


def _open(address: str) -> IO[bytes]:
    file: IO[bytes] = _fsspec().open(address, "rb").open()
    return file


def _fsspec() -> Any:
    try:
        return import_module("fsspec")
    except ImportError as exc:
        raise ImportError(
            "recordings in a store need fsspec, which is not installed: "
            "pip install 'anyio-stt[cluster]'",
            name="fsspec",
        ) from exc


def _version(info: dict[str, Any]) -> str:
    changed = next((info[key] for key in ("ETag", "etag", "mtime", "updated") if key in info), "")
    return f"{info.get('size')} {changed}"


def _unreachable(address: str, error: Exception) -> AudioFileError:
    return AudioFileError(f"{address} cannot be loaded: {error or type(error).__name__}")
