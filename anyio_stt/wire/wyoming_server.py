"""Wyoming's events from the server's side; no input or output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..audio.frame import AudioFrame
from ..events import SpeechEvent, SpeechEventType
from .server_session import ClientError, Command, End, Say, ServerSession
from .session import Message
from .wyoming_events import encode_event

__all__ = ("WyomingServerSession", "info")

_RATES = range(1000, 192_001)
_ASKING = ("transcribe", "audio-start", "audio-chunk", "audio-stop")
_ATTRIBUTION = {"name": "anyio_stt", "url": "https://pypi.org/project/anyio-stt/"}


class WyomingServerSession(ServerSession):
    """
    One utterance: from `transcribe` to its transcript.

    There is always a `transcript`, an empty one if need be: many clients wait for it without end
    and know no `error`.
    """

    language: str | None
    close_code: int

    def __init__(self, described: Mapping[str, Any]) -> None:
        self._described = described
        self.model: str | None = None
        """Which model the client asked for."""
        self._format: tuple[int, int] | None = None
        self._finals: list[str] = []
        self._begun = False
        self._asked = False

    def receive(self, message: Message) -> Iterable[Command]:  # noqa: ARG002
        """Wyoming's messages are events: see `hear`."""
        raise ClientError("an event is expected")

    def hear(self, event: Mapping[str, Any], payload: bytes) -> Iterable[Command]:
        """
        Understand one event.

        Raises:
            ClientError: when it is none of the protocol's, or its audio is none.
        """
        kind, data = event["type"], event["data"]
        self._asked = self._asked or kind in _ASKING
        match kind:
            case "describe":
                return (Say(encode_event("info", self._described)),)
            case "ping":
                return (Say(encode_event("pong", {"text": data.get("text")})),)
            case "transcribe":
                language, name = data.get("language"), data.get("name")
                self.model = name if isinstance(name, str) and name else None
                self.language = language if isinstance(language, str) and language else None
            case "audio-start":
                self._audio_format(data)
            case "audio-chunk":
                return self._audio(data, payload)
            case "audio-stop":
                return (End(),)
        return ()  # a client may say what we have no use for

    def _audio(self, data: Mapping[str, Any], payload: bytes) -> Iterable[Command]:
        rate, channels = self._audio_format(data)
        if len(payload) % (2 * channels):
            raise ClientError(f"{len(payload)} bytes are no whole samples")
        if not payload:
            return ()
        return (AudioFrame(payload, rate, channels, len(payload) // (2 * channels)),)

    def _audio_format(self, data: Mapping[str, Any]) -> tuple[int, int]:
        rate, width, channels = (data.get(name) for name in ("rate", "width", "channels"))
        if not (isinstance(rate, int) and rate in _RATES and channels in (1, 2) and width == 2):
            raise ClientError(
                f"audio is 1 or 2 channels of 16 bits, 1000 to 192000 Hz; got rate={rate!r}, "
                f"width={width!r}, channels={channels!r}"
            )
        return rate, int(channels)

    def tell(self, event: SpeechEvent) -> Iterable[Message]:
        """Say what will not change, as it comes."""
        if event.type is not SpeechEventType.FINAL_TRANSCRIPT or not event.alternatives:
            return
        text = event.alternatives[0].text.strip()
        if not text:
            return
        if not self._begun:
            self._begun = True
            yield encode_event("transcript-start", self._data({}))
        self._finals.append(text)
        yield encode_event("transcript-chunk", {"text": f"{text} "})

    def lost(self, start: float, end: float) -> Iterable[Message]:
        """Name audio that was not recognised; the transcript of the rest follows."""
        text = f"{start:.3f} s to {end:.3f} s could not be recognised"
        yield encode_event("error", {"text": text, "code": "audio-lost"})

    def finished(self) -> Iterable[Message]:
        """Say the whole transcript, if the client asked for one."""
        if not self._asked:
            return
        yield encode_event("transcript", self._data({"text": " ".join(self._finals)}))
        if self._begun:
            yield encode_event("transcript-stop")

    def refused(self, error: ClientError) -> Iterable[Message]:
        """Say what was not understood, and end."""
        self.close_code = 1008
        yield encode_event("error", {"text": str(error), "code": "bad-event"})

    def failed(self, reason: str) -> Iterable[Message]:
        """Say that the engine failed, and give an empty transcript to who waits for one."""
        self.close_code = 1011
        yield encode_event("error", {"text": reason, "code": "engine-failed"})
        yield encode_event("transcript", self._data({"text": " ".join(self._finals)}))

    def _data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "language": self.language} if self.language else data


def info(models: Sequence[tuple[str, str]], version: str, languages: Sequence[str]) -> Any:
    """
    Write what `describe` is answered with.

    Args:
        models: names and descriptions.
        version: of this server.
        languages: that are spoken.
    """
    described = [
        {
            "name": name,
            "description": description,
            "attribution": _ATTRIBUTION,
            "installed": True,
            "version": version,
            "languages": list(languages),
        }
        for name, description in models
    ]
    program = {
        "name": "anyio_stt",
        "description": "Speech to text by any engine",
        "attribution": _ATTRIBUTION,
        "installed": True,
        "version": version,
        "models": described,
        "supports_transcript_streaming": True,
    }
    return {"asr": [program]}
