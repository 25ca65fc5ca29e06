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
    help="An engine that `anyio-stt engines` lists, or a class as module:Class. Default: the best "
    "offline engine that is installed.",
)
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    help="An option of the engine, such as model=nova-3. Repeatable.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME=ENGINE[,KEY=VALUE...]",
    help="Serve an engine under the model name that clients ask for, instead of --engine. "
    "Repeatable.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
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
    help="Number of processes. Limits count for each process.",
)
@click.option(
    "--wyoming",
    metavar="tcp://HOST:PORT",
    help="Also serve Wyoming at this address, or at unix://PATH.",
)
@click.option("--zeroconf", "announce", is_flag=True, help="Announce the Wyoming server by mDNS.")
@click.option(
    "--keys",
    "keys_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"File of API keys, one a line. Default: the environment variable {_KEYS}.",
)
@click.option("--insecure", is_flag=True, help="Allow serving beyond loopback without keys.")
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A Host header to accept, besides loopback and --host. Repeatable.",
)
@click.option(
    "--allow-origin",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    help="Another origin whose pages may call this server. Repeatable.",
)
@click.option(
    "--fetch-host",
    "fetch_hosts",
    multiple=True,
    metavar="NAME",
    help="A host from which recordings given by URL may be fetched. Repeatable.",
)
@click.option(
    "--max-streams", type=click.IntRange(min=1), help="Limit of streams at once, for each key."
)
@click.option(
    "--max-queue", type=click.IntRange(min=0), help="Limit of waiting recordings, for each key."
)
@click.option(
    "--max-audio", type=click.FloatRange(min=1), help="Limit of seconds in one stream or recording."
)
@click.option("--max-body", type=click.IntRange(min=1024), help="Limit of bytes in one upload.")
@click.option(
    "--drain-timeout",
    type=click.FloatRange(min=0),
    help="Seconds for open streams to finish on shutdown.",
)
@click.option(
    "--tls", nargs=2, metavar="CERT KEY", help="Serve https and wss with this certificate and key."
)
@click.option(
    "--no-warm-up",
    is_flag=True,
    help="Do not run half a second of silence through the engine at start.",
)
@click.option(
    "--log",
    "log_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Format of the log.",
)
@click.option(
    "--log-transcripts",
    is_flag=True,
    help="Log transcripts, which are private and are not logged otherwise.",
)
@click.option(
    "--opentelemetry",
    is_flag=True,
    help="Send spans and metrics of the engines to the SDK that opentelemetry-instrument sets up.",
)
def serve(
    engine: str, options: tuple[str, ...], models: tuple[str, ...], keys_file: Path | None,
    log_format: str, *, log_transcripts: bool, opentelemetry: bool, no_warm_up: bool, **given: Any,
) -> int:  # fmt: skip
    """
    Serve an engine over HTTP and websockets.

    It speaks the protocols of OpenAI (REST and Realtime), Deepgram, whisper.cpp, Vosk and
    Wyoming, and serves a page of live captions at /. SIGTERM or Ctrl-C ends it.

    Exit codes: 0 ended in order; 1 the engine failed; 2 wrong usage.
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
            "--opentelemetry: no SDK is set up to take the spans; pip install opentelemetry-distro "
            "opentelemetry-exporter-otlp, and run opentelemetry-instrument anyio-stt serve ..."
        )
