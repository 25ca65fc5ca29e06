"""The engine: sherpa-onnx in worker threads, or in worker processes."""

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
from .options import SherpaOptions

if TYPE_CHECKING:
    from ...workers.session import Loaded

__all__ = ("SherpaSTT", "SherpaStream")

SherpaStream = LocalStream

_FRAME_SECONDS = 0.064  # two frames of the detector
_RECOGNISER = "anyio_stt.engines.sherpa.loading:load"


class SherpaSTT(LocalSTT):
    """
    sherpa-onnx, offline, with neural networks: Moonshine for English by default.

    Silero cuts streams into utterances, each of which is recognised as a whole when it has ended. A
    streaming model (transducer or CTC) needs no Silero, and sends a guess with each step. One model
    in memory serves all streams, in several threads. Audio that comes faster than it is recognised
    waits in its stream, up to `max_pending_audio`, and guesses are left out.

    Confidence is 0 for a model that gives none. Word times are the model's if it gives any; else
    pocketsphinx's, if that is installed and worker processes are used; else each word gets a share
    of the utterance in proportion to its letters, which is off by a fifth of a second on average.

    Args:
        options: all options; the next three arguments override them.
        model: a name that `anyio-stt models` lists, or the folder of a model.
        language: the language spoken, for multilingual models; "auto" leaves it to them.
        endpointing: where speech begins and ends.
        isolated: recognise in worker processes instead of threads: a crash inside the model's
            runtime costs a retry and no words, words have better times, and each process has a
            model of its own.
        max_workers: the most threads or processes; by default as many as there are cores.

    Raises:
        ImportError: when the package `sherpa-onnx` is not installed.
        ModelMissingError: when the model is not on this machine; the message says how to get it.
        ValueError: for invalid options; the message says which, and what is valid.
    """

    _provider = "sherpa-onnx"

    def __init__(
        self,
        options: SherpaOptions | None = None,
        *,
        model: str | os.PathLike[str] | None = None,
        language: str | None = None,
        endpointing: Endpointing | None = None,
        isolated: bool = False,
        max_workers: int | None = None,
    ) -> None:
        _check_installed()
        given = {"model": model, "language": language, "endpointing": endpointing}
        chosen: dict[str, Any] = {name: each for name, each in given.items() if each is not None}
        options = replace(options or SherpaOptions(), **chosen)
        self._found = options.found()
        workers = workers_or_cores("max_workers", max_workers)
        super().__init__(
            capabilities=local_capabilities(options.endpointing, interims=options.interim_results),
            pool=(
                WorkerPool("sherpa", self._start_worker, workers, options.turn_timeout)
                if isolated
                else ThreadPool("sherpa", self._load, workers)
            ),
            interims=options.interim_results,
            options=options,
            frame_duration=_FRAME_SECONDS,
        )

    @property
    def options(self) -> SherpaOptions:
        """What was chosen."""
        options: SherpaOptions = self._options
        return options

    def _load(self) -> Loaded:
        from .loading import load

        return load(**self._made_with.setup(isolated=False).fields)

    async def _start_worker(self) -> WorkerProcess:
        setup, patience = self._made_with.setup(isolated=True), self._made_with.worker_timeout
        return await WorkerProcess.start("sherpa", setup, patience, command_for(_RECOGNISER))

    def _changed_options(self, options: Any, **changes: Any) -> Any:
        # A model that hears speech as it comes has its endpoint rules from when it was loaded.
        fixed = self._found.streaming and changes
        return super()._changed_options(None if fixed else options, **changes)

    def _checked_language(self, language: str | None) -> str:
        spoken = self.options.spoken()
        if language is None or not spoken or same_language(language, spoken):
            return spoken or language or ""
        raise ValueError(
            f"this engine recognises {spoken}, not {language!r}; make another with a model for "
            f"it, SherpaSTT(model=..., language=...)"
        )


def _check_installed() -> None:
    if find_spec("sherpa_onnx") is None:
        raise ImportError(
            "SherpaSTT needs sherpa-onnx, which is not installed: pip install 'anyio-stt[sherpa]'",
            name="sherpa_onnx",
        )
