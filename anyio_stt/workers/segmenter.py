"""Where speech begins and ends, and where speech without a pause is cut."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .endpointing import Endpointing

__all__ = (
    "FRAME",
    "SAMPLE_RATE",
    "Offset",
    "Onset",
    "Pause",
    "Segmenter",
    "Speech",
    "Step",
    "Utterance",
)

SAMPLE_RATE = 16000
FRAME = 480
"""Samples that the voice activity detector judges at once: 30 ms."""


@dataclass(frozen=True)
class Onset:
    """Speech began at sample *at*."""

    at: int


@dataclass(frozen=True)
class Speech:
    """The next stretch of the utterance that is open; it may turn out to end before it."""

    audio: bytes


@dataclass(frozen=True)
class Utterance:
    """
    The open utterance is over: this is all of it, from sample *first* on.

    Speech was heard from sample *speech_start* to *speech_end*; the rest is padding.
    """

    first: int
    audio: bytes
    speech_start: int
    speech_end: int


@dataclass(frozen=True)
class Offset:
    """Speech ended at sample *at*."""

    at: int


@dataclass(frozen=True)
class Pause:
    """The open utterance is *so_far* if speech does not go on; its `Utterance` will be the same."""

    so_far: Utterance


Step = Onset | Speech | Pause | Utterance | Offset


class Segmenter:
    """
    Cuts audio into utterances: `(Onset Speech* (Utterance Speech*)* Utterance Offset)*`, with a
    `Pause` wherever speech may have ended, when that is asked for.

    Each sample of an utterance comes once as `Speech`, as soon as it is known to belong to
    speech, and once in its `Utterance`. Utterances never overlap. Positions are samples,
    counted from the first one pushed; audio is 16 kHz mono, 16 bits.

    Args:
        is_speech: judges one frame.
        options: windows and limits.
        frame: how many samples a frame has.
        eager: whether to tell of pauses that may be ends, once the tail is there.
    """

    def __init__(
        self,
        is_speech: Callable[[bytes], bool],
        options: Endpointing,
        frame: int = FRAME,
        *,
        eager: bool = False,
    ) -> None:
        self._eager = eager
        self._paused: int | None = None
        """Where the audio of the pause that was told of ends."""
        self._is_speech = is_speech
        self._frame = frame
        self._onset = max(2, round(options.onset * SAMPLE_RATE / frame))
        self._offset = max(2, round(options.offset * SAMPLE_RATE / frame))
        self._needed = round(options.ratio * self._onset)
        self._allowed = round((1 - options.ratio) * self._offset) - 1
        self._padding = round(options.padding * SAMPLE_RATE)
        self._tail = round(options.tail * SAMPLE_RATE)
        self._longest = round(options.max_utterance * SAMPLE_RATE)
        self._flags: deque[bool] = deque(maxlen=max(self._onset, self._offset))
        self._rest = bytearray()
        """Audio shorter than a frame, not judged yet."""
        self._audio = bytearray()
        self._first = 0
        """The position of the first sample of `_audio`."""
        self._speaking = False
        self._speech_start = 0

    @property
    def quiet_until(self) -> int:
        """No later utterance holds a sample before this one."""
        return self._first

    @property
    def speaking(self) -> bool:
        """Whether an utterance is open."""
        return self._speaking

    def push(self, audio: bytes) -> Iterator[Step]:
        """Take audio of any length; iterate what follows from it."""
        self._rest += audio
        size = 2 * self._frame
        whole = len(self._rest) - len(self._rest) % size
        frames, self._rest = self._rest[:whole], self._rest[whole:]
        for begin in range(0, whole, size):
            yield from self._judge(bytes(frames[begin : begin + size]))

    def flush(self) -> Iterator[Step]:
        """End the open utterance here, or speech too short so far to be sure that it is some."""
        rest, self._rest = bytes(self._rest), bytearray()
        self._audio += rest
        end = self._end
        if self._speaking:
            if rest:
                yield Speech(rest)
            yield from self._finish(end, end)
        elif sum(self._flags) * 2 >= self._needed:
            yield from self._begin()
            yield from self._finish(end, end)
        self._flags.clear()
        self._drop(end)

    @property
    def _end(self) -> int:
        return self._first + len(self._audio) // 2

    def _judge(self, frame: bytes) -> Iterator[Step]:
        self._flags.append(self._is_speech(frame))
        self._audio += frame
        if self._speaking:
            yield Speech(frame)
            if self._eager:
                yield from self._look_for_pause()
            yield from self._look_for_end()
        elif sum(self._recent(self._onset)) >= self._needed:
            yield from self._begin()
        else:
            self._drop(self._end - self._onset * self._frame - self._padding)

    def _begin(self) -> Iterator[Step]:
        recent = self._recent(self._onset)
        begin = self._end - (len(recent) - recent.index(True)) * self._frame
        self._drop(begin - self._padding)
        self._speaking = True
        self._speech_start = max(begin, self._first)
        yield Onset(self._speech_start)
        yield Speech(bytes(self._audio))

    def _look_for_pause(self) -> Iterator[Step]:
        if self._paused is not None:
            since = (self._end - self._paused) // self._frame
            if sum(self._recent(since)) > max(self._allowed, 0):
                self._paused = None  # it was none
            return
        tail = -(-self._tail // self._frame)
        recent = self._recent(tail)
        if tail and len(recent) == tail and not any(recent):
            self._paused = self._end
            yield Pause(self._utterance(self._end, self._end - tail * self._frame))

    def _look_for_end(self) -> Iterator[Step]:
        recent = self._recent(self._offset)
        if len(recent) == self._offset and sum(recent) <= max(self._allowed, 0):
            begin = self._end - self._offset * self._frame
            yield from self._finish(self._paused or begin + self._tail, begin)
            self._flags.clear()
        elif self._end - self._first >= self._longest:
            cut = self._first + self._quietest()
            yield self._take(cut, cut)
            self._speech_start, self._paused = cut, None
            yield Speech(bytes(self._audio))

    def _finish(self, end: int, stopped: int) -> Iterator[Step]:
        self._paused = None
        yield self._take(end, stopped)
        self._speaking = False
        yield Offset(stopped)

    def _utterance(self, end: int, speech_end: int) -> Utterance:
        audio = bytes(self._audio[: 2 * (end - self._first)])
        return Utterance(self._first, audio, self._speech_start, speech_end)

    def _take(self, end: int, speech_end: int) -> Utterance:
        utterance = self._utterance(end, speech_end)
        self._drop(end)
        return utterance

    def _drop(self, until: int) -> None:
        if until > self._first:
            del self._audio[: 2 * (until - self._first)]
            self._first = until

    def _recent(self, count: int) -> list[bool]:
        return list(self._flags)[-count:] if count > 0 else []

    def _quietest(self) -> int:
        """Return the middle of the quietest 150 ms in the last third of what is open."""
        begin = len(self._audio) // 2 * 2 // 3
        samples = array("h", bytes(self._audio[2 * begin :]))
        step = FRAME // 3
        loudness = [
            sum(map(abs, samples[at : at + step])) for at in range(0, len(samples) - step, step)
        ]
        width = 15
        windows = range(len(loudness) - width)
        quietest = min(windows, key=lambda at: sum(loudness[at : at + width]))
        return begin + (quietest + width // 2) * step
