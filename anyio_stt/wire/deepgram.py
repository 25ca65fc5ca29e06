"""Deepgram's messages: from audio to them, from them to events; no input or output."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from ..audio.frame import AudioFrame
from ..audio.mixing import mix_down
from ..events import SpeechData, SpeechEvent, SpeechEventType, Word
from ..exceptions import APIError
from .fields import language_tag, number, text_of
from .session import ClientSession, Message

__all__ = ("CLOSE_STREAM", "FINALIZE", "KEEP_ALIVE", "DeepgramSession", "read_recording")

KEEP_ALIVE = json.dumps({"type": "KeepAlive"})
FINALIZE = json.dumps({"type": "Finalize"})
CLOSE_STREAM = json.dumps({"type": "CloseStream"})

_ROUNDING = 0.1  # seconds by which a server's sums may differ from ours


class DeepgramSession(ClientSession):
    """
    One connection to `/v1/listen`.

    Args:
        start: where on the attempt's clock it begins.
        language: what is spoken, where the provider does not say.
        channels: how many were promised; with one, others are mixed down.
        multichannel: whether each is recognised by itself.
        finalizes: whether the server knows Finalize; without it a flush ends the session.
        on_finalize_refused: called when it says that it does not.
    """

    done: bool
    quiet: bool
    over: bool

    keep_alive_interval: float = 4.0  # Deepgram hangs up after 10 s without a word

    def __init__(
        self,
        start: float,
        *,
        language: str = "",
        channels: int = 1,
        multichannel: bool = False,
        finalizes: bool = True,
        on_finalize_refused: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(start)
        self._language = language
        self._channels = channels
        self._multichannel = multichannel
        self._finalizes = finalizes
        self._on_finalize_refused = on_finalize_refused
        self._speaking: dict[int | None, float] = {}
        """On which channels somebody speaks, and until when at least."""
        self._covered: dict[int | None, float] = {}
        self._finalized = False
        self._ending = False
        self._flushed: dict[int | None, deque[float]] = defaultdict(deque)
        """How much audio had been sent with each Finalize that is not answered, by channel."""

    def audio(self, frame: AudioFrame) -> Iterable[Message]:
        """Say the samples as they are."""
        super().audio(frame)
        return (_fit_channels(frame, self._channels).pcm,)

    def flush(self) -> Iterable[Message]:
        """Ask for a final of what was sent, or end the session where that is the only way."""
        if not self._finalizes:
            self.over = self.sent > self.start
            return ()
        self._finalized = True
        for channel in range(self._channels) if self._multichannel else (None,):
            self._flushed[channel].append(self.sent)
        return (FINALIZE,)

    def ending(self) -> Iterable[Message]:
        """Ask for everything that is left, and the end."""
        self._ending = True
        return (CLOSE_STREAM,)

    def keep_alive(self) -> Iterable[Message]:
        """Say that we are still here."""
        return (KEEP_ALIVE,)

    def closed(self) -> Iterable[SpeechEvent]:
        """Accept a clean end after we asked for it, if nothing is missing."""
        self.done = self.done or ((self._ending or self._finalized) and self._is_covered())
        return super().closed()

    def decode(self, body: dict[str, Any]) -> Iterable[SpeechEvent]:
        """Make events of one message."""
        match text_of(body["type"]):
            case "Results":
                return list(self._results(body))
            case "SpeechStarted":
                return self._start(self._channel(body["channel"]), number(body["timestamp"]))
            case "UtteranceEnd":
                return self._utterance_end(body)
            case "Metadata":
                # Some servers say it on opening, or after a Finalize, of less than was sent.
                heard = self.start + number(body.get("duration") or 0.0)
                self.done = self._ending and heard >= self.sent - _ROUNDING
            case "Error":
                raise self._failure(body)
        return ()  # Deepgram adds kinds of message; those we do not know say nothing to us

    def _results(self, body: dict[str, Any]) -> Iterator[SpeechEvent]:
        channel = self._channel(body["channel_index"])
        start = self.start + number(body["start"])
        end = start + number(body["duration"])
        final = bool(body["is_final"])
        request_id = text_of((body.get("metadata") or {}).get("request_id") or "")
        readings = [self._reading(each, start, end) for each in body["channel"]["alternatives"]]
        best = readings[0] if readings else None
        words = best.words if best is not None else None
        if final:
            self._covered[channel] = max(end, self._covered.get(channel, 0.0))
        if best is not None and best.text:
            self._speaking[channel] = words[-1].end_time if words else end
            self.quiet = False
            kind = SpeechEventType.FINAL_TRANSCRIPT if final else SpeechEventType.INTERIM_TRANSCRIPT
            for said in _by_speaker(readings) if final else [readings]:
                yield SpeechEvent(kind, request_id, said, channel=channel)
        elif final:
            self.silences.append((min(end, self.sent), channel))
            if end >= self._speaking.get(channel, end):  # nothing was said behind it
                yield from self._end(channel, end)
        if final and (body.get("speech_final") or body.get("from_finalize")):
            yield from self._end(channel, words[-1].end_time if words else None)
        if body.get("from_finalize") and self._flushed[channel]:
            # It answers all that was sent by then, whatever a clock says that has begun anew.
            self.silences.append((self._flushed[channel].popleft(), channel))

    def _start(self, channel: int | None, timestamp: float) -> list[SpeechEvent]:
        time = self.start + timestamp
        self.quiet = False
        self._speaking[channel] = max(time, self._speaking.get(channel, time))
        return [SpeechEvent(SpeechEventType.START_OF_SPEECH, time=time, channel=channel)]

    def _utterance_end(self, body: Mapping[str, Any]) -> list[SpeechEvent]:
        """End the segment, unless it has words already that are newer than the last one named."""
        channel, last = self._channel(body["channel"]), self.start + number(body["last_word_end"])
        if last < self._speaking.get(channel, last) - _ROUNDING:
            return []
        return self._end(channel, last)

    def _end(self, channel: int | None, time: float | None) -> list[SpeechEvent]:
        if channel not in self._speaking:
            return []
        del self._speaking[channel]
        self.quiet = not self._speaking
        return [SpeechEvent(SpeechEventType.END_OF_SPEECH, time=time, channel=channel)]

    def _channel(self, index: list[int]) -> int | None:
        channel = int(number(index[0]))
        if not self._multichannel:
            return None
        if not 0 <= channel < self._channels:
            raise ValueError(f"there is no channel {channel} of {self._channels}")
        return channel

    def _is_covered(self) -> bool:
        """Whether finals reach as far as the audio, on each channel."""
        whole = len(self._covered) == (self._channels if self._multichannel else 1)
        ends = min(self._covered.values(), default=self.start)
        return self.sent == self.start or (whole and ends >= self.sent - _ROUNDING)

    def _reading(self, body: Mapping[str, Any], start: float, end: float) -> SpeechData:
        return _reading(body, start, end, self._language, self.start, self.number)

    def _failure(self, body: Mapping[str, Any]) -> APIError:
        said = body.get("description") or body.get("message") or body.get("variant") or "no reason"
        if self._finalized and "finalize" in str(said).lower():
            self._on_finalize_refused()
            return APIError(f"the server takes no Finalize and is asked no more: {said}")
        return APIError(f"Deepgram reports a failure: {said}", body=dict(body))


def _fit_channels(frame: AudioFrame, channels: int) -> AudioFrame:
    """
    Return *frame* with as many channels as were promised.

    Raises:
        APIError: when it has fewer, or cannot be mixed to so many.
    """
    if frame.num_channels == channels:
        return frame
    if channels == 1:
        return mix_down(frame)
    raise APIError(
        f"the audio has {frame.num_channels} channel(s), but channels={channels} was asked for: "
        f"give the engine channels={frame.num_channels}",
        retryable=False,
    )


def read_recording(body: Mapping[str, Any], language: str) -> SpeechEvent:
    """
    Make a FINAL_TRANSCRIPT of Deepgram's answer to a recording; channels follow one another.

    Raises:
        LookupError, TypeError, ValueError: when it is no such answer.
    """
    metadata = body["metadata"]
    duration = number(metadata["duration"])
    best = []
    for channel in body["results"]["channels"]:
        spoken = language_tag(channel.get("detected_language"), language)
        best.append(_reading(channel["alternatives"][0], 0.0, duration, spoken, 0.0, 1))
    first = best[0]
    merged = SpeechData(
        first.language,
        "\n".join(reading.text for reading in best if reading.text),
        0.0,
        duration,
        first.confidence,
        first.speaker_id,
        words=[word for reading in best for word in reading.words or ()] or None,
    )
    request_id = text_of(metadata.get("request_id") or "")
    return SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT, request_id, [merged])


def _reading(
    body: Mapping[str, Any], start: float, end: float, language: str, offset: float, session: int
) -> SpeechData:
    words = _words(body.get("words") or (), offset, session)
    languages = body.get("languages") or ()
    return SpeechData(
        language=language_tag(languages[0] if languages else None, language),
        text=text_of(body["transcript"]).strip(),
        # The range begins where the one before ended, silence included; the words do not.
        start_time=max(start, words[0].start_time) if words else start,
        end_time=end,
        confidence=number(body.get("confidence") or 0.0),
        speaker_id=words[0].speaker_id if words else None,
        words=words or None,
    )


def _words(words: Sequence[Mapping[str, Any]], offset: float, session: int) -> list[Word]:
    """Read words with their times; where one has none, they say nothing that the text does not."""
    timed = [each for each in words if None not in (each.get("start"), each.get("end"))]
    return [_word(each, offset, session) for each in timed] if len(timed) == len(words) else []


def _word(body: Mapping[str, Any], offset: float, session: int) -> Word:
    return Word(
        text=text_of(body.get("punctuated_word") or body["word"]),
        start_time=offset + number(body["start"]),
        end_time=offset + number(body["end"]),
        confidence=number(body.get("confidence") or 0.0),
        speaker_id=_speaker(body.get("speaker"), session),
    )


def _speaker(label: object, session: int) -> str | None:
    """Name a speaker: labels count from 0 in each session, so another's S0 is another person."""
    if label is None:
        return None
    name = f"S{int(number(label))}"
    return name if session == 1 else f"{name}.{session}"


def _by_speaker(readings: list[SpeechData]) -> Iterator[list[SpeechData]]:
    """Split a final where the speaker changes; one person's stays as it is."""
    best = readings[0]
    runs = [list(run) for _, run in groupby(best.words or (), lambda word: word.speaker_id)]
    if len(runs) < 2:
        yield readings
        return
    for index, words in enumerate(runs):
        yield [
            SpeechData(
                best.language,
                " ".join(word.text for word in words),
                words[0].start_time,
                best.end_time if index == len(runs) - 1 else words[-1].end_time,
                best.confidence,
                words[0].speaker_id,
                words=words,
            )
        ]
