"""OpenAI's REST protocol, and whisper.cpp's, which is nearly the same."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from ..cli.subtitles import cues_of, srt_cue, vtt_cue
from ..events import SpeechData, SpeechEvent
from ..exceptions import APIError
from ..wire import openai_server as wire
from ..wire.server_session import ClientError
from .errors import openai_error, told_error
from .models import Model
from .recordings import Recording, recognise_file
from .requests import (
    EventStream,
    Respond,
    Write,
    json_response,
    text_response,
    while_connected,
    work,
)
from .service import Service
from .uploads import Form, read_form, recording_file

__all__ = ("OpenAIEndpoints",)

_GRANULARITIES = ("word", "segment")


class OpenAIEndpoints:
    """
    Answers what OpenAI's clients ask for.

    Args:
        service: the engines and bounds.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    async def models(self, request: Request) -> Response:  # noqa: ARG002
        """List the models."""
        return json_response(wire.models_body(self._service.models.names), ())

    async def model(self, request: Request) -> Response:
        """Describe one model."""
        try:
            model = self._service.models.find(request.path_params["name"])
        except ClientError as exc:
            return openai_error(exc)
        return json_response(wire.model_body(model.name), ())

    async def translations(self, request: Request) -> Response:  # noqa: ARG002
        """Refuse: engines here write what was said in the language it was said in."""
        return openai_error(
            ClientError("translation is not served here; use /v1/audio/transcriptions")
        )

    async def transcriptions(self, request: Request, respond: Respond) -> None:
        """Transcribe a recording."""
        service = self._service
        service.check_open()
        async with read_form(request, service.options) as form:
            ask = _Ask(form, wire.PARAMETERS.ignored(form.fields))
            model = service.models.find(form.last("model"))
            model.check_language(ask.language)
            if ask.format == "diarized_json" and not model.stt.capabilities.diarization:
                raise ClientError(f"{model.name} does not tell speakers apart", "response_format")
            if ask.streams:
                async with recording_file(form.file, form.name) as path:
                    streaming = _Streaming(service, request, model, ask, path)
                    timeout = service.options.send_timeout
                    await respond(EventStream(streaming.make, ask.ignored, timeout))
                return
            recording = await self._recognise(request, form, model, ask.language)
        await respond(_answer(recording, ask))

    async def inference(self, request: Request, respond: Respond) -> None:
        """Transcribe a recording for a client of whisper.cpp's server."""
        service = self._service
        service.check_open()
        async with read_form(request, service.options) as form:
            # whisper.cpp's clients send the thresholds of its decoder, which mean nothing here.
            ask = _Ask(form, sorted(set(form.fields) - {"language", "response_format"}))
            if form.last("translate").lower() == "true":
                raise ClientError("translation is not served here", "translate")
            model = service.models.find(None)
            model.check_language(ask.language)
            recording = await self._recognise(request, form, model, ask.language)
        await respond(_answer(recording, ask))

    async def _recognise(
        self, request: Request, form: Form, model: Model, language: str | None
    ) -> Recording:
        found: list[Recording] = []

        async def recognise() -> None:
            async with (
                recording_file(form.file, form.name) as path,
                work(self._service, request, "openai"),
            ):
                found.append(await recognise_file(self._service, model, path, language=language))

        await while_connected(request.receive, recognise)
        if not found:
            raise ClientError("the client has gone", status=499)
        return found[0]


class _Ask:
    """What a form asks for."""

    def __init__(self, form: Form, ignored: list[str]) -> None:
        self.ignored = ignored
        self.format = form.last("response_format", "json") or "json"
        if self.format not in wire.FORMATS:
            raise ClientError(
                f"response_format is one of {', '.join(wire.FORMATS)}, got {self.format!r}",
                "response_format",
            )
        self.language = form.last("language") or None
        self.streams = form.last("stream").lower() == "true"
        asked = form.fields.get("timestamp_granularities") or ["segment"]
        unknown = set(asked) - set(_GRANULARITIES)
        if unknown:
            raise ClientError(
                f"timestamp_granularities are word and segment, got {unknown.pop()!r}",
                "timestamp_granularities",
            )
        self.granularities = asked


class _Streaming:
    """A transcript in the making, as server-sent events."""

    def __init__(
        self, service: Service, request: Request, model: Model, ask: _Ask, path: str
    ) -> None:
        self._service = service
        self._request = request
        self._model = model
        self._ask = ask
        self._path = path
        self._write: Write | None = None
        self._begun = False

    async def make(self, write: Write) -> None:
        """Write the events."""
        self._write = write
        try:
            async with work(self._service, self._request, "openai"):
                recording = await recognise_file(
                    self._service,
                    self._model,
                    self._path,
                    language=self._ask.language,
                    tell=self._tell,
                )
        except (APIError, ClientError) as exc:
            if not self._begun:
                raise  # nothing was said: the answer is the error, with its status
            status, message, _ = told_error(exc)
            kind = "invalid_request_error" if status < 500 else "server_error"
            error = wire.error_body(message, kind, None, None)
            await write(wire.stream_event("error", **error))
            return
        done = wire.json_body(recording.data, recording.duration)
        await write(wire.stream_event("transcript.text.done", **done))
        await write(b"data: [DONE]\n\n")

    async def _tell(self, event: SpeechEvent) -> None:
        text = event.alternatives[0].text.strip()
        if text and self._write is not None:
            delta = f" {text}" if self._begun else text
            self._begun = True
            await self._write(wire.stream_event("transcript.text.delta", delta=delta))


def _answer(recording: Recording, ask: _Ask) -> Response:
    said, duration = recording.data, recording.duration
    match ask.format:
        case "text":
            return text_response(wire.text_of(said) + "\n", ask.ignored)
        case "srt":
            return text_response(_srt(said), ask.ignored, "application/x-subrip")
        case "vtt":
            return text_response(_vtt(said), ask.ignored, "text/vtt")
        case "diarized_json":
            return json_response(wire.diarized_body(said, duration), ask.ignored)
        case "verbose_json":
            language = ask.language or recording.language
            body = wire.verbose_body(said, duration, language, ask.granularities)
            return json_response(body, ask.ignored)
    return json_response(wire.json_body(said, duration), ask.ignored)


def _srt(said: Sequence[SpeechData]) -> str:
    cues = [cue for data in said for cue in cues_of(data)]
    return "".join(srt_cue(number, cue) for number, cue in enumerate(cues, 1))


def _vtt(said: Sequence[SpeechData]) -> str:
    return "WEBVTT\n\n" + "".join(vtt_cue(cue) for data in said for cue in cues_of(data))
