"""`anyio-stt serve`: any engine, behind the protocols that clients speak."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from anyio_stt import STT, VAD, APIError

from .engine_choice import choose_engine, make_engine, parse_options
from .errors import CommandError

__all__ = ("serve",)

_KEYS = "ANYIO_STT_SERVER_KEYS"


@click.command()
@click.option(
    "--engine",
    metavar="NAME",
    help="An engine `anyio-stt engines` lists, or a class as module:Class; the best one that "
    "works offline here unless told.",
)
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    help="An option of the engine; may be repeated.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME=ENGINE[,KEY=VALUE...]",
    help="Several engines by the names clients ask for, instead of --engine.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option(
    "--backend",
    type=click.Choice(["asyncio", "trio"]),
    default="asyncio",
    show_default=True,
    help="The event loop to run on.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Processes; each counts its limits for itself.",
)
@click.option(
    "--wyoming", metavar="tcp://HOST:PORT", help="Speak Wyoming there too; unix:// works."
)
@click.option("--zeroconf", "announce", is_flag=True, help="Tell the network of Wyoming by mDNS.")
@click.option(
    "--keys",
    "keys_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"A file of keys, one a line; or {_KEYS} in the environment.",
)
@click.option("--insecure", is_flag=True, help="Serve beyond loopback also where no key is asked.")
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="Under which names this server is reached; may be repeated.",
)
@click.option(
    "--allow-origin",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    help="Pages of which other origins may call; may be repeated.",
)
@click.option(
    "--fetch-host",
    "fetch_hosts",
    multiple=True,
    metavar="NAME",
    help="From where recordings given by address are fetched; may be repeated.",
)
@click.option("--max-streams", type=click.IntRange(min=1), help="At once, for each key.")
@click.option("--max-queue", type=click.IntRange(min=0), help="Recordings that wait, for each key.")
@click.option("--max-audio", type=click.FloatRange(min=1), help="Seconds in one stream.")
@click.option("--max-body", type=click.IntRange(min=1024), help="Bytes of one upload.")
@click.option("--drain-timeout", type=click.FloatRange(min=0), help="Seconds for what is left.")
@click.option("--tls", nargs=2, metavar="CERT KEY", help="Paths of a certificate and its key.")
@click.option("--no-warm-up", is_flag=True, help="Start without letting the engine hear anything.")
@click.option(
    "--log", "log_format", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option("--log-transcripts", is_flag=True, help="Write what is said into the log.")
@click.option(
    "--opentelemetry",
    is_flag=True,
    help="Make spans and metrics of what engines do, for the "
    "SDK that opentelemetry-instrument sets up.",
)
def serve(
    engine: str, options: tuple[str, ...], models: tuple[str, ...], keys_file: Path | None,
    log_format: str, *, log_transcripts: bool, opentelemetry: bool, no_warm_up: bool, **given: Any,
) -> int:  # fmt: skip
    """
    Serve an engine to clients of OpenAI (REST and Realtime), Deepgram, whisper.cpp, Vosk and
    Wyoming, and live captions to browsers, until SIGTERM or Ctrl-C.

    Exit codes: 0 ended in order, 1 the engine failed, 2 it cannot be started like this.
    """
    try:
        from anyio_stt.server import logs, running, settings, supervisor
    except ImportError as exc:
        raise CommandError(str(exc)) from exc
    logs.log_to_stderr(as_json=log_format == "json")
    try:
        wanted = settings.Settings(
            **{name: given[name] for name in ("host", "port", "backend", "workers", "insecure")},
            **{name: given[name] for name in ("wyoming", "announce", "tls")},
            options=_server_options(given, _read_keys(keys_file)),
            warm_up=not no_warm_up,
            **_worker(os.environ.get(supervisor.WORKER)),
        )
        if wanted.workers > 1 and not wanted.descriptors:
            return supervisor.supervise(wanted, [sys.executable, "-m", "anyio_stt", *sys.argv[1:]])
        engines = _engines(engine, options, models)
        if log_transcripts:
            logs.log_transcripts(engines.values())
        if opentelemetry:
            _observe(engines)
        return running.run(wanted, engines, _detector(engines))
    except (ValueError, ImportError) as exc:
        raise CommandError(str(exc)) from exc
    except APIError as exc:
        click.echo(f"anyio-stt: {exc}", err=True)
        return 1


def _worker(told: str | None) -> dict[str, Any]:
    if not told:
        return {}
    number, _, descriptors = told.partition(":")
    return {"worker": number, "descriptors": tuple(map(int, descriptors.split(",")))}


def _server_options(given: dict[str, Any], keys: tuple[str, ...]) -> Any:
    from anyio_stt.server.options import ServerOptions

    names = ("max_streams", "max_queue", "max_audio", "max_body", "drain_timeout")
    chosen = {name: given[name] for name in names if given[name] is not None}
    hosts = (*ServerOptions().hosts, given["host"], *given["hosts"])
    # With a key, a page elsewhere gains nothing by another name for this server.
    open_to_any = not given["hosts"] and (keys or given["insecure"])
    return ServerOptions(
        keys=keys, hosts=() if open_to_any else hosts, origins=given["origins"],
        fetch_hosts=given["fetch_hosts"], **chosen,
    )  # fmt: skip


def _read_keys(file: Path | None) -> tuple[str, ...]:
    text = file.read_text(encoding="utf-8") if file is not None else os.environ.get(_KEYS, "")
    return tuple(text.replace(",", " ").split())


def _engines(
    engine: str | None, options: tuple[str, ...], models: tuple[str, ...]
) -> dict[str, STT]:
    if not models:
        chosen = choose_engine(engine)
        return {chosen: make_engine(chosen, parse_options(options))}
    if options:
        raise CommandError("--option is for --engine: write --model NAME=ENGINE,KEY=VALUE")
    made = {}
    for model in models:
        name, equals, rest = model.partition("=")
        what, *pairs = rest.split(",")
        if not equals or not name or not what:
            raise CommandError(f"--model {model}: write it as NAME=ENGINE,KEY=VALUE")
        made[name] = make_engine(what, parse_options(pairs))
    return made


def _detector(engines: dict[str, STT]) -> VAD | None:
    if all(stt.capabilities.streaming for stt in engines.values()):
        return None
    try:
        from anyio_stt.engines.silero import SileroVAD

        return SileroVAD()
    except ImportError:
        return None


def _observe(engines: dict[str, STT]) -> None:
    from anyio_stt.observability.opentelemetry import OpenTelemetryObserver

    _check_spans_are_taken()
    observer = OpenTelemetryObserver()
    for stt in engines.values():
        observer.observe(stt)


def _check_spans_are_taken() -> None:
    from opentelemetry import trace

    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        raise CommandError(
            "--opentelemetry: nobody takes the spans; pip install opentelemetry-distro "
            "opentelemetry-exporter-otlp, and run opentelemetry-instrument anyio-stt serve ..."
        )
