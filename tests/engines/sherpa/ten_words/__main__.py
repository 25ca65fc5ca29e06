"""
Make a model of ten words: `python -m tests.engines.sherpa.ten_words FOLDER`.

eSpeak NG says the words in many voices, a network learns them in numpy, and FOLDER gets it in the
two forms that sherpa-onnx's `OnlineRecognizer` takes: `ctc` and `transducer`.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tests.engines.sherpa.ten_words.exporting import export_ctc, export_transducer
from tests.engines.sherpa.ten_words.training import train


def make(folder: Path) -> None:
    """Write both; the folder is there when all of it is."""
    weights = train()
    unfinished = folder.with_name(f"{folder.name}.{os.getpid()}")
    export_ctc(weights, unfinished / "ctc")
    export_transducer(weights, unfinished / "transducer")
    try:
        unfinished.rename(folder)
    except OSError:  # somebody else was faster
        shutil.rmtree(unfinished)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
