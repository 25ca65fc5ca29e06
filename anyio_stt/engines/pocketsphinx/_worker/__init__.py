"""
What runs in a worker process: pocketsphinx, and nothing of anyio or numpy.

A worker is started by the path of `__main__.py` and imports this package under its own name,
without `anyio_stt`, which would take as long as loading the decoder does. So modules in here
import the standard library, each other, and pocketsphinx (in `recogniser.py` only).

    wire        messages over the pipe, both sides use it
    segmenter   where speech begins and ends
    session     from audio to words: segmenter and recogniser together
    recogniser  pocketsphinx itself
    main        the loop of the process
"""
