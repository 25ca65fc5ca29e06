"""`recognize`: a recording at once."""

from __future__ import annotations

import builtins
from typing import Any

from .engine import Attempt, Engine, options
from .recording import Record, error_seen, event_seen, frame
from .registry import scenario
from .shim import api, module


def answer(text: str = "hello", **more: Any) -> Attempt:
    async def attempt(buffer: Any) -> Any:
        data = module.SpeechData("en", text)
        return module.SpeechEvent(module.SpeechEventType.FINAL_TRANSCRIPT, "r1", [data], **more)

    return attempt


def fail(name: str, *args: Any, **more: Any) -> Attempt:
    async def attempt(_: Any) -> Any:
        raise (getattr(api, name, None) or getattr(builtins, name))(*args, **more)

    return attempt


async def recognise(
    record: Record, engine: Engine, buffer: Any = None, *, watched: bool = True, **more: Any
) -> Engine:
    if watched:  # not beside a listener that raises: LiveKit 0.12.7 calls them in no order
        record.watch(engine)
    try:
        given = [frame(1), frame(2)] if buffer is None else buffer
        event = await engine.recognize(given, conn_options=options(**more))
        record.note("returned", event_seen(event))
        record.note("raised", error_seen(None))
    except Exception as exc:
        record.note("raised", error_seen(exc))
    record.note("made", engine.made)
    return engine


@scenario("L-REC-1", "L-MET-1")
async def recognise_plain(record: Record) -> Engine:
    return await recognise(record, Engine(answer()))


@scenario("L-REC-1")
async def recognise_a_single_frame(record: Record) -> Engine:
    return await recognise(record, Engine(answer()), frame(1))


@scenario("L-REC-2")
async def recognise_retried_once(record: Record) -> Engine:
    return await recognise(
        record, Engine(fail("APIConnectionError", "lost"), answer()), max_retry=1
    )


@scenario("L-REC-2")
async def recognise_retried_three_times(record: Record) -> Engine:
    lost = fail("APIConnectionError", "lost")
    return await recognise(record, Engine(lost, lost, lost, answer()), max_retry=3)


@scenario("L-REC-3")
async def recognise_without_retries(record: Record) -> Engine:
    return await recognise(record, Engine(fail("APIConnectionError", "lost")))


@scenario("L-REC-4")
async def recognise_exhausted(record: Record) -> Engine:
    return await recognise(record, Engine(fail("APIConnectionError", "lost")), max_retry=2)


@scenario("L-REC-5")
async def recognise_not_retryable(record: Record) -> Engine:
    return await recognise(
        record, Engine(fail("APIError", "no", body=None, retryable=False)), max_retry=2
    )


@scenario("L-REC-5")
async def recognise_unauthorised(record: Record) -> Engine:
    engine = Engine(fail("APIStatusError", "bad key", status_code=401, body=None))
    return await recognise(record, engine, max_retry=2)


@scenario("L-REC-6")
async def recognise_another_error(record: Record) -> Engine:
    return await recognise(record, Engine(fail("ValueError", "odd")), max_retry=2)


@scenario("L-REC-7")
async def recognise_nothing(record: Record) -> Engine:
    return await recognise(record, Engine(answer()), [])


@scenario("L-REC-7")
async def recognise_mixed_frames(record: Record) -> Engine:
    return await recognise(record, Engine(answer()), [frame(1), frame(1, rate=8000)])


@scenario("L-REC-8")
async def recognise_with_usage(record: Record) -> Engine:
    usage = module.RecognitionUsage(audio_duration=7.0)
    return await recognise(record, Engine(answer(recognition_usage=usage)))


@scenario("L-REC-9")
async def recognise_too_slowly(record: Record) -> Engine:
    import anyio

    async def slow(buffer: Any) -> Any:
        await anyio.sleep(0.3)
        return await answer()(buffer)

    return await recognise(record, Engine(slow), timeout=0.05)
