"""Started by its path: puts this package on the path under its own name, and runs it."""

import importlib
import sys
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    if sys.path and sys.path[0] == str(here):  # put there by the interpreter, unless told not to
        del sys.path[0]
    sys.path.insert(0, str(here.parent))
    worker = importlib.import_module(f"{here.name}.main")
    del sys.path[0]
    worker.main()
