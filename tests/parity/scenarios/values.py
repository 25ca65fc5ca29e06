"""Names, constructors and frames."""

from __future__ import annotations

from typing import Any

from .engine import BatchEngine, Engine
from .recognising import answer
from .recording import Record, caught_as, error_seen, event_seen, frame
from .registry import scenario
from .shim import AudioFrame, api, combine_frames, duration_of, module


@scenario("L-VAL-1")
async def label_and_capabilities(record: Record) -> None:
    for engine in (Engine(answer()), BatchEngine()):
        name = type(engine).__name__
        record.note(f"{name}.label", engine.label)
        record.note(f"{name}.streaming", engine.capabilities.streaming)
        record.note(f"{name}.interim_results", engine.capabilities.interim_results)


@scenario("L-VAL-2")
async def event_types(record: Record) -> None:
    record.note("types", {each.name: each.value for each in module.SpeechEventType})
    record.note("is_text", module.SpeechEventType.END_OF_SPEECH == "end_of_speech")
    record.note("alias", module.SpeechStream is module.RecognizeStream)


@scenario("L-VAL-3")
async def event_spellings(record: Record) -> None:
    kind = module.SpeechEventType.FINAL_TRANSCRIPT
    data = module.SpeechData("en", "hello")
    same = module.SpeechData(language="en", text="hello", start_time=0.0, end_time=0.0)
    full = module.SpeechData("en", "hello", 1.0, 2.0, 0.5)
    record.note("equal", [data == same, data == full])
    record.note("by_position", event_seen(module.SpeechEvent(kind, "id", [full])))
    by_name = module.SpeechEvent(type=kind, request_id="id", alternatives=[full])
    record.note("by_name", event_seen(by_name))
    record.note("bare", event_seen(module.SpeechEvent(kind)))
    usage = module.RecognitionUsage(audio_duration=1.5)
    record.note("usage", event_seen(module.SpeechEvent(kind, recognition_usage=usage)))


@scenario("L-VAL-4")
async def events_can_be_changed(record: Record) -> None:
    event = module.SpeechEvent(module.SpeechEventType.FINAL_TRANSCRIPT)
    error: BaseException | None = None
    try:
        event.request_id = "other"
    except Exception as exc:
        error = exc
    record.note("assigned", error_seen(error))


@scenario("L-VAL-5")
async def frame_data(record: Record) -> None:
    data = bytes([1, 0, 2, 0, 3, 0, 4, 0])
    for channels in (1, 2):
        each = AudioFrame(data, 16000, channels, 4 // channels)
        numbers = [each.sample_rate, each.num_channels, each.samples_per_channel, len(each.data)]
        record.note(f"{channels}.numbers", numbers)
        record.note(f"{channels}.items", list(each.data))
        record.note(f"{channels}.bytes", each.data.tobytes().hex())
        record.note(f"{channels}.duration", each.duration)
        record.note(f"{channels}.format", [each.data.format, each.data.itemsize])


@scenario("L-VAL-5")
async def frame_that_does_not_fit(record: Record) -> None:
    for field, size in (("short", 6), ("odd", 9), ("long", 10)):
        error: BaseException | None = None
        try:
            AudioFrame(b"\0" * size, 16000, 1, 4)
        except Exception as exc:
            error = exc
        record.note(field, caught_as(error))


@scenario("L-VAL-6")
async def frames_combined(record: Record) -> None:
    joined = combine_frames([frame(1), frame(2)])
    record.note("samples", joined.samples_per_channel)
    record.note("bytes", bytes(joined.data) == bytes(frame(1).data) + bytes(frame(2).data))
    single = frame(3)
    record.note("single", combine_frames(single) is single)
    wrong: dict[str, Any] = {
        "none": [],
        "rates": [frame(1), frame(1, rate=8000)],
        "channels": [frame(1), frame(1, channels=2)],
    }
    for field, buffer in wrong.items():
        error: BaseException | None = None
        try:
            combine_frames(buffer)
        except Exception as exc:
            error = exc
        record.note(field, caught_as(error))


@scenario("L-VAL-6")
async def durations(record: Record) -> None:
    record.note("frame", duration_of(frame(1)))
    record.note("frames", round(duration_of([frame(1), frame(1, samples=320)]), 9))
    record.note("stereo", duration_of(frame(1, channels=2)))
    record.note("none", duration_of([]))


@scenario("L-VAL-7")
async def connect_options(record: Record) -> None:
    defaults = api.DEFAULT_API_CONNECT_OPTIONS
    record.note("max_retry", defaults.max_retry)
    record.note("retry_interval", defaults.retry_interval)
    record.note("timeout", defaults.timeout)
    for field in ("max_retry", "retry_interval", "timeout"):
        error: BaseException | None = None
        try:
            api.APIConnectOptions(**{field: -1})
        except Exception as exc:
            error = exc
        record.note(f"negative_{field}", caught_as(error))


@scenario("L-VAL-8")
async def errors_as_text(record: Record) -> None:
    timeout, connection = api.APITimeoutError(), api.APIConnectionError()
    status = api.APIStatusError("no", status_code=404, request_id="r", body={"a": 1})
    for error in (timeout, connection, status, api.APIError("bad", body=None)):
        name = type(error).__name__
        record.note(name, error_seen(error))
        record.note(f"{name}.retryable", error.retryable)
    record.note("status", [status.status_code, status.request_id, status.body, status.message])


@scenario("L-VAL-8")
async def errors_that_may_pass(record: Record) -> None:
    for code in (400, 401, 404, 408, 429, 499, 500, 503, -1):
        error = api.APIStatusError("no", status_code=code, body=None)
        record.note(f"retryable_{code}", error.retryable)
    forced = api.APIStatusError("no", status_code=400, body=None, retryable=True)
    record.note("forced_400", forced.retryable)


@scenario("L-VAL-9")
async def connection_error_names_its_root_cause(record: Record) -> None:
    try:
        try:
            try:
                raise OSError("no route")
            except OSError as exc:
                raise ValueError("middle") from exc
        except ValueError as exc:
            raise api.APIConnectionError("could not connect") from exc
    except api.APIConnectionError as exc:
        record.note("text", str(exc))
        record.note("message", exc.message)
