"""Deepgram's messages from the server's side; no input or output."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..audio.frame import AudioFrame
from ..events import SpeechData, SpeechEvent, SpeechEventType
from .deepgram_answers import SAME, alternative
from .encodings import ENCODINGS, decode_samples
from .fields import json_object
from .parameters import Parameters
from .server_session import ClientError, Command, Compressed, End, Flush, ServerSession
from .session import Message

__all__ = (
    "COMPRESSED",
    "LIVE_PARAMETERS",
    "DeepgramServerSession",
)

LIVE_PARAMETERS = Parameters(
    frozenset({
        "model", "language", "encoding", "sample_rate", "channels", "multichannel",
        "interim_results", "utterance_end_ms", "vad_events", "progress",
    }),
    SAME | {"endpointing"},
)  # fmt: skip
"""What the query of a stream may hold; engines end utterances by their own measure."""

COMPRESSED = frozenset({"", "opus", "webm-opus", "ogg-opus"})
"""Encodings whose audio comes in a container that says what it is; none is one of these too."""

_INTERIMS = (SpeechEventType.INTERIM_TRANSCRIPT, SpeechEventType.PREFLIGHT_TRANSCRIPT)
_SILENCE = 5.0  # seconds of it after which the client is told that nobody spoke
_MAX_RATE = 192_000
_MAX_CHANNELS = 16


class DeepgramServerSession(ServerSession):
    """
    One connection to `/v1/listen`.

    Args:
        query: of the request, each name with its values.
        request_id: what the answers call it.
        created: when it began, as ISO 8601.
        model: who recognises.

    Raises:
        ClientError: when the query asks for what is not served.
    """

    patience: float = 0.0  # its clients say KeepAlive

    language: str | None
    close_code: int

    def __init__(
        self, query: Mapping[str, Sequence[str]], *, request_id: str, created: str, model: str
    ) -> None:
        self.ignored: list[str] = LIVE_PARAMETERS.ignored(query)
        """What was asked for and changes nothing."""
        self._query = {name: values[-1] for name, values in query.items() if values}
        self.language = self._query.get("language")
        self.encoding: str = self._query.get("encoding", "")
        """What the audio is written in."""
        if self.encoding not in ENCODINGS and self.encoding not in COMPRESSED:
            known = ", ".join(sorted({*ENCODINGS, *COMPRESSED} - {""}))
            raise ClientError(f"encoding={self.encoding} is not one of {known}", "encoding")
        self.rate: int = self._number("sample_rate", 0 if self.encoding in COMPRESSED else None)
        """Samples a second."""
        self.channels: int = self._number("channels", 1)
        """How many channels are interleaved."""
        if self.channels > _MAX_CHANNELS or self.rate > _MAX_RATE:
            raise ClientError(f"at most {_MAX_CHANNELS} channels of {_MAX_RATE} Hz are served")
        self.multichannel: bool = self._flag("multichannel") and self.channels > 1
        """Whether each channel is recognised by itself."""
        self.progress: bool = self._flag("progress")
        """Whether the client wants to know how much was heard; an addition of ours."""
        self._interims = self._flag("interim_results")
        self._utterance_ends = "utterance_end_ms" in self._query
        self._vad_events = self._flag("vad_events")
        self._head = {"request_id": request_id, "model_info": {"name": model}, "model_uuid": model}
        self._created = created
        self._rest = b""
        self._hash = hashlib.sha256()
        self._told = [0.0] * (self.channels if self.multichannel else 1)
        """Until where each channel was answered with what will not change."""
        self._open: set[int] = set()
        self._last_word = [0.0] * len(self._told)
        self._lost: list[tuple[float, float]] = []

    def _flag(self, name: str) -> bool:
        return self._query.get(name, "").lower() == "true"

    def _number(self, name: str, default: int | None) -> int:
        text = self._query.get(name)
        if text is None and default is not None:
            return default
        if text is None or not text.isascii() or not text.isdigit() or len(text) > 7:
            raise ClientError(f"{name} must be a number, got {text!r}", name)
        if not int(text):
            raise ClientError(f"{name} must be more than 0", name)
        return int(text)

    # ---- what the client says

    def receive(self, message: Message) -> Iterable[Command]:
        """Understand audio, and the commands."""
        if isinstance(message, bytes):
            return self._audio(message)
        try:
            kind = json_object(message)["type"]
        except (LookupError, ValueError, RecursionError) as exc:
            raise ClientError("a text message must be a JSON object with a type") from exc
        match kind:
            case "KeepAlive":
                return ()
            case "Finalize":
                return (Flush("Finalize"),)
            case "CloseStream":
                return (End(),)
        raise ClientError(f"unknown message type {kind!r}")

    def _audio(self, data: bytes) -> Iterable[Command]:
        if not data:  # how streams were closed before there was CloseStream
            return (End(),)
        self._hash.update(data)
        if self.encoding in COMPRESSED:
            return (Compressed(data),)
        data = self._rest + data
        block = ENCODINGS[self.encoding] * self.channels
        whole = len(data) - len(data) % block
        self._rest = data[whole:]
        if not whole:
            return ()
        frame = AudioFrame(
            decode_samples(data[:whole], self.encoding), self.rate, self.channels, whole // block
        )
        return (frame,)

    # ---- what it is told

    def tell(self, event: SpeechEvent) -> Iterable[Message]:
        """Say results, and where speech begins and ends."""
        channel = event.channel if self.multichannel and event.channel is not None else 0
        match event.type:
            case SpeechEventType.START_OF_SPEECH:
                self._open.add(channel)
                if self._vad_events:
                    yield self._at("SpeechStarted", channel, timestamp=_seconds(event.time))
            case SpeechEventType.FINAL_TRANSCRIPT:
                yield self._final(event, channel)
            case SpeechEventType.END_OF_SPEECH:
                yield from self._ended(event, channel)
            case kind if kind in _INTERIMS and self._interims and event.alternatives:
                yield self._results(event.alternatives, channel)

    def _final(self, event: SpeechEvent, channel: int) -> Message:
        said = event.alternatives[0]
        # After the end of its utterance, it is its last.
        message = self._results(
            event.alternatives, channel, is_final=True, speech_final=channel not in self._open
        )
        self._told[channel] = max(self._told[channel], said.end_time)
        self._last_word[channel] = said.words[-1].end_time if said.words else said.end_time
        return message

    def _ended(self, event: SpeechEvent, channel: int) -> Iterable[Message]:
        self._open.discard(channel)
        end = max(self._told[channel], self._last_word[channel])
        yield self._silence(channel, end, speech_final=True)
        if self._utterance_ends:
            last = min(self._last_word[channel] or _seconds(event.time), self.sent)
            yield self._at("UtteranceEnd", channel, last_word_end=last)

    def flushed(self, flush: Flush) -> Iterable[Message]:  # noqa: ARG002
        """Say that all that came before is final."""
        for channel in range(len(self._told)):
            yield self._silence(channel, self.sent, from_finalize=True)

    def covered(self, until: float) -> Iterable[Message]:
        """Say, now and then, that nobody spoke."""
        for channel, told in enumerate(self._told):
            if channel not in self._open and until - told >= _SILENCE:
                yield self._silence(channel, until)

    def heard_until(self, seconds: float) -> Message:
        """Write how much audio the engine has taken: an addition of ours, if asked for."""
        return json.dumps({"type": "Progress", "heard": round(seconds, 3)})

    def lost(self, start: float, end: float) -> Iterable[Message]:
        """Name audio that was not recognised; the metadata repeat it."""
        self._lost.append((start, end))
        yield json.dumps(
            {
                "type": "Warning",
                "code": "AUDIO_LOST",
                "description": f"{start:.3f} s to {end:.3f} s could not be recognised",
                "start": start,
                "end": end,
            }
        )

    def finished(self) -> Iterable[Message]:
        """Say what was heard in all."""
        body: dict[str, Any] = {
            "type": "Metadata",
            "transaction_key": "deprecated",
            "request_id": self._head["request_id"],
            "sha256": self._hash.hexdigest(),
            "created": self._created,
            "duration": round(self.sent, 3),
            "channels": self.channels,
            "models": [self._head["model_uuid"]],
        }
        if self.ignored:
            body["ignored"] = self.ignored
        if self._lost:
            body["lost"] = self._lost
        yield json.dumps(body)

    def refused(self, error: ClientError) -> Iterable[Message]:
        """Say what was not understood, and end."""
        self.close_code = 1008
        yield self._error("DATA-0000", str(error))

    def failed(self, reason: str) -> Iterable[Message]:
        """Say that the engine failed, and end."""
        self.close_code = 1011
        yield self._error("NET-0000", reason)

    def _error(self, code: str, description: str) -> Message:
        return json.dumps(
            {
                "type": "Error",
                "variant": code,
                "code": code,
                "description": description,
                "message": description,
                "request_id": self._head["request_id"],
            }
        )

    def _at(self, kind: str, channel: int, **fields: float) -> Message:
        return json.dumps({"type": kind, "channel": [channel, len(self._told)], **fields})

    def _silence(self, channel: int, until: float, **flags: bool) -> Message:
        start = min(self._told[channel], until)
        self._told[channel] = max(self._told[channel], until)
        nothing = SpeechData("", "", start, until)
        return self._results([nothing], channel, is_final=True, **flags)

    def _results(
        self, readings: Sequence[SpeechData], channel: int, *, is_final: bool = False, **flags: bool
    ) -> Message:
        said = readings[0]
        return json.dumps(
            {
                "type": "Results",
                "channel_index": [channel, len(self._told)],
                "start": round(said.start_time, 3),
                "duration": round(max(said.end_time - said.start_time, 0.0), 3),
                "is_final": is_final,
                "speech_final": False,
                "from_finalize": False,
                **flags,
                "channel": {"alternatives": [alternative(each) for each in readings]},
                "metadata": self._head,
            }
        )


def _seconds(time: float | None) -> float:
    return round(time or 0.0, 3)
