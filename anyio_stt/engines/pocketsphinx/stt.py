"""The engine: pocketsphinx in worker processes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from ...workers.pool import WorkerPool
from ...workers.process import WorkerProcess, command_for
from ...workers.stream import LocalStream
from ...workers.stt import LocalSTT, local_capabilities, workers_or_cores
from .options import PocketSphinxOptions

__all__ = ("PocketSphinxSTT", "PocketSphinxStream")

PocketSphinxStream = LocalStream

_RECOGNISER = "anyio_stt.engines.pocketsphinx.recogniser:load"


class PocketSphinxSTT(LocalSTT):
    """
    CMU Sphinx, offline: US English, with a model that comes with its package.

    A worker process recognises each stream and each recording. Inside the engine's block (`async
    with stt:`), workers are reused, since loading the decoder takes half a second; outside, a
    worker ends with its stream.

    Args:
        options: all options; the next three arguments override them.
        language: the language spoken: "en-US" or "en", unless the options name another model.
        grammar: a JSGF grammar, as text or as the path of a file.
        key_phrases: phrases to spot, with their thresholds.
        max_workers: the most processes, 100 MB each; by default as many as there are cores. Further
            streams wait for their turn.

    Raises:
        ImportError: when the package `pocketsphinx` is not installed.
        ValueError: for invalid options; the message says which, and what is valid.
    """

    _provider = "pocketsphinx"

    def __init__(
        self,
        options: PocketSphinxOptions | None = None,
        *,
        language: str | None = None,
        grammar: str | os.PathLike[str] | None = None,
        key_phrases: Mapping[str, float] | None = None,
        max_workers: int | None = None,
    ) -> None:
        _check_installed()
        given = {"language": language, "grammar": grammar, "key_phrases": key_phrases}
        chosen: dict[str, Any] = {name: each for name, each in given.items() if each is not None}
        options = replace(options or PocketSphinxOptions(), **chosen)
        workers = workers_or_cores("max_workers", max_workers)
        super().__init__(
            capabilities=local_capabilities(options.endpointing, interims=options.interim_results),
            pool=WorkerPool("pocketsphinx", self._start_worker, workers, options.turn_timeout),
            interims=options.interim_results,
            options=options,
        )

    @property
    def options(self) -> PocketSphinxOptions:
        """What was chosen."""
        options: PocketSphinxOptions = self._options
        return options

    async def _start_worker(self) -> WorkerProcess:
        return await WorkerProcess.start(
            "pocketsphinx",
            self._made_with.setup(),
            self._made_with.worker_timeout,
            command_for(_RECOGNISER),
        )

    def _checked_language(self, language: str | None) -> str:
        if language is None or self.options.speaks(language):
            return self.options.language
        raise ValueError(
            f"this engine recognises {self.options.language}, not {language!r}; make another "
            f"with PocketSphinxOptions(language=..., hmm=..., lm=..., dictionary=...)"
        )


def _check_installed() -> None:
    if find_spec("pocketsphinx") is None:
        raise ImportError(
            "PocketSphinxSTT needs pocketsphinx, which is not installed: "
            "pip install 'anyio-stt[pocketsphinx]'",
            name="pocketsphinx",
        )
