"""Whether the engines that can be made answer."""

from __future__ import annotations

import wave
from importlib.resources import files
from typing import TextIO

import anyio

from anyio_stt import APIConnectOptions, AudioFrame
from anyio_stt.engines import engine_names

from .engine_choice import make_engine
from .errors import CommandError
from .failures import explain, told_error
from .shown import one_line

__all__ = ("try_engines",)

_SECONDS = 3.0
_DEADLINE = 60.0
_ONCE = APIConnectOptions(max_retry=0, timeout=_DEADLINE)  # a model may have to be loaded


async def try_engines(file: TextIO) -> int:
    """
    Give each engine three seconds of speech, and print a line on what came of it.

    Returns 0 when one has answered, 1 otherwise.
    """
    answered = False
    for name in engine_names():
        told, well = await _try(name)
        answered |= well
        file.write(f"{name}\t{told}\n")
        file.flush()
    return 0 if answered else 1


async def _try(name: str) -> tuple[str, bool]:
    began = anyio.current_time()
    try:
        with anyio.fail_after(_DEADLINE):
            async with make_engine(name, {}) as stt:
                event = await stt.recognize(_speech(), conn_options=_ONCE)
    except TimeoutError:
        return f"no answer within {_DEADLINE:g} s", False
    except CommandError as exc:
        return one_line(exc.format_message()), False
    except Exception as exc:  # noqa: BLE001 - whatever an engine does, the next is tried
        error = told_error(exc)
        return one_line(explain("", error) or f"{type(error).__name__}: {error}"), False
    text = event.alternatives[0].text if event.alternatives else ""
    took = anyio.current_time() - began
    return f"answers in {took:.1f} s: {one_line(text) or '(nothing said)'}", True


def _speech() -> AudioFrame:
    """Return the beginning of the recording that comes with the package."""
    with (
        files("anyio_stt.testing").joinpath("spoken.wav").open("rb") as file,
        wave.open(file) as reader,
    ):
        rate = reader.getframerate()
        data = reader.readframes(round(rate * _SECONDS))
    return AudioFrame(data, rate, 1, len(data) // 2)
