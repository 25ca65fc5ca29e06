"""What may be changed while a stream runs, and how it comes to hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._rules.grammar import Segment
from .._rules.lifecycle import Action, State
from .._util.clock import wall_clock
from .attempt import Attempt
from .option_changes import ChangePlace, OptionChanges
from .recognition import Recognition

__all__ = ("ChangeableRecognition",)

_OPEN = frozenset({Segment.STARTED, Segment.GUESSED, Segment.CLOSING, Segment.RESUMED})
_NOT_ENDED = _OPEN | {Segment.SPOKEN}
_OVER = frozenset({State.FINISHED, State.FAILED, State.CLOSED})


class ChangeableRecognition(Recognition):
    """
    A stream whose options can be changed: the attempt at work is given the end of its input at
    the next place where that cuts nothing, says all it has to say, and another one goes on.
    """

    _core_changes: OptionChanges | None = None
    _core_began_at = 0.0

    @property
    def start_time(self) -> float:
        """When the stream began, in seconds since 1970; 0 before."""
        return self._core_began_at

    def _core_on_start(self) -> None:
        self._core_began_at = wall_clock()
        super()._core_on_start()

    def _core_go_by(self, options: Any) -> None:
        """Let attempts find *options* as `self._options`, if there are any."""
        if options is not None:
            self._options: Any = options
            self._core_changes = OptionChanges(options)

    def update_options(self, **options: Any) -> None:
        """
        Change what the engine is asked for, from the next place on where nothing is cut.

        That is behind all that was pushed so far, at a flush, or in a pause while no transcript
        is open. What was said before is recognised by the old options. No audio is lost, and
        words come in their order. Returns at once; a stream that has not begun goes by the new
        options from its first sample on.

        Args:
            options: by the names that the engine has for them, such as `language`, `model`,
                `keyterms` or `endpointing`.

        Raises:
            TypeError: for an option that the engine cannot change; the message names those it can.
            ValueError: for a value that it does not take.
            StreamClosedError: when the stream is over.
        """
        if self._core_lifecycle.state in _OVER:
            raise self._core_lifecycle.refusal(Action.START)
        self._core_prepare_change(options)()

    def _core_prepare_change(self, options: dict[str, Any]) -> Callable[[], None]:
        """Check *options*, and return what makes the change, which cannot fail."""
        changes, stt = self._core_changes, self._core_stt
        now = None if changes is None else changes.latest
        new = stt._changed_options(now, **options)  # noqa: SLF001 - the other half of one base
        return lambda: None if changes is None or new == now else self._core_change(changes, new)

    def _core_take_change(self, options: dict[str, Any]) -> None:
        """Change what was checked before."""
        self._core_prepare_change(options)()

    def _core_change(self, changes: OptionChanges, options: Any) -> None:
        queue, attempt = self._core_queue, self._core_attempt
        changes.add(options, queue.written)
        if not self._core_launched:
            self._options = changes.at(0)
        elif attempt is not None:
            self._core_look_for_place(attempt, changes)

    def _core_look_for_place(self, attempt: Attempt, changes: OptionChanges) -> None:
        channels = self._core_output.channels

        def is_open(strict: bool) -> bool:
            segments = _NOT_ENDED if strict else _OPEN
            return any(each.grammar.segment in segments for each in channels())

        only = self._core_flushes_only()
        attempt.reader.end_at(ChangePlace(changes, self._core_queue, is_open, flushes_only=only))

    def _core_flushes_only(self) -> bool:
        """Whether its utterances end where the caller flushes, and nowhere else."""
        return self._core_stt.capabilities.manual_flush

    def _core_begin_attempt(self) -> bool:
        begun, changes = super()._core_begin_attempt(), self._core_changes
        attempt = self._core_attempt
        if changes is not None and attempt is not None:
            self._options = changes.at(self._core_queue.log.position)
            if changes.latest is not self._options:
                self._core_look_for_place(attempt, changes)
        return begun

    def _core_how_it_ended(self, attempt: Attempt) -> Exception | None:
        if not attempt.reader.paused:
            return super()._core_how_it_ended(attempt)
        position = self._core_queue.log.position  # it has answered all that it was given
        self._core_output.silence(self._core_queue.seconds(position), None)
        self._core_output.finish()
        return None

    def _core_end_attempt(self, error: Exception | None) -> float | None:
        attempt = self._core_attempt
        pause = super()._core_end_attempt(error)
        paused = attempt is not None and attempt.reader.paused
        return 0.0 if pause is None and paused and self._core_lifecycle.running else pause
