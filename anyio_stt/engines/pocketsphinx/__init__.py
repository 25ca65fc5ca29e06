"""
pocketsphinx: an engine that works offline at once, since its package carries its model.

Its decoder holds the interpreter's lock while it computes, so it runs in worker processes.

    options     what may be chosen
    stt         the engine, and what it hands out
    stream      one stream's talk with a worker
    pool        the workers of an engine
    vad         the detector that comes with it
    process     one worker, seen from here
    _worker/    what runs inside it
"""

from ._worker.segmenter import Endpointing as Endpointing
from .options import PocketSphinxOptions as PocketSphinxOptions
from .pool import PoolStatistics as PoolStatistics
from .stream import PocketSphinxStream as PocketSphinxStream
from .stt import PocketSphinxSTT as PocketSphinxSTT
from .vad import PocketSphinxVAD as PocketSphinxVAD

__all__ = (
    "Endpointing",
    "PocketSphinxOptions",
    "PocketSphinxSTT",
    "PocketSphinxStream",
    "PocketSphinxVAD",
    "PoolStatistics",
)
