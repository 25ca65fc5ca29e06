"""Which recordings are transcribed, and where each transcript goes, decided before any is read."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from anyio_stt.audio import AudioFileError
from anyio_stt.batch.opening import is_address
from anyio_stt.batch.stores import find_stored, is_stored

from .errors import CommandError
from .formats import FORMATS
from .journal import journal_path
from .settings import MICROPHONE, STANDARD_STREAM, Settings
from .shown import shown_name

__all__ = ("Job", "Target", "is_done", "make_plan")

# What is looked for in a folder; a file that is named is read whatever its name.
_MEDIA = (
    "3g2 3gp aac ac3 aif aifc aiff amr ape asf au avi caf flac flv m4a m4b m4v mka mkv mov "
    "mp2 mp3 mp4 mpc mpeg mpg mts oga ogg ogv opus snd spx ts tta voc w64 wav weba webm wma "
    "wmv wv"
)
_ENDINGS = frozenset(f".{ending}" for ending in _MEDIA.split())

_UNNAMED = {STANDARD_STREAM: "standard-input", MICROPHONE: "microphone"}


@dataclass(frozen=True)
class Target:
    """A format, and the file it goes to; None is standard output."""

    format: str
    path: Path | None
    in_folder: bool = False
    """Whether its folders are made: one that was named for a file has to be there."""


@dataclass(frozen=True)
class Job:
    """A recording, and everything that is made of it."""

    name: str
    targets: tuple[Target, ...]
    version: str | None = None
    """What changes when a recording in a store does."""


@dataclass(frozen=True)
class _Found:
    name: str
    inside: Path
    """What it is called below the folder it was found in."""
    version: str | None = None


def make_plan(settings: Settings) -> list[Job]:
    """
    Return the jobs, in the order of the command line.

    Raises:
        CommandError: when there is nothing to read, the outputs and formats do not fit, or an
            output is a recording.
    """
    found = [each for name in settings.files for each in _expanded(name)]
    targets = _targets(found, settings)
    jobs = [Job(each.name, targets[at], each.version) for at, each in enumerate(found)]
    _check_outputs(jobs)
    return jobs


def _expanded(name: str) -> Iterator[_Found]:
    if name in _UNNAMED or is_address(name):
        stem = _UNNAMED.get(name) or name.rstrip("/").split("/")[-1]
        yield _Found(name, Path(stem.partition("?")[0] or "address"))
    elif is_stored(name):
        yield from _in_store(name)
    elif os.path.isdir(name):
        yield from _in_folder(Path(name))
    elif any(sign in name for sign in "*?[") and not os.path.lexists(name):
        matches = sorted(glob.glob(name, recursive=True))
        if not matches:
            raise CommandError(f"{shown_name(name)}: no such file")
        for match in matches:
            yield from _expanded(match)
    else:
        yield _Found(name, Path(Path(name).name))


def _in_store(address: str) -> Iterator[_Found]:
    try:
        found = find_stored(address)
    except (AudioFileError, ImportError, OSError) as exc:
        name = shown_name(address)
        raise CommandError(str(exc) if name in str(exc) else f"{name}: {exc}") from exc
    named = len(found) == 1 and found[0].address.endswith(address.rpartition("/")[2])
    recordings = [e for e in found if named or Path(e.inside).suffix.lower() in _ENDINGS]
    if not recordings:
        raise CommandError(f"{shown_name(address)}: there is no recording")
    for each in recordings:
        yield _Found(each.address, Path(each.inside), each.version)


def _in_folder(folder: Path) -> Iterator[_Found]:
    paths = [
        Path(parent, name)
        for parent, folders, names in os.walk(folder)
        for name in names
        if Path(name).suffix.lower() in _ENDINGS and not name.startswith(".")
    ]
    if not paths:
        raise CommandError(f"{shown_name(folder)}: there is no recording in this folder")
    for path in sorted(paths):
        yield _Found(str(path), path.relative_to(folder))


def _targets(found: list[_Found], settings: Settings) -> list[tuple[Target, ...]]:
    formats, outputs = settings.formats, settings.outputs
    if not outputs:
        if len(formats) < 2:
            return _shared(found, Target((formats or ("txt",))[0], None))
        outputs = (".",)  # as many files are made, where they can be seen
    if len(outputs) > 1 and formats:
        raise CommandError("the suffixes of several -o name their formats: leave out --format")
    columns = [_of_output(found, output, formats) for output in outputs]
    return [tuple(each for column in columns for each in column[at]) for at in range(len(found))]


def _of_output(
    found: list[_Found], output: str, formats: tuple[str, ...]
) -> list[tuple[Target, ...]]:
    ending = Path(output).suffix.lower().removeprefix(".")
    if output == STANDARD_STREAM:
        if len(formats) > 1:
            raise CommandError("standard output takes one --format")
        return _shared(found, Target((formats or ("txt",))[0], None))
    if not _means_folder(output, ending, formats, several=len(found) > 1):
        kind = formats[0] if formats else ending if ending in FORMATS else "txt"
        return _shared(found, Target(kind, Path(output)))
    named = ending in FORMATS and not output.endswith(("/", os.sep))
    if not os.path.isdir(output) and (named or os.path.lexists(output)):
        raise CommandError(
            f"-o {shown_name(output)} is a file, and {len(formats)} formats need a folder, with a "
            "slash (-o transcripts/), or a -o for each instead of --format"
        )
    return _in_output_folder(found, Path(output), formats or ("txt",))


def _means_folder(output: str, ending: str, formats: tuple[str, ...], *, several: bool) -> bool:
    if os.path.isdir(output) or output.endswith(("/", os.sep)) or len(formats) > 1:
        return True
    # What cannot be one file for all of them, and is not called like one, is meant as a folder.
    return several and bool(formats) and not ending and FORMATS[formats[0]].one_recording


def _shared(found: list[_Found], target: Target) -> list[tuple[Target, ...]]:
    if len(found) > 1 and FORMATS[target.format].one_recording:
        raise CommandError(
            f"--format {target.format} takes one recording, as its times begin at 0: give a "
            "folder for -o, with a slash (-o transcripts/), and each gets a file"
        )
    return [(target,)] * len(found)


def _in_output_folder(
    found: list[_Found], folder: Path, formats: tuple[str, ...]
) -> list[tuple[Target, ...]]:
    stems = Counter(each.inside.with_suffix("") for each in found)
    names = Counter(each.inside for each in found)
    targets = []
    for each in found:
        base = (
            each.inside if stems[each.inside.with_suffix("")] > 1 else each.inside.with_suffix("")
        )
        if names[each.inside] > 1:
            raise CommandError(
                f"several recordings are called {shown_name(each.inside)}, and their transcripts "
                "would be one file: give their folder, or run the command for each"
            )
        targets.append(
            tuple(
                Target(kind, folder / base.with_name(f"{base.name}.{kind}"), in_folder=True)
                for kind in formats
            )
        )
    return targets


def _check_outputs(jobs: list[Job]) -> None:
    outputs = [target.path for target in {t for job in jobs for t in job.targets} if target.path]
    by_place = Counter(os.path.realpath(path) for path in outputs)
    for job in jobs:
        of_one = Counter(os.path.realpath(each.path) for each in job.targets if each.path)
        by_place |= Counter({place: count for place, count in of_one.items() if count > 1})
    for place, count in by_place.items():
        if count > 1:
            raise CommandError(f"-o: {count} outputs are the same file, {shown_name(place)}")
    inputs = {os.path.realpath(job.name): job.name for job in jobs if os.path.lexists(job.name)}
    identities = {identity for name in inputs.values() if (identity := _identity(name))}
    for path in outputs:
        if os.path.realpath(path) in inputs or _identity(path) in identities:
            raise CommandError(
                f"-o {shown_name(path)} is one of the recordings, and would be overwritten"
            )


def _identity(path: str | os.PathLike[str]) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    # Several names of one file are one; a terminal or /dev/null may be read and written.
    return (status.st_dev, status.st_ino) if os.path.isfile(path) else None


def is_done(job: Job) -> bool:
    """Tell whether all that is to be made of *job* is there, and whole."""
    paths = [target.path for target in job.targets if target.path is not None]
    # Beside one that was interrupted lies what it is gone on with.
    return (
        bool(paths) and all(path.exists() for path in paths) and not journal_path(paths[0]).exists()
    )
