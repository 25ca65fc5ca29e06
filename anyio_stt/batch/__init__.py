"""
Many recordings, side by side, with results as they are there.

    many           the async iterator of results, and what becomes of one recording
    results        what a recording is, and its result
    transcription  one recording through one engine, whole or in pieces
    opening, web   recordings wherever they are, as frames
    channels       mixed, one of them, or each
    side_by_side   so many at a time, results bounded
    in_order       what is made side by side, in order again
"""

from .many import BatchItem as BatchItem
from .many import transcribe_all as transcribe_all
from .results import BatchResult as BatchResult
from .results import Recording as Recording
from .side_by_side import SideBySide as SideBySide

__all__ = ("BatchItem", "BatchResult", "Recording", "SideBySide", "transcribe_all")
