"""
Threads and processes that compute off the event loop: one harness for every local engine.

A recogniser is loaded once and hears streams in sessions. Where that happens, in a thread of
this process or in a process of its own, its engine chooses; the messages are the same.

    wire        messages between a stream and what recognises it
    endpointing how speech is told from silence
    segmenter   where speech begins and ends
    samples     audio as models take it
    session     from audio to words: segmenter and recogniser together
    threads     worker threads, bounded
    in_thread   a session in a worker thread
    process     a session in a process, seen from here
    child       started by its path in that process; serving is its loop
    pool        so many processes and no more
    feed        audio on its way to a session
    stream      a stream's talk with a session
    speech      what a session says, as speech events
    stt         an engine on top of it all

What runs in a worker process (wire, endpointing, segmenter, samples, session, serving and an
engine's recogniser) imports nothing else of this package, because importing all of it takes as
long as loading a recogniser does.
"""

from .endpointing import Endpointing as Endpointing
from .endpointing import SileroEndpointing as SileroEndpointing
from .threads import WorkerThreads as WorkerThreads

__all__ = ("Endpointing", "SileroEndpointing", "WorkerThreads")
