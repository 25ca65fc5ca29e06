"""Deepgram's turn-based messages, of the models called Flux; no input or output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..audio.frame import AudioFrame
from ..audio.mixing import mix_down
from ..events import SpeechData, SpeechEvent, SpeechEventType, Word
from ..exceptions import APIError
from .deepgram import CLOSE_STREAM
from .fields import language_tag, number, text_of
from .padding import PaddedClock
from .pauses import is_silent, is_too_long
from .session import ClientSession, Message

__all__ = ("FluxSession",)

_BEHIND = 2.0  # seconds in which a word may have begun that is not in the transcript yet
_LATE = 1.0  # seconds of speech that may be missing at a goodbye; updates come 4 times a second
_MUTED = 1.0  # seconds without audio after which a turn that is open is given silence
_IDLE = 4  # of those until a connection is kept alive; some are closed after 20 s
_CHUNK = 0.08  # seconds of silence that keep it alive: what Flux listens to at once

# An error with such a code would come again.
_OUR_FAULT = frozenset({"UNPARSABLE_CLIENT_MESSAGE"})
_EAGER, _OVER = "EagerEndOfTurn", "EndOfTurn"


@dataclass
class _Turn:
    """A turn that is not over, and what was understood of it last."""

    index: int
    said: SpeechData
    request_id: str


class FluxSession(ClientSession):
    """
    One connection to `/v2/listen`.

    A turn is a segment: StartOfTurn is its START, EagerEndOfTurn a preflight, EndOfTurn its FINAL
    and END. Flux has no Finalize: a flush ends the session, which answers all it heard. What it
    said last before the close that we asked for is final.

    Its clock is the audio it hears, so while no audio comes it is given silence: a turn of
    somebody who was muted ends, and the connection is kept.

    Args:
        start: where on the attempt's clock it begins.
        language: what is spoken, where the provider does not say.
        sample_rate: the rate to send, in samples a second.
        interims: whether guesses are told; a preflight always is.
    """

    over: bool
    done: bool
    quiet: bool

    keep_alive_interval: float = _MUTED

    def __init__(
        self,
        start: float,
        *,
        language: str = "",
        sample_rate: int = 16000,
        interims: bool = True,
    ) -> None:
        super().__init__(start)
        self._language = language
        self._interims = interims
        self._rate = sample_rate
        self._clock = PaddedClock(start)
        self._turn: _Turn | None = None
        self._last: tuple[int, str] | None = None
        """The turn that ended last: it may be told twice."""
        self._heard = self._settled = self._loud_until = start
        self._waits = 0
        self._ending = False

    @property
    def name(self) -> str:
        """Who the provider is."""
        return "Deepgram Flux"

    # ---- what is said to it

    def audio(self, frame: AudioFrame) -> Iterable[Message]:
        """Say the samples as they are."""
        super().audio(frame)
        self._waits = 0
        mono = mix_down(frame)
        if not is_silent(mono):
            self._loud_until = self.sent
        self.over = is_too_long(self.sent - self._settled, mono)
        return (mono.pcm,)

    def flush(self) -> Iterable[Message]:
        """End the session: only then is everything said that was heard."""
        self.over = self.sent > self.start
        return ()

    def ending(self) -> Iterable[Message]:
        """Ask for everything that is left, and the end."""
        self._ending = True
        return (CLOSE_STREAM,)

    def keep_alive(self) -> Iterable[Message]:
        """Say silence: in a turn, because it ends with it; else now and then."""
        self._waits += 1
        if self._ending or not (self._turn is not None or self._waits % _IDLE == 0):
            return ()
        samples = round((_CHUNK if self._turn is None else _MUTED) * self._rate)
        self._clock.pad(self.sent, samples / self._rate)
        return (bytes(2 * samples),)

    def pong(self) -> bool:
        """Whether the answer to a ping is a sign of life: not where audio waits for an answer."""
        return not self._unanswered

    # ---- what it says

    def decode(self, body: dict[str, Any]) -> Iterable[SpeechEvent]:
        """Make events of one message."""
        match text_of(body["type"]):
            case "TurnInfo":
                return list(self._turn_info(body))
            case "Error":
                said = body.get("description") or body.get("code") or "no reason"
                raise APIError(
                    f"{self.name} reports a failure: {said}",
                    body=dict(body),
                    retryable=body.get("code") not in _OUR_FAULT,
                )
        return ()  # Connected, Warning, and kinds that may be added say nothing to us

    def closed(self) -> Iterable[SpeechEvent]:
        """Accept a clean end after we asked for it, if no speech is missing; say what is left."""
        whole = self._loud_until <= self._heard + _LATE
        if not (self._ending and whole):
            return super().closed()
        self.done = True
        left = [self._fitted(event) for event in self._end()]
        self._settle(self.sent)
        return left

    def _turn_info(self, body: Mapping[str, Any]) -> Iterator[SpeechEvent]:
        event, index = text_of(body["event"]), int(number(body["turn_index"]))
        until = self._clock.ours(number(body["audio_window_end"]))
        self._heard = max(self._heard, min(until, self.sent))
        text = text_of(body.get("transcript") or "").strip()
        begins = event == "StartOfTurn"
        if self._is_another(index, text, begins):
            yield from self._end()  # nobody said so
        said = self._reading(body, index, text)
        if text and (begins or self._turn is not None or (index, text) != self._last):
            yield from self._heard_words(event, said, index, text_of(body.get("request_id") or ""))
        if event == _OVER:
            yield from self._end(said)
        if self._turn is None:
            self._settle(self._heard - _BEHIND)

    def _is_another(self, index: int, text: str, begins: bool) -> bool:
        """Whether this is of another turn than the one that is open."""
        turn = self._turn
        return turn is not None and (index != turn.index or (begins and text != turn.said.text))

    def _heard_words(
        self, event: str, said: SpeechData, index: int, request_id: str
    ) -> Iterator[SpeechEvent]:
        if self._turn is None:
            self.quiet = False
            yield SpeechEvent(
                SpeechEventType.START_OF_SPEECH,
                request_id,
                time=max(said.start_time, self._settled),
            )
        elif event != _EAGER and said.text == self._turn.said.text:
            self._turn.said = said
            return
        self._turn = _Turn(index, said, request_id)
        if event == _EAGER:
            yield SpeechEvent(SpeechEventType.PREFLIGHT_TRANSCRIPT, request_id, [said])
        elif self._interims and event != _OVER:
            yield SpeechEvent(SpeechEventType.INTERIM_TRANSCRIPT, request_id, [said])

    def _end(self, final: SpeechData | None = None) -> Iterator[SpeechEvent]:
        """End the turn, with *final* or with what was understood of it last."""
        turn, self._turn = self._turn, None
        if turn is None:
            return
        said = turn.said if final is None else final
        self.quiet, self._last = True, (turn.index, said.text)
        # The last word and not what was heard: another one may have begun since.
        end = min(said.end_time, self.sent)
        if said.text:
            yield SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT, turn.request_id, [said])
            self._settled = max(self._settled, end)
        yield SpeechEvent(SpeechEventType.END_OF_SPEECH, turn.request_id, time=end)

    def _settle(self, until: float) -> None:
        """Note that nobody speaks before *until*."""
        if until > self._settled:
            self._settled = until
            self.silences.append((until, None))

    def _reading(self, body: Mapping[str, Any], index: int, text: str) -> SpeechData:
        told = body.get("words") or ()
        words = [self._word(each) for each in told if None not in _times(each)]
        if len(words) < len(told):  # times of some say nothing that the text does not
            words = []
        confidences = [number(each.get("confidence") or 0.0) for each in told]
        languages = body.get("languages") or ()
        confidence = number(body.get("end_of_turn_confidence") or 0.0)
        return SpeechData(
            language=language_tag(languages[0] if languages else None, self._language),
            text=text,
            start_time=words[0].start_time if words else self._settled,
            end_time=max(word.end_time for word in words) if words else self._heard,
            confidence=sum(confidences) / len(confidences) if confidences else 0.0,
            words=words or None,
            metadata={"turn_index": index, "end_of_turn_confidence": confidence},
        )

    def _word(self, body: Mapping[str, Any]) -> Word:
        return Word(
            text=text_of(body["word"]),
            start_time=self._clock.ours(number(body["start"])),
            end_time=self._clock.ours(number(body["end"])),
            confidence=number(body.get("confidence") or 0.0),
        )


def _times(word: Mapping[str, Any]) -> tuple[object, object]:
    return word.get("start"), word.get("end")
