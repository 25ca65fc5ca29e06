"""A text turn detector of LiveKit's as one here."""

from __future__ import annotations

import logging
from contextvars import copy_context
from functools import partial
from typing import Any

import anyio
from anyio import from_thread
from anyio.lowlevel import current_token

from ...audio.frame import AudioFrame
from . import theirs

__all__ = ("LiveKitTurnDetector",)

_logger = logging.getLogger("anyio_stt")


class LiveKitTurnDetector:
    """
    A text turn detector of LiveKit's, such as `MultilingualModel`, for our turns.

        stream.turns(detector=LiveKitTurnDetector(MultilingualModel()))

    Its own threshold for the language becomes 0.5, and what lies on either side is stretched, so
    that the `threshold` of `turns()` left alone decides as LiveKit does. In a language that it
    does not know it never ends a turn, and the log says so once.

    Made on an asyncio loop it is asked there, where the inference process of a LiveKit job
    answers. Made anywhere else, also under trio, it is asked in a loop of its own in the thread
    that `turns()` gives it. A question outlives its stream by `timeout` at most.

    Args:
        model: a LiveKit detector that has `predict_end_of_turn`.
        language: what is spoken, where the engine does not tell.
        chat_ctx: LiveKit's `ChatContext` of what was said before, by both sides; it is copied
            for each question. To be changed at any time, as `detector.chat_ctx`.
        timeout: seconds that a question may take.
        thread: ask it in a loop of its own on asyncio, too.

    Raises:
        TypeError: for a detector that hears sound, or is none.
    """

    def __init__(
        self,
        model: Any,
        *,
        language: str = "",
        chat_ctx: Any = None,
        timeout: float = 3.0,
        thread: bool = False,
    ) -> None:
        if not callable(getattr(model, "predict_end_of_turn", None)):
            raise TypeError(
                f"{type(model).__name__} has no predict_end_of_turn(), which LiveKit's text "
                f"detectors have, EnglishModel() and MultilingualModel(); one that hears sound is "
                f"anyio_stt.detectors.SmartTurn()"
            )
        self._model, self._language, self._timeout = model, language, timeout
        self.chat_ctx: Any = chat_ctx
        """What was said before."""
        self._unknown: set[str] = set()
        self._token = None if thread else _asyncio_here()
        self._context = copy_context()  # where LiveKit keeps its job and its HTTP session

    def judge(
        self,
        audio: AudioFrame,  # noqa: ARG002 - it reads
        text: str,
        language: str,
        silence: float,  # noqa: ARG002
    ) -> float:
        """Return LiveKit's probability, scaled; called in a thread that is no event loop's."""
        asked = text, language or self._language
        if self._token is None:
            return anyio.run(self._judge, *asked, backend="asyncio")
        ask = partial(from_thread.run, self._judge, *asked, token=self._token)
        return self._context.copy().run(ask)  # a context is in one thread at a time

    async def _judge(self, text: str, language: str) -> float:
        with anyio.fail_after(self._timeout):
            threshold = await self._threshold(language)
            if threshold is None:
                self._tell_unknown(language)
                return 0.0
            chat_ctx = self._asked_about(text)
            answer = await self._model.predict_end_of_turn(chat_ctx, timeout=self._timeout)
        return _scaled(float(answer), threshold)

    async def _threshold(self, language: str) -> float | None:
        theirs_of_it = theirs.agents.LanguageCode(language) if language else None
        if theirs_of_it is None or not await self._model.supports_language(theirs_of_it):
            return None
        threshold: float | None = await self._model.unlikely_threshold(theirs_of_it)
        return threshold

    def _asked_about(self, text: str) -> Any:
        before = self.chat_ctx
        chat_ctx = theirs.agents.llm.ChatContext.empty() if before is None else before.copy()
        chat_ctx.add_message(role="user", content=text)
        return chat_ctx

    def _tell_unknown(self, language: str) -> None:
        if language in self._unknown:
            return
        self._unknown.add(language)
        what = f"does not know {language!r}"
        if not language:
            what = "was not told the language: LiveKitTurnDetector(model, language='en')"
        name = type(self._model).__name__
        _logger.warning("%s %s; turns go by silence alone", name, what)


def _asyncio_here() -> Any:
    """Return what leads a thread to the running asyncio loop, or `None` where there is none."""
    try:
        token = current_token()
    except RuntimeError:
        return None
    return token if hasattr(token.native_token, "call_soon_threadsafe") else None


def _scaled(probability: float, threshold: float) -> float:
    """Move *threshold* to a half; what is no probability stays none."""
    if probability < threshold:
        return probability / threshold / 2
    if threshold < 1:
        return 0.5 + (probability - threshold) / (1 - threshold) / 2
    return probability
