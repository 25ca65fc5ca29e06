"""What went wrong, in one line for a person."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from anyio_stt import APIConnectionError, APIError
from anyio_stt.audio import AudioFileError, MicrophoneError

from .errors import CommandError
from .shown import one_line, shown_name

_OPTION, _OURS = "change APIConnectOptions.timeout to give", "--timeout gives"

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup

__all__ = ("explain", "told_error")


def told_error(error: BaseException) -> BaseException:
    """Return the error in a group that can be explained, or the first one."""
    leaves = list(_leaves(error))
    for kind in (CommandError, Exception):
        for leaf in leaves:
            if isinstance(leaf, kind) and explain("", leaf) is not None:
                return leaf
    return leaves[0]


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if not isinstance(error, BaseExceptionGroup):
        yield error
        return
    for inner in error.exceptions:
        yield from _leaves(inner)


def explain(name: str, error: BaseException) -> str | None:
    """Return what went wrong with *name* in one line, or None for what is not its fault."""
    if isinstance(error, BrokenPipeError):  # whoever read our output has seen enough
        return None
    if isinstance(error, CommandError):
        return error.format_message()
    if isinstance(error, OSError) and error.filename is not None:
        return f"{shown_name(error.filename)}: {error.strerror}"
    if isinstance(error, (APIError, ValueError, ImportError, OSError)):
        message = _with_cause(error)
        told = isinstance(error, (AudioFileError, MicrophoneError)) or name in message
        return message if told else f"{name}: {message}"
    return None


def _with_cause(error: BaseException) -> str:
    """Return what *error* says in one line; that attempts ran out does not say why they failed."""
    message = error.message if isinstance(error, APIConnectionError) else str(error)
    cause = str(error.__cause__ or "")
    if isinstance(error, APIError) and cause not in message:
        message = f"{message}: {cause}"
    return one_line(message.replace(_OPTION, _OURS))
