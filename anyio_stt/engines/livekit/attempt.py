"""One stream of a plugin, run in the plugin's loop from its beginning to its end."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import anyio

from ...exceptions import APIConnectionError
from .channels import PluginInput, PluginOutput
from .errors import our_error
from .habits import Habits
from .http import watch_sockets
from .renewal import Renewal

__all__ = ("Source", "play")

_logger = logging.getLogger("anyio_stt")
_UNTOLD = 1006  # what websockets call a loss without a code

Source = AsyncIterator[Any]


async def play(
    make_stream: Callable[[], Any],
    source: Source,
    say: Callable[[Any, Any], None],
    *,
    label: str,
    grace: float,
    habits: Habits = Habits(),  # noqa: B008 - it cannot change
    doubt: Callable[[], bool] = bool,
) -> float | None:
    """
    Let a plugin's stream hear *source* to its end, and hand on what it says.

    Returns how many seconds it heard where a flush has ended it, and `None` at the end.

    LiveKit's base starts a task in the constructor; its channels are exchanged before that task
    takes its first step. Cancelled, it closes the stream, for *grace* seconds at most.

    Args:
        make_stream: makes the stream, of a `livekit.agents.stt.STT` or `VAD`.
        source: frames and markers of ours.
        say: is given the stream and each of its events.
        label: the plugin's name.
        grace: seconds that closing may take.
        habits: what the plugin does that LiveKit's interface does not tell.
        doubt: asked when the plugin ends with a guess that no final came for; whether that is
            to be taken for a failure.

    Raises:
        APIError: for what the plugin failed with.
    """
    with watch_sockets() as lost:
        stream = make_stream()
    task = stream._task  # noqa: SLF001 - LiveKit has no other way to see how a stream ended
    spoken = PluginOutput(lambda event: say(stream, event), timed=habits.settle is not None)
    stream._event_ch.close()  # noqa: SLF001 - nobody reads it: LiveKit's monitor ends at once
    stream._event_ch = spoken  # noqa: SLF001
    over = anyio.Event()
    renewal = Renewal(stream, spoken, over.set)
    stream._input_ch = heard = _input_of(stream, source, habits, renewal)  # noqa: SLF001
    task.add_done_callback(lambda _: over.set())
    try:
        settled = await _over(over, heard, spoken, habits.settle)
        if habits.lacks_goodbye(stream):
            lost.append(_UNTOLD)
    finally:
        await _close(stream, label, grace)
    if settled:
        return None
    renewal.check(task, label)
    _check_end(task, lost, label)
    if spoken.unfinished and doubt():
        raise APIConnectionError(f"{label} ended its stream in the middle of an utterance")
    if heard.flushed and habits.flush_ends:
        return heard.heard
    if not heard.ended:
        raise APIConnectionError(
            f"{label} ended its stream after {heard.heard:.3f} s of audio, before the input ended"
        )
    return None


def _input_of(stream: Any, source: Source, habits: Habits, renewal: Renewal) -> PluginInput:
    return PluginInput(
        source,
        stream._FlushSentinel,  # noqa: SLF001
        sample_rate=getattr(stream, "_needed_sr", None),
        mono=_wants_mono(stream),
        habits=habits,
        on_anew=renewal.notice,
    )


def _check_end(task: Any, lost: Sequence[int], label: str) -> None:
    """Raise what the plugin's task failed with, or did not know that it had."""
    if task.cancelled():
        raise APIConnectionError(f"{label} cancelled its own stream")
    error = task.exception()
    if error is not None:
        ours = our_error(error, label)
        if ours is error:
            raise error
        raise ours from error
    if lost:
        raise APIConnectionError(f"{label} lost its connection (websocket code {lost[-1]})")


async def _over(
    over: anyio.Event, heard: PluginInput, spoken: PluginOutput, settle: float | None
) -> bool:
    """Wait until the plugin's stream is over; return whether it had nothing to say instead."""
    if settle is None:
        await over.wait()
        return False
    while not over.is_set():
        quiet = anyio.current_time() - max(heard.read_at, spoken.said_at)
        if heard.ended and not spoken.open and quiet >= settle:
            return True
        with anyio.move_on_after(max(settle - quiet, settle / 10)):
            await over.wait()
    return False


def _wants_mono(stream: Any) -> bool:
    """Whether the plugin was not told of several channels; then it takes all audio for one."""
    options = getattr(stream, "_opts", None)
    return getattr(options, "num_channels", 1) in (1, None)


async def _close(stream: Any, label: str, grace: float) -> None:
    with anyio.move_on_after(grace, shield=True) as scope:
        try:
            await stream.aclose()
        except Exception:
            _logger.warning("%s failed to close its stream", label, exc_info=True)
    if scope.cancelled_caught:
        _logger.error(
            "%s ignores that its stream was closed; after %g s (close_timeout) it was left behind",
            label,
            grace,
        )
