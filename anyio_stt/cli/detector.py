"""Speech told from silence, by whatever is installed that can."""

from __future__ import annotations

from dataclasses import replace

from anyio_stt import STT, VAD, VADOptions
from anyio_stt.adapters import StreamAdapter

from .errors import CommandError

__all__ = ("make_detector", "with_utterances")

_LONGEST = 28.0  # seconds; what most engines of whole recordings were trained on
_PADDING = 0.3  # seconds before an onset: more would show subtitles too early


def make_detector(purpose: str, longest: float = _LONGEST) -> VAD:
    """
    Make the best detector that is installed.

    Args:
        purpose: the option that needs it, for the error.
        longest: the most seconds of an utterance.

    Raises:
        CommandError: when none is.
    """
    bounds = {"max_buffered_speech": longest, "prefix_padding_duration": min(_PADDING, longest / 4)}
    try:
        from anyio_stt.engines.silero import SileroVAD

        return SileroVAD(VADOptions(**bounds))
    except ImportError:
        pass
    try:
        from anyio_stt.engines.pocketsphinx.vad import DEFAULT_VAD_OPTIONS, PocketSphinxVAD

        return PocketSphinxVAD(replace(DEFAULT_VAD_OPTIONS, **bounds))
    except ImportError as exc:
        raise CommandError(
            f"{purpose} needs a detector of speech: pip install 'anyio-stt[silero]'"
        ) from exc


def with_utterances(stt: STT, wanted: bool | None, *, live: bool = False) -> STT:
    """
    Return *stt*, or an engine that cuts utterances for it, as `--vad` says.

    Args:
        stt: the engine.
        wanted: None cuts for an engine of recordings that gives no times, if a detector is
            installed.
        live: whether the words are waited for, so that an engine of recordings needs it.

    Raises:
        CommandError: when it has to be and cannot be.
    """
    can = stt.capabilities
    if wanted is False or (can.streaming and not wanted):
        return stt
    if not can.offline_recognize:
        raise CommandError("--vad is for engines that recognise recordings: this one only streams")
    if wanted is None and can.aligned_transcript and not live:
        return stt
    try:
        purpose = "an engine of whole recordings" if live else "--vad"
        detector = make_detector(purpose, min(_LONGEST, can.max_utterance or _LONGEST))
    except CommandError:
        if wanted or live:
            raise
        return stt
    return StreamAdapter(stt=stt, vad=detector)
