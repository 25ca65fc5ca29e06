"""The engine: Whisper by faster-whisper, in worker processes or threads."""

from __future__ import annotations

import os
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ...workers.in_thread import ThreadPool
from ...workers.language import same_language
from ...workers.pool import WorkerPool
from ...workers.process import WorkerProcess, command_for
from ...workers.stream import LocalStream
from ...workers.stt import LocalSTT, local_capabilities, workers_or_cores
from .endpointing import Endpointing
from .options import WhisperOptions

if TYPE_CHECKING:
    from ...workers.session import Loaded

__all__ = ("WhisperSTT", "WhisperStream")

WhisperStream = LocalStream

_FRAME_SECONDS = 0.064  # two frames of the detector
_RECOGNISER = "anyio_stt.engines.whisper.loading:load"


class WhisperSTT(LocalSTT):
    """
    Whisper, offline, with faster-whisper: nearly any language, word times and confidence.

    Silero cuts streams into utterances and keeps silence and noise from the model, which would
    invent words for them. A guess at an open utterance recognises only the part on which no two
    guesses in a row have agreed yet. A recording is recognised in stretches of two minutes, several
    windows at once.

    Whisper computes windows of half a minute; each takes a second or more of a core, and cannot be
    stopped. So it runs in worker processes, each with its own model, which are killed when their
    stream is left. `isolated=False` uses threads and one model, and leaving a stream waits for its
    window.

    Args:
        options: all options; the next three arguments override them.
        model: a name that `anyio-stt models` lists, a folder, or a name in the cache.
        language: the language spoken; "auto" detects it.
        endpointing: where speech begins and ends.
        isolated: recognise in worker processes instead of threads.
        max_workers: the most processes or threads; by default as many as there are cores.

    Raises:
        ImportError: when the package `faster-whisper` is not installed.
        ModelMissingError: when the model is not on this machine; the message says how to get it.
        ValueError: for invalid options; the message says which, and what is valid.
    """

    _whole = True
    _provider = "faster-whisper"

    def __init__(
        self,
        options: WhisperOptions | None = None,
        *,
        model: str | os.PathLike[str] | None = None,
        language: str | None = None,
        endpointing: Endpointing | None = None,
        isolated: bool = True,
        max_workers: int | None = None,
    ) -> None:
        _check_installed()
        given = {"model": model, "language": language, "endpointing": endpointing}
        chosen: dict[str, Any] = {name: each for name, each in given.items() if each is not None}
        options = replace(options or WhisperOptions(), **chosen)
        options.where()
        workers = workers_or_cores("max_workers", max_workers)
        super().__init__(
            capabilities=local_capabilities(options.endpointing, interims=options.interim_results),
            pool=(
                WorkerPool("whisper", self._start_worker, workers, options.turn_timeout)
                if isolated
                else ThreadPool("whisper", self._load, workers)
            ),
            interims=options.interim_results,
            options=options,
            frame_duration=_FRAME_SECONDS,
        )

    @property
    def options(self) -> WhisperOptions:
        """What was chosen."""
        options: WhisperOptions = self._options
        return options

    def _load(self) -> Loaded:
        from .loading import load

        return load(**self._made_with.setup().fields)

    async def _start_worker(self) -> WorkerProcess:
        options = self._made_with
        command = command_for(_RECOGNISER)
        return await WorkerProcess.start(
            "whisper", options.setup(), options.worker_timeout, command
        )

    def _checked_language(self, language: str | None) -> str:
        spoken = self.options.spoken() or ""
        if language is None or not spoken or same_language(language, spoken):
            return spoken or language or ""
        raise ValueError(
            f"this engine recognises {spoken}, not {language!r}; make another with "
            f"WhisperSTT(language={language!r}) and a model that knows it"
        )


def _check_installed() -> None:
    if find_spec("faster_whisper") is None:
        raise ImportError(
            "WhisperSTT needs faster-whisper, which is not installed: "
            "pip install 'anyio-stt[whisper]'",
            name="faster_whisper",
        )
