"""The folder that weights lie in: a folder for each model, there in full or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from importlib.metadata import entry_points
from pathlib import Path

from .catalogue import ModelFile, known_model
from .errors import ModelError, ModelMissingError

__all__ = (
    "FOLDER_VARIABLE",
    "check_file",
    "find_model",
    "models_folder",
    "remove_model",
    "require_model",
    "unfinished_folder",
    "verify_model",
)

FOLDER_VARIABLE = "ANYIO_STT_MODELS"
_GROUP = "anyio_stt.models"
_PIECE = 1 << 20


def models_folder() -> Path:
    """
    Return the folder that pulled models lie in: `ANYIO_STT_MODELS`, or in the platform's cache.

    Raises:
        ImportError: when neither that is set nor the package `platformdirs` is installed.
    """
    given = os.environ.get(FOLDER_VARIABLE)
    if given:
        return Path(given)
    try:
        import platformdirs
    except ImportError as exc:
        raise ImportError(
            f"finding the models' folder needs platformdirs, which is not installed: pip install "
            f"'anyio-stt[models]', or set {FOLDER_VARIABLE} to a folder",
            name="platformdirs",
        ) from exc
    return Path(platformdirs.user_cache_dir("anyio-stt", appauthor=False)) / "models"


def unfinished_folder() -> Path:
    """Return the folder of what is being pulled: beside the models, so that a rename is enough."""
    return models_folder() / ".unfinished"


def find_model(name: str) -> Path | None:
    """
    Return the folder of the model called *name*, or `None` when it is not on this machine.

    A package that names it by entry point (`anyio_stt.models`) comes before what was pulled.
    The sizes of the files are checked, their content is not: `verify_model` does that.

    Raises:
        ModelError: when a package names it, but gives no folder.
        LookupError: when no model of that name is known and no package names it.
    """
    carried = _carried(name)
    if carried is not None:
        return carried
    model = known_model(name)
    folder = models_folder() / name
    return folder if all(_has_size(folder, file) for file in model.files) else None


def require_model(name: str) -> Path:
    """
    Return the folder of the model called *name*.

    Raises:
        ModelMissingError: when it is not on this machine; says what to run, and its size.
    """
    folder = find_model(name)
    if folder is not None:
        return folder
    megabytes = known_model(name).size / 1e6
    raise ModelMissingError(
        f"the model {name} is not on this machine: anyio-stt models pull {name} "
        f"({megabytes:.0f} MB, once)"
    )


def verify_model(name: str) -> Path:
    """
    Check each file of the model called *name* against its checksum, and return its folder.

    It reads all of it: call it in a thread.

    Raises:
        ModelMissingError: when it is not on this machine.
        ModelError: when a file is not what was published; says which.
    """
    folder = require_model(name)
    if _carried(name) is None:
        for file in known_model(name).files:
            check_file(folder / file.name, file)
    return folder


def remove_model(name: str) -> bool:
    """
    Remove the model called *name*, and what is left of pulls of it; whether there was any.

    What a package carries goes with the package.

    Raises:
        ModelError: when its files cannot be removed.
    """
    known_model(name)
    there = False
    for folder in (models_folder() / name, unfinished_folder() / name):
        if folder.exists():
            there = True
            try:
                shutil.rmtree(folder)
            except OSError as exc:
                raise ModelError(f"cannot remove {folder}: {exc}") from exc
    return there


def check_file(path: Path, file: ModelFile) -> None:
    """
    Check the content of *path* against the size and the checksum of *file*.

    Raises:
        ModelError: when they differ.
    """
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while piece := content.read(_PIECE):
            digest.update(piece)
    size, got = path.stat().st_size, digest.hexdigest()
    if (size, got) != (file.size, file.sha256):
        raise ModelError(
            f"{path} is not what was published: it has {size} bytes and sha256 {got}, expected "
            f"{file.size} and {file.sha256}"
        )


def _has_size(folder: Path, file: ModelFile) -> bool:
    try:
        return (folder / file.name).stat().st_size == file.size
    except OSError:
        return False


def _carried(name: str) -> Path | None:
    for entry_point in entry_points(group=_GROUP, name=name):
        found = entry_point.load()
        folder = Path(found() if callable(found) else found)
        if not folder.is_dir():
            raise ModelError(
                f"the package that carries {name} ({entry_point.value}) names {folder}, which is "
                f"not a folder"
            )
        return folder
    return None
