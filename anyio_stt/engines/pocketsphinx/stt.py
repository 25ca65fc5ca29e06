"""The engine: pocketsphinx in worker processes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import anyio

from ...audio.frame import AudioBuffer
from ...events import SpeechEvent, SpeechEventType, Word
from ...options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions, STTCapabilities
from ...stt import STT
from ._worker.wire import Kind
from .feed import WorkerFeed, pieces
from .options import PocketSphinxOptions
from .pool import PoolStatistics, WorkerPool
from .process import WorkerProcess
from .speech import to_speech, to_words
from .stream import PocketSphinxStream

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ("PocketSphinxSTT",)


class PocketSphinxSTT(STT):
    """
    CMU Sphinx: offline recognition of English, with a model that comes with its package.

    Each stream, and each recording, is recognised by a worker process. Inside the engine's
    block (`async with stt:`) a worker is kept for the next one, since loading its decoder takes
    half a second; outside of it, a worker ends with what it was started for.

    Args:
        options: what to recognise, and how; the next three replace what it says.
        language: what is spoken, "en-US" or "en" unless the options name a model.
        grammar: a JSGF grammar, as text or as the path of a file.
        key_phrases: phrases to spot, with their thresholds.
        max_workers: how many processes there may be; as many as the machine has cores unless
            said otherwise. Each takes 100 MB. A stream beyond that waits for its turn.

    Raises:
        ImportError: when the package `pocketsphinx` is not installed.
        ValueError: for options that cannot be; the message says which, and what would do.
    """

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
        self._options = options = replace(options or PocketSphinxOptions(), **chosen)
        super().__init__(
            capabilities=STTCapabilities(
                streaming=True,
                interim_results=options.interim_results,
                aligned_transcript="word",
            )
        )
        workers = (os.cpu_count() or 1) if max_workers is None else max_workers
        if workers < 1:
            raise ValueError(f"max_workers must be 1 or more, got {max_workers!r}")
        self._pool = WorkerPool(self._start_worker, workers, options.turn_timeout)

    @property
    def options(self) -> PocketSphinxOptions:
        """What was chosen."""
        return self._options

    def statistics(self) -> PoolStatistics:
        """Return how busy the workers are, and how many streams wait for one."""
        return self._pool.statistics()

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> PocketSphinxStream:
        """
        Make a stream; it starts nothing until its block is entered.

        Raises:
            ValueError: when *language* is not the one of the options.
        """
        return PocketSphinxStream(
            stt=self,
            pool=self._pool,
            language=self._checked_language(language),
            interims=self._options.interim_results,
            conn_options=conn_options,
        )

    async def _recognize_impl(
        self,
        buffer: AudioBuffer,
        *,
        language: str | None,
        conn_options: APIConnectOptions,  # noqa: ARG002 - the base keeps the deadlines
    ) -> SpeechEvent:
        language = self._checked_language(language)
        words: list[Word] = []
        async with self._pool.worker(interims=False) as worker:
            feed = WorkerFeed(worker)
            async with anyio.create_task_group() as task_group:
                task_group.start_soon(_send_all, feed, buffer)
                await _collect(worker, feed, words)
        speech = to_speech(words, language)
        return SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT, alternatives=[speech])

    # ---- lifetime

    async def __aenter__(self) -> Self:
        self._pool.keep = True
        return await super().__aenter__()

    async def aclose(self) -> None:
        """Close every stream, end every `recognize`, and end all workers. Idempotent."""
        try:
            await super().aclose()
        finally:
            await self._pool.aclose()

    async def _start_worker(self) -> WorkerProcess:
        return await WorkerProcess.start(self._options.setup(), self._options.worker_timeout)

    def _checked_language(self, language: str | None) -> str:
        if language is None or self._options.speaks(language):
            return self._options.language
        raise ValueError(
            f"this engine recognises {self._options.language}, not {language!r}; make another "
            f"with PocketSphinxOptions(language=..., hmm=..., lm=..., dictionary=...)"
        )


async def _send_all(feed: WorkerFeed, buffer: AudioBuffer) -> None:
    for audio in pieces(buffer):
        await feed.send(audio)
    await feed.end()


async def _collect(worker: WorkerProcess, feed: WorkerFeed, words: list[Word]) -> None:
    while True:
        message = await worker.receive()
        if message.kind is Kind.DONE:
            return
        if message.kind is Kind.HEARD:
            feed.heard()
        elif message.kind is Kind.FINAL:
            words += to_words(message)


def _check_installed() -> None:
    if find_spec("pocketsphinx") is None:
        raise ImportError(
            "PocketSphinxSTT needs pocketsphinx, which is not installed: "
            "pip install 'anyio-stt[pocketsphinx]'",
            name="pocketsphinx",
        )
