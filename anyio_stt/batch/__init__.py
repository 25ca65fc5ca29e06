"""
Many recordings, side by side, with results as they are there.

    many           the async iterator of results, and what becomes of one recording
    results        what a recording is, and its result
    transcription  one recording through one engine, whole or in pieces
    opening, web   recordings wherever they are, as frames
    channels       mixed, one of them, or each
    side_by_side   so many at a time, results bounded
    in_order       what is made side by side, in order again
    pieces         a long recording in pieces that overlap
    stitching      what was said in them, joined
    stores         recordings that fsspec knows
    cluster        functions on the workers of a Dask cluster
    _engine_host   an engine in each worker
    on_worker      what is done there
    spread         one recording on a cluster
"""

from .cluster_errors import ClusterError as ClusterError
from .cluster_errors import EngineUnavailableError as EngineUnavailableError
from .many import BatchItem as BatchItem
from .many import transcribe_all as transcribe_all
from .results import BatchResult as BatchResult
from .results import Recording as Recording
from .side_by_side import SideBySide as SideBySide

__all__ = (
    "BatchItem",
    "BatchResult",
    "ClusterError",
    "EngineUnavailableError",
    "Recording",
    "SideBySide",
    "transcribe_all",
)
