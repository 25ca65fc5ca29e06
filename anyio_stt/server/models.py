"""The engines behind a server, by the names that clients ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..adapters import MultiChannel, StreamAdapter
from ..audio.frame import AudioFrame
from ..options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions
from ..stream import RecognizeStream
from ..stt import STT
from ..vad import VAD
from ..wire.server_session import ClientError

__all__ = ("Model", "Models", "open_stream")

_WARM_UP_RATE = 16000


@dataclass(frozen=True)
class Model:
    """
    An engine under a name.

    Args:
        name: what clients call it.
        stt: makes streams.
        channels: makes streams that hear channels apart.
    """

    name: str
    stt: STT
    channels: STT

    def check_language(self, language: str | None) -> None:
        """
        Check, before anything is heard, that the engine recognises *language*.

        Raises:
            ClientError: when it does not.
        """
        open_stream(self.stt, language, DEFAULT_API_CONNECT_OPTIONS)


class Models:
    """
    Finds engines by name.

    With one engine, any model name is accepted: many clients have their provider's names built in.

    Args:
        engines: by name; they stay the caller's to close.
        vad: cuts audio for engines that recognise whole recordings only.

    Raises:
        ValueError: without an engine, or when one needs a detector and there is none.
    """

    def __init__(self, engines: Mapping[str, STT], *, vad: VAD | None = None) -> None:
        if not engines:
            raise ValueError("a server needs an engine")
        self._models = {name: _model(name, stt, vad) for name, stt in engines.items()}

    @property
    def names(self) -> list[str]:
        """The names, in order."""
        return list(self._models)

    @property
    def choice(self) -> list[str]:
        """The names among which a client has to choose; none where any name will do."""
        return self.names if len(self._models) > 1 else []

    def find(self, name: str | None) -> Model:
        """
        Return the engine of that name; of several, the first where none is asked for.

        Raises:
            ClientError: when there are several, and none of that name.
        """
        if len(self._models) == 1 or not name:
            return next(iter(self._models.values()))
        if name not in self._models:
            raise ClientError(
                f"there is no model {name!r} here; there are: {', '.join(self._models)}",
                "model",
                status=404,
            )
        return self._models[name]

    async def warm_up(self, options: APIConnectOptions) -> None:
        """
        Let each engine hear half a second of silence, so that the first client need not wait.

        Raises:
            APIError: what an engine failed with.
        """
        silence = AudioFrame(bytes(_WARM_UP_RATE), _WARM_UP_RATE, 1, _WARM_UP_RATE // 2)
        for model in self._models.values():
            async with model.stt.stream(conn_options=options) as stream:
                stream.push_frame(silence)
                stream.end_input()
                async for _ in stream:
                    pass


def open_stream(stt: STT, language: str | None, options: APIConnectOptions) -> RecognizeStream:
    """
    Make a stream, which begins when it is entered.

    Args:
        stt: who recognises.
        language: what is spoken, where the client said.
        options: what holds for the stream.

    Raises:
        ClientError: when the engine does not recognise *language*.
    """
    try:
        return stt.stream(language=language, conn_options=options)
    except ValueError as exc:
        if not language:
            raise
        # What follows tells programmers what to write.
        reason = str(exc).partition(";")[0]
        raise ClientError(f"language {language!r} is not served: {reason}", "language") from exc


def _model(name: str, stt: STT, vad: VAD | None) -> Model:
    streaming = stt
    if not stt.capabilities.streaming:
        if vad is None:
            raise ValueError(
                f"{name} recognises whole recordings only, so it needs a detector of speech: "
                f"pip install 'anyio-stt[silero]'"
            )
        streaming = StreamAdapter(stt=stt, vad=vad)
    return Model(name, streaming, MultiChannel(streaming))
