"""
sherpa-onnx: an engine that hears well offline, with weights that `anyio-stt models` pulls.

    options      what may be chosen
    endpointing  how speech is told from silence
    model_kinds  what kind of model a folder holds
    stt          the engine
    recogniser   what runs in a worker: utterances to words
    online       the same for models that hear speech as it comes
    loading      a model and a detector of sherpa-onnx, loaded
    makers, online_makers  models of sherpa-onnx by their kind
    hotwords     phrases that are likely to be said
    tokens       what a model says, as words with times
    aligning     where in an utterance its words are
    loops        a decoder that repeats itself
"""

from .endpointing import Endpointing as Endpointing
from .options import SherpaOptions as SherpaOptions
from .stt import SherpaStream as SherpaStream
from .stt import SherpaSTT as SherpaSTT

__all__ = ("Endpointing", "SherpaOptions", "SherpaSTT", "SherpaStream")
