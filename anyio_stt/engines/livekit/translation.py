"""LiveKit's values as ours, and ours as LiveKit's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...audio.frame import AudioFrame
from ...audio.mixing import mix_down
from ...events import RecognitionUsage, SpeechData, SpeechEvent, SpeechEventType, Word
from ...metrics import STTError, STTMetrics
from ...options import APIConnectOptions, STTCapabilities
from ...voice import VADEvent, VADEventType
from . import theirs
from .errors import their_error

__all__ = (
    "one_attempt",
    "our_capabilities",
    "our_event",
    "our_options",
    "our_vad_event",
    "their_capabilities",
    "their_error_report",
    "their_event",
    "their_frame",
    "their_language",
    "their_metrics",
)

# What translating engines say besides; it comes through among the metadata.
_TRANSLATIONS = ("source_languages", "source_texts", "target_languages", "target_texts")

# ---- from LiveKit


def our_capabilities(plugin: Any) -> STTCapabilities:
    """Return what *plugin* can do; what an older LiveKit does not say has our defaults."""
    said: Any = plugin.capabilities
    return STTCapabilities(
        streaming=said.streaming,
        interim_results=said.streaming and said.interim_results,
        diarization=getattr(said, "diarization", False),
        aligned_transcript=_given(said, "aligned_transcript", None) or False,
        offline_recognize=getattr(said, "offline_recognize", True),
        keyterms=getattr(said, "keyterms", False),
        chat_context=getattr(said, "chat_context", False),
        manual_flush=getattr(said, "manual_flush", False),
    )


def our_event(event: Any, *, offset: float = 0.0, began: float | None = None) -> SpeechEvent:
    """
    Return a plugin's event as ours.

    Args:
        event: theirs.
        offset: what the plugin added to its times.
        began: wall clock time of the first sample, which their `speech_start_time` counts from.
    """
    started = getattr(event, "speech_start_time", None)
    usage = event.recognition_usage
    return SpeechEvent(
        SpeechEventType(event.type.value),
        event.request_id,
        [_our_data(data, offset) for data in event.alternatives],
        None
        if usage is None
        else RecognitionUsage(
            usage.audio_duration,
            getattr(usage, "input_tokens", 0),
            getattr(usage, "output_tokens", 0),
        ),
        time=None if started is None or began is None else max(started - began, 0.0),
    )


def _our_data(data: Any, offset: float) -> SpeechData:
    end = _moved(data.end_time, offset) if data.end_time else 0.0
    return SpeechData(
        str(data.language or ""),
        data.text,
        _moved(data.start_time, offset) if end else 0.0,
        end,
        data.confidence,
        getattr(data, "speaker_id", None),
        getattr(data, "is_primary_speaker", None),
        [_our_word(word, offset) for word in words] if (words := _words(data)) else None,
        _metadata(data),
    )


def _metadata(data: Any) -> dict[str, Any] | None:
    said = dict(getattr(data, "metadata", None) or {})
    for name in _TRANSLATIONS:
        value = getattr(data, name, None)
        if value:
            said[name] = value
    return said or None


def _words(data: Any) -> Any:
    return getattr(data, "words", None)


def _our_word(word: Any, offset: float) -> Word:
    end = _given(word, "end_time", 0.0)
    return Word(
        str(word),
        _moved(_given(word, "start_time", 0.0), offset) if end else 0.0,
        _moved(end, offset) if end else 0.0,
        _given(word, "confidence", 0.0),
        _given(word, "speaker_id", None),
    )


def _given(holder: Any, name: str, otherwise: Any) -> Any:
    value = getattr(holder, name, otherwise)
    return otherwise if value is theirs.NOT_GIVEN or value is None else value


def _moved(time: float, offset: float) -> float:
    return max(time - offset, 0.0)


def our_vad_event(event: Any) -> VADEvent:
    """Return a detector's event as ours."""
    return VADEvent(
        VADEventType(event.type.value),
        event.samples_index,
        event.timestamp,
        event.speech_duration,
        event.silence_duration,
        [_our_frame(frame) for frame in event.frames],
        event.probability,
        event.inference_duration,
        event.speaking,
        getattr(event, "raw_accumulated_silence", 0.0),
        getattr(event, "raw_accumulated_speech", 0.0),
    )


def _our_frame(frame: Any) -> AudioFrame:
    return AudioFrame(
        bytes(frame.data), frame.sample_rate, frame.num_channels, frame.samples_per_channel
    )


def our_options(options: Any) -> APIConnectOptions:
    """Return LiveKit's three numbers as options of ours."""
    return APIConnectOptions(
        max_retry=options.max_retry,
        retry_interval=options.retry_interval,
        timeout=options.timeout,
    )


# ---- to LiveKit


def one_attempt(options: APIConnectOptions) -> Any:
    """Return options with which a plugin tries once: the base here tries again."""
    return theirs.agents.APIConnectOptions(
        max_retry=0, retry_interval=options.retry_interval, timeout=options.timeout
    )


def their_language(language: str | None) -> Any:
    """Return *language* as their plugins take it."""
    return theirs.NOT_GIVEN if language is None else language


def their_frame(frame: AudioFrame, *, mono: bool) -> Any:
    """Return *frame* as an `rtc.AudioFrame`, its channels mixed where one is wanted."""
    own = mix_down(frame) if mono else frame
    return theirs.rtc.AudioFrame(
        own.pcm, own.sample_rate, own.num_channels, own.samples_per_channel
    )


def their_capabilities(ours: STTCapabilities) -> Any:
    """Return what an engine can do in LiveKit's words."""
    return theirs.stt.STTCapabilities(
        streaming=ours.streaming,
        interim_results=ours.interim_results,
        diarization=ours.diarization,
        aligned_transcript=ours.aligned_transcript,
        offline_recognize=ours.offline_recognize,
    )


def their_event(event: SpeechEvent, *, offset: float = 0.0, began: float | None = None) -> Any:
    """
    Return an event as LiveKit's.

    Args:
        event: ours.
        offset: what is added to every time.
        began: wall clock time of the first sample.
    """
    moved = event.shifted(offset)
    starts = event.type is SpeechEventType.START_OF_SPEECH
    onset = event.time if starts else None
    return theirs.stt.SpeechEvent(
        type=theirs.stt.SpeechEventType(event.type.value),
        request_id=event.request_id,
        alternatives=[_their_data(data) for data in moved.alternatives],
        recognition_usage=_optional(_their_usage, event.recognition_usage),
        speech_start_time=None if onset is None or began is None else began + onset,
    )


def _their_usage(usage: RecognitionUsage) -> Any:
    return theirs.stt.RecognitionUsage(
        usage.audio_duration, usage.input_tokens, usage.output_tokens
    )


def _their_data(data: SpeechData) -> Any:
    return theirs.stt.SpeechData(
        language=theirs.agents.LanguageCode(data.language),
        text=data.text,
        start_time=data.start_time,
        end_time=data.end_time,
        confidence=data.confidence,
        speaker_id=data.speaker_id,
        is_primary_speaker=data.is_primary_speaker,
        words=data.words and [_their_word(word) for word in data.words],
        metadata=None if data.metadata is None else dict(data.metadata),
    )


def _their_word(word: Word) -> Any:
    return theirs.agents.types.TimedString(
        word.text,
        start_time=word.start_time,
        end_time=word.end_time,
        confidence=word.confidence,
        speaker_id=word.speaker_id,
    )


def their_metrics(metrics: STTMetrics) -> Any:
    """Return a measurement as LiveKit's."""
    return theirs.agents.metrics.STTMetrics(
        label=metrics.label,
        request_id=metrics.request_id,
        timestamp=metrics.timestamp,
        duration=0.0 if metrics.streamed else metrics.duration,
        audio_duration=metrics.audio_duration,
        streamed=metrics.streamed,
        input_tokens=metrics.input_tokens,
        output_tokens=metrics.output_tokens,
    )


def their_error_report(report: STTError) -> Any:
    """Return the report of a failed attempt as LiveKit's."""
    return theirs.stt.STTError(
        timestamp=report.timestamp,
        label=report.label,
        error=their_error(report.error),
        recoverable=report.recoverable,
    )


def _optional(translate: Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else translate(value)
