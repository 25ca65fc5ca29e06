"""
Whisper, offline, by faster-whisper.

    options      what may be chosen
    endpointing  how speech is told from silence
    stt          the engine
    recogniser   what runs in a worker: utterances and recordings to words
    agreement    what two guesses in a row agree on
    loading      a model of faster-whisper and a detector, loaded
"""

from .endpointing import Endpointing as Endpointing
from .options import WhisperOptions as WhisperOptions
from .stt import WhisperStream as WhisperStream
from .stt import WhisperSTT as WhisperSTT

__all__ = ("Endpointing", "WhisperOptions", "WhisperSTT", "WhisperStream")
