"""What LiveKit's `agents.stt` holds: our bases, with what its plugins expect of theirs."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from ... import stream as _stream
from ... import stt as _stt
from ..._util.clock import wall_clock
from ...adapters import FallbackAdapter as FallbackAdapter
from ...adapters import MultiSpeakerAdapter as MultiSpeakerAdapter
from ...adapters import StreamAdapter as StreamAdapter
from ...events import RecognitionUsage as RecognitionUsage
from ...events import SpeechData as _SpeechData
from ...events import SpeechEvent as _SpeechEvent
from ...events import SpeechEventType as SpeechEventType
from ...metrics import STTError as STTError
from ...options import APIConnectOptions
from ...options import STTCapabilities as STTCapabilities
from .types import NOT_GIVEN, NotGivenOr, is_given

__all__ = (
    "STT",
    "FallbackAdapter",
    "MultiSpeakerAdapter",
    "RecognitionUsage",
    "RecognizeStream",
    "STTCapabilities",
    "STTError",
    "SpeechData",
    "SpeechEvent",
    "SpeechEventType",
    "SpeechStream",
    "StreamAdapter",
)

_logger = logging.getLogger("anyio_stt")


@dataclass(frozen=True, slots=True)
class SpeechData(_SpeechData):
    """
    Our `SpeechData` with what LiveKit's has besides.

    Args:
        source_languages: languages spoken, where the engine translates.
        source_texts: what was said in them.
        target_languages: languages translated to.
        target_texts: what became of it.
    """

    source_languages: list[str] | None = None
    source_texts: list[str] | None = None
    target_languages: list[str] | None = None
    target_texts: list[str] | None = None


@dataclass(frozen=True, slots=True)
class SpeechEvent(_SpeechEvent):
    """
    Our `SpeechEvent` with the wall clock times that LiveKit's has besides.

    Args:
        speech_start_time: when speech began, in seconds since 1970.
        speech_end_time: when it ended.
    """

    speech_start_time: float | None = None
    speech_end_time: float | None = None


class STT(_stt.STT):
    """Our `STT` with the hooks that LiveKit's has besides; see there."""

    @property
    def metrics_metadata(self) -> dict[str, str]:
        """The names of model and provider, as LiveKit's sessions label metrics."""
        return {"model_name": self.model, "model_provider": self.provider}

    def _update_session_keyterms(self, keyterms: list[str]) -> None:  # noqa: ARG002
        """Take words to listen for; a plugin that can overrides it."""
        self._refuse_hook("keyterms", self.capabilities.keyterms)

    def _push_conversation_item(self, event: Any) -> None:  # noqa: ARG002
        """Take what was said before; a plugin that can overrides it."""
        self._refuse_hook("chat context", self.capabilities.chat_context)

    def _refuse_hook(self, what: str, able: bool) -> None:
        if not able:
            _logger.warning("%s takes no %s; it was left out", self.label, what)


class RecognizeStream(_stream.RecognizeStream):
    """
    Our `RecognizeStream`, whose `sample_rate` may be left out as LiveKit's plugins do.

    Args:
        stt: the engine that makes the stream.
        conn_options: retries, deadlines and bounds.
        sample_rate: what the engine wants.
    """

    def __init__(
        self,
        *,
        stt: _stt.STT,
        conn_options: APIConnectOptions,
        sample_rate: NotGivenOr[int] = NOT_GIVEN,
    ) -> None:
        rate = sample_rate if is_given(sample_rate) else None
        super().__init__(stt=stt, conn_options=conn_options, sample_rate=rate)
        self._conn_options = conn_options
        self._wall_start = wall_clock()
        self._plugin_context: Any = None

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        run = vars(cls).get("_run")
        if run is not None:  # LiveKit's base sets its anchor anew with each attempt
            cls._run = _anchored(run)  # type: ignore[assignment,method-assign]

    @abstractmethod
    async def _run(self) -> None:
        """Recognise, in one attempt; see our base."""

    @property
    def start_time(self) -> float:
        """When this attempt began, on the wall clock, unless the plugin knows better."""
        return self._wall_start

    @start_time.setter
    def start_time(self, value: float) -> None:
        """Say when the first sample was sent."""
        if value < 0:
            raise ValueError(f"start_time must be 0 or more, got {value!r}")
        self._wall_start = value

    @property
    def start_time_offset(self) -> float:
        """Nothing: an engine counts from its first sample, and the base adds where that was."""
        return 0.0

    @property
    def context(self) -> Any:
        """What the plugin knows of the speaker."""
        return self._plugin_context

    @context.setter
    def context(self, value: Any) -> None:
        """Note what is known of the speaker."""
        self._plugin_context = value

    def _report_connection_acquired(self, acquire_time: float, connection_reused: bool) -> None:
        """Note that the provider was reached."""
        _logger.debug(
            "%s connected in %.3f s%s",
            self.label,
            acquire_time,
            ", by a connection that was open" if connection_reused else "",
        )
        self._report_alive()


SpeechStream = RecognizeStream


def _anchored(run: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
    @wraps(run)
    async def anchored(self: RecognizeStream) -> None:
        self._wall_start = wall_clock()
        await run(self)

    return anchored
