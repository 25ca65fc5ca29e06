"""Adapters, prewarm and detectors: what LiveKit's own tests of them prove, rewritten."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

import anyio

from .detector import Detector, loud, quiet
from .engine import Engine, hear_all, options, say
from .recognising import answer, fail
from .recording import Record, caught_as, error_seen, event_seen, frame, pause
from .registry import scenario
from .shim import adapters, api, module


def named(engine: Any, name: str) -> Any:
    """Give *engine* a model's name, and count how often it is prewarmed."""
    made = type(name.title(), (type(engine),), {"model": name, "prewarm": _count})
    engine.__class__, engine.prewarmed = made, 0
    return engine


def _count(engine: Any) -> None:
    engine.prewarmed += 1


def batch(*attempts: Any) -> Any:
    engine = Engine(*attempts)
    engine._capabilities = module.STTCapabilities(streaming=False, interim_results=False)
    return engine


def lost() -> Exception:
    error: Exception = api.APIConnectionError("lost")
    return error


async def says(stream: Any, text: str = "hello", *, after: int | None = None) -> None:
    await hear_all(stream, until=after)
    say(stream, "FINAL_TRANSCRIPT", text, start_time=0.001, end_time=0.01)


async def breaks(stream: Any) -> None:
    await hear_all(stream, until=1)
    raise lost()


def fallback(record: Record, *engines: Any, **more: Any) -> Any:
    adapter = adapters.FallbackAdapter(list(engines), max_retry_per_stt=0, **more)
    record.available = []  # type: ignore[attr-defined]
    with suppress(Exception):
        adapter.on(
            "stt_availability_changed",
            lambda event: record.available.append(  # type: ignore[attr-defined]
                [engines.index(event.stt), event.available]
            ),
        )
    return adapter


async def heard(record: Record, engine: Any, frames: list[Any], field: str = "texts") -> None:
    """Push *frames* into a stream of *engine*; note what its finals say, and what is raised."""
    said: list[Any] = []
    error: BaseException | None = None
    try:
        async with engine.stream(conn_options=options()) as stream:
            for each in frames:
                stream.push_frame(each)
            stream.end_input()
            async for event in stream:
                if event.type.value == "final_transcript" and event.alternatives:
                    said.append(event.alternatives[0].text)  # noqa: PERF401 - up to a failure
    except Exception as exc:
        error = exc
    record.note(field, said)
    record.note(f"{field}_raised", caught_as(error))


async def recognised(record: Record, engine: Any, field: str = "returned") -> None:
    try:
        event = await engine.recognize([frame(1)], conn_options=options())
        record.note(field, event.alternatives[0].text)
    except Exception as exc:
        record.note(field, caught_as(exc))


_BOUNDS = ("start_of_speech", "end_of_speech")


async def closed(adapter: Any) -> None:
    with suppress(Exception):
        await adapter.aclose()


# ---- test_stt_fallback


@scenario("L-FB-1", "L-FB-6")
async def fallback_recognises(record: Record) -> None:
    first, second = Engine(fail("APIConnectionError", "lost")), Engine(answer())
    adapter = fallback(record, first, second, retry_interval=60.0)
    await recognised(record, adapter)
    record.note("asked", [first.made > 0, second.made > 0])
    record.note("down", record.available[:1])  # type: ignore[attr-defined]
    await closed(adapter)


@scenario("L-FB-2")
async def fallback_of_engines_that_all_fail(record: Record) -> None:
    engines = [Engine(fail("APIConnectionError", "lost")) for _ in range(2)]
    adapter = fallback(record, *engines, retry_interval=60.0)
    await recognised(record, adapter)
    await closed(adapter)


@scenario("L-FB-3")
async def fallback_streams(record: Record) -> None:
    first, second = Engine(breaks), Engine(says)
    adapter = fallback(record, first, second, retry_interval=60.0)
    await heard(record, adapter, [frame(1)])
    record.note("asked", [first.made > 0, second.made > 0])
    await closed(adapter)


@scenario("L-FB-3")
async def fallback_streams_without_audio(record: Record) -> None:
    async def broken(_: Any) -> None:
        raise lost()

    first, second = Engine(broken), Engine(says)
    adapter = fallback(record, first, second, retry_interval=60.0)
    await heard(record, adapter, [])
    record.note("asked", [first.made > 0, second.made > 0])
    await closed(adapter)


@scenario("L-FB-4")
async def fallback_hears_again(record: Record) -> None:
    first, second = Engine(breaks), Engine(says)
    adapter = fallback(record, first, second, retry_interval=60.0)
    await heard(record, adapter, [frame(number) for number in range(1, 6)])
    frames = [item for item in second.heard[0] if item != "marker"] if second.heard else []
    record.note("heard_by_the_next", frames)
    await closed(adapter)


@scenario("L-FB-5")
async def fallback_recovers(record: Record) -> None:
    attempts = [fail("APIConnectionError", "lost"), answer("again")]
    first, second = Engine(fail("APIConnectionError", "lost")), Engine(*attempts)
    adapter = fallback(record, first, second, retry_interval=0.01)
    await recognised(record, adapter, "first")
    await pause(0.05)
    await recognised(record, adapter, "second")
    await closed(adapter)


@scenario("L-FB-7")
async def fallback_is_called_by_who_serves(record: Record) -> None:
    first = named(Engine(fail("APIConnectionError", "lost")), "first")
    adapter = fallback(record, first, named(Engine(answer()), "second"), retry_interval=60.0)
    record.note("before", _model(adapter))
    await recognised(record, adapter)
    record.note("after", _model(adapter))
    await closed(adapter)


def _model(adapter: Any) -> str:
    told: dict[str, str] = getattr(adapter, "metrics_metadata", None) or {}
    return str(told.get("model_name") or getattr(adapter, "model", "unknown"))


@scenario("L-FB-8")
async def fallback_beside_an_engine_that_hangs(record: Record) -> None:
    async def hang(stream: Any) -> None:
        if stream._stt.made > 1:
            await anyio.sleep_forever()
        raise lost()

    adapter = fallback(record, Engine(hang), Engine(says), retry_interval=0.01)
    await heard(record, adapter, [frame(number) for number in range(1, 6)])
    await closed(adapter)


# ---- test_stt_prewarm


async def _prewarm(record: Record, make: Callable[..., Any], *engines: Any) -> None:
    warmed = [named(engine, f"m{number}") for number, engine in enumerate(engines)]
    adapter = make(*warmed)
    try:
        adapter.prewarm()
    except AttributeError:
        record.note("prewarm", "there is none")
    else:
        record.note("prewarm", [engine.prewarmed for engine in warmed])
    await closed(adapter)


@scenario("L-PRE-1")
async def prewarm_of_a_fallback(record: Record) -> None:
    def make(*engines: Any) -> Any:
        return fallback(record, *engines)

    await _prewarm(record, make, Engine(), Engine())


@scenario("L-PRE-2")
async def prewarm_of_a_stream_adapter(record: Record) -> None:
    def make(engine: Any) -> Any:
        return adapters.StreamAdapter(stt=engine, vad=Detector())

    await _prewarm(record, make, batch())


@scenario("L-PRE-3")
async def prewarm_through_both(record: Record) -> None:
    try:
        with_vad = fallback(record, batch(), Engine(), vad=Detector())
    except TypeError:
        record.note("prewarm", "a fallback takes no detector")
        return
    await closed(with_vad)

    def make(*engines: Any) -> Any:
        return fallback(record, *engines, vad=Detector())

    await _prewarm(record, make, batch(), Engine())


# ---- stt.StreamAdapter, and test_stt_base's test of it


@scenario("L-SA-1", "L-SA-2")
async def stream_adapter_recognises_utterances(record: Record) -> None:
    engine = batch(answer("one"), answer("two"))
    adapter = adapters.StreamAdapter(stt=engine, vad=Detector())
    async with adapter.stream(conn_options=options()) as stream:
        for piece in [quiet(), loud(), loud(), *[quiet()] * 4, loud(), *[quiet()] * 4]:
            stream.push_frame(piece)
            await pause(0.005)
        stream.end_input()
        seen = [event_seen(event) async for event in stream]
    seen = [each for each in seen if each[0] in {"final_transcript", *_BOUNDS}]
    record.note("kinds", sorted(each[0] for each in seen))
    record.note("texts", [each[2][0][1] for each in seen if each[2]])
    ends = [each[2][0][3] for each in seen if each[2]]
    record.note("has_times", [end > 0 for end in ends])
    record.note("asked", engine.made)
    await closed(adapter)


# ---- test_multi_speaker_adapter, test_multi_speaker_primary


def multi_speaker(record: Record, engine: Any, **more: Any) -> Any:
    engine._capabilities = module.STTCapabilities(
        streaming=True, interim_results=True, diarization=True
    )
    return adapters.MultiSpeakerAdapter(stt=engine, **more)


def speakers(*turns: tuple[str | None, int]) -> Any:
    """Say a word for each turn: by whom, heard at which level."""

    async def attempt(stream: Any) -> None:
        position = 0.0
        for speaker, _ in turns:
            await hear_all(stream, until=len(stream._stt.heard[-1]) + 10)
            start, position = position, position + 1.0
            more = {"start_time": start + 0.001, "end_time": position, "speaker_id": speaker}
            say(stream, "FINAL_TRANSCRIPT", "word", **more)
            await pause(0.005)
        await hear_all(stream)

    return attempt


async def _turns(record: Record, *turns: tuple[str | None, int], **more: Any) -> None:
    try:
        adapter = multi_speaker(record, Engine(speakers(*turns)), **more)
    except (AttributeError, TypeError):
        record.note("primary", "there is none")
        return
    seen: list[Any] = []
    async with adapter.stream(conn_options=options()) as stream:
        for _, level in turns:
            for _ in range(10):
                stream.push_frame(frame(level, samples=1600))
            await pause(0.02)
        stream.end_input()
        async for event in stream:
            if event.type.value == "final_transcript" and event.alternatives:
                data = event.alternatives[0]
                seen.append([data.speaker_id, data.is_primary_speaker])
    record.note("primary", seen)
    await closed(adapter)


@scenario("L-MS-1")
async def multi_speaker_is_called_by_its_engine(record: Record) -> None:
    engine = named(Engine(answer()), "wrapped")
    try:
        adapter = multi_speaker(record, engine)
    except (AttributeError, TypeError):
        record.note("model", "there is none")
        return
    record.note("model", adapter.model)
    adapter.prewarm()
    record.note("prewarmed", engine.prewarmed)
    await closed(adapter)


async def _uses(stream: Any) -> None:
    await hear_all(stream)
    say(stream, "FINAL_TRANSCRIPT", "hello", start_time=0.001, end_time=0.01)
    say(stream, "RECOGNITION_USAGE", usage=1.0)


@scenario("L-MS-2", "L-MS-3")
async def multi_speaker_measures_once(record: Record) -> None:
    for field, attempt in (("recording", answer()), ("stream", _uses)):
        engine, told = Engine(attempt), list[Any]()
        try:
            adapter = multi_speaker(record, engine)
        except (AttributeError, TypeError):
            record.note(field, "there is none")
            continue
        adapter.on("metrics_collected", told.append)
        if field == "recording":
            await recognised(record, adapter)
        else:
            await heard(record, adapter, [frame(1)])
        record.note(field, [each.label == engine.label for each in told])
        await closed(adapter)
        if field == "recording":
            await recognised(record, engine, "of_the_engine")
        record.note(f"{field}_closed", len(told))


@scenario("L-MS-4")
async def multi_speaker_and_a_quiet_one(record: Record) -> None:
    await _turns(record, ("A", 8000), ("B", 200), ("A", 8000))


@scenario("L-MS-5")
async def multi_speaker_and_nobody(record: Record) -> None:
    await _turns(record, ("A", 8000), (None, 8000), ("A", 8000))


@scenario("L-MS-6")
async def multi_speaker_without_detection(record: Record) -> None:
    await _turns(record, ("A", 8000), ("B", 200), detect_primary_speaker=False)


# ---- test_vad


async def _opened(stack: AsyncExitStack) -> Any:
    stream = Detector().stream()
    if hasattr(stream, "__aenter__"):
        await stack.enter_async_context(stream)
    return stream


@scenario("L-VAD-1")
async def detector_to_the_end(record: Record) -> None:
    async with AsyncExitStack() as stack:
        stream = await _opened(stack)
        for piece in [quiet(), loud(), *[quiet()] * 3, loud(), *[quiet()] * 3]:
            stream.push_frame(piece)
        stream.end_input()
        seen = [
            [event.type.value, event.samples_index, len(event.frames)] async for event in stream
        ]
        await stream.aclose()
    record.note("events", [each for each in seen if each[0] != "inference_done"])


@scenario("L-VAD-2")
async def detector_closed(record: Record) -> None:
    async with AsyncExitStack() as stack:
        stream = await _opened(stack)
        stream.push_frame(quiet())
        await stream.aclose()
        try:
            stream.push_frame(quiet())
            record.note("push", error_seen(None))
        except Exception as exc:
            record.note("push", caught_as(exc))
        try:
            record.note("events", [event.type.value async for event in stream])
        except Exception as exc:
            record.note("events", caught_as(exc))
