"""Deepgram's messages: from audio to them, from them to events; no input or output."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..audio.frame import AudioFrame
from ..audio.mixing import mix_down
from ..events import SpeechData, SpeechEvent, SpeechEventType, Word
from ..exceptions import APIError
from .session import ClientSession, Message

__all__ = ("CLOSE_STREAM", "FINALIZE", "KEEP_ALIVE", "DeepgramSession", "read_recording")

KEEP_ALIVE = json.dumps({"type": "KeepAlive"})
FINALIZE = json.dumps({"type": "Finalize"})
CLOSE_STREAM = json.dumps({"type": "CloseStream"})


class DeepgramSession(ClientSession):
    """
    One connection to `/v1/listen`.

    Args:
        start: where on the attempt's clock it begins.
        language: what is spoken, where the provider does not say.
        channels: how many were promised; with one, others are mixed down.
        multichannel: whether each is recognised by itself.
    """

    done: bool
    quiet: bool

    keep_alive_interval: float = 4.0  # Deepgram hangs up after 10 s without a word

    def __init__(
        self, start: float, *, language: str = "", channels: int = 1, multichannel: bool = False
    ) -> None:
        super().__init__(start)
        self._language = language
        self._channels = channels
        self._multichannel = multichannel
        self._speaking: set[int | None] = set()
        self._ending = False

    def audio(self, frame: AudioFrame) -> Iterable[Message]:
        """Say the samples as they are."""
        super().audio(frame)
        return (_fit_channels(frame, self._channels).pcm,)

    def flush(self) -> Iterable[Message]:
        """Ask for a final of what was sent."""
        return (FINALIZE,)

    def ending(self) -> Iterable[Message]:
        """Ask for everything that is left, and the end."""
        self._ending = True
        return (CLOSE_STREAM,)

    def keep_alive(self) -> Iterable[Message]:
        """Say that we are still here."""
        return (KEEP_ALIVE,)

    def closed(self) -> None:
        """Accept a clean end after we asked for it."""
        if not self._ending:
            super().closed()

    def decode(self, body: dict[str, Any]) -> Iterable[SpeechEvent]:
        """Make events of one message."""
        match body["type"]:
            case "Results":
                return list(self._results(body))
            case "SpeechStarted":
                return self._start(self._channel(body["channel"]), body["timestamp"])
            case "UtteranceEnd":
                return self._end(self._channel(body["channel"]), body["last_word_end"])
            case "Metadata":
                self.done = self._ending
            case "Error":
                raise _failure(body)
        return ()  # Deepgram adds kinds of message; those we do not know say nothing to us

    def _results(self, body: dict[str, Any]) -> Iterator[SpeechEvent]:
        channel = self._channel(body["channel_index"])
        start = self.start + float(body["start"])
        end = start + float(body["duration"])
        final = bool(body["is_final"])
        request_id = str((body.get("metadata") or {}).get("request_id", ""))
        readings = [
            _reading(each, start, end, self._language, self.start)
            for each in body["channel"]["alternatives"]
        ]
        if readings and readings[0].text:
            self._speaking.add(channel)
            self.quiet = False
            kind = SpeechEventType.FINAL_TRANSCRIPT if final else SpeechEventType.INTERIM_TRANSCRIPT
            yield SpeechEvent(kind, request_id, readings, channel=channel)
        elif final:
            self.silences.append((end, channel))
        if final and (body.get("speech_final") or body.get("from_finalize")):
            words = readings[0].words if readings else None
            yield from self._end(channel, words[-1].end_time - self.start if words else None)

    def _start(self, channel: int | None, timestamp: float) -> list[SpeechEvent]:
        self.quiet = False
        self._speaking.add(channel)
        time = self.start + float(timestamp)
        return [SpeechEvent(SpeechEventType.START_OF_SPEECH, time=time, channel=channel)]

    def _end(self, channel: int | None, last_word_end: float | None) -> list[SpeechEvent]:
        if channel not in self._speaking:
            return []
        self._speaking.discard(channel)
        self.quiet = not self._speaking
        time = None if last_word_end is None else self.start + float(last_word_end)
        return [SpeechEvent(SpeechEventType.END_OF_SPEECH, time=time, channel=channel)]

    def _channel(self, index: list[int]) -> int | None:
        return int(index[0]) if self._multichannel else None


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
        KeyError, IndexError, TypeError, ValueError: when it is no such answer.
    """
    metadata = body["metadata"]
    duration = float(metadata["duration"])
    best = []
    for channel in body["results"]["channels"]:
        spoken = str(channel.get("detected_language") or language)
        best.append(_reading(channel["alternatives"][0], 0.0, duration, spoken, 0.0))
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
    return SpeechEvent(
        SpeechEventType.FINAL_TRANSCRIPT, str(metadata.get("request_id", "")), [merged]
    )


def _reading(
    body: Mapping[str, Any], start: float, end: float, language: str, offset: float
) -> SpeechData:
    words = [_word(each, offset) for each in body.get("words") or ()]
    languages = body.get("languages") or ()
    return SpeechData(
        language=str(languages[0]) if languages else language,
        text=str(body["transcript"]),
        start_time=start,
        end_time=end,
        confidence=float(body.get("confidence") or 0.0),
        speaker_id=words[0].speaker_id if words else None,
        words=words or None,
    )


def _word(body: Mapping[str, Any], offset: float) -> Word:
    speaker = body.get("speaker")
    return Word(
        text=str(body.get("punctuated_word") or body["word"]),
        start_time=offset + float(body["start"]),
        end_time=offset + float(body["end"]),
        confidence=float(body.get("confidence") or 0.0),
        speaker_id=None if speaker is None else f"S{speaker}",
    )


def _failure(body: Mapping[str, Any]) -> APIError:
    said = body.get("description") or body.get("message") or body.get("variant") or "no reason"
    return APIError(f"Deepgram reports a failure: {said}", body=dict(body))
