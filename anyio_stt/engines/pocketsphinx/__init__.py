"""
pocketsphinx: an engine that works offline at once, since its package carries its model.

Its decoder holds the interpreter's lock while it computes, so it runs in worker processes.

    options      what may be chosen
    endpointing  how speech is told from silence
    stt          the engine
    vad          the detector that comes with it
    recogniser   what runs in a worker process
"""

from ...workers.pool import PoolStatistics as PoolStatistics
from .endpointing import Endpointing as Endpointing
from .options import PocketSphinxOptions as PocketSphinxOptions
from .stt import PocketSphinxStream as PocketSphinxStream
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
