"""S14, S16, S20 to S23: what the base does for engines that say so, and what they may replace."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterable, Callable
from typing import Any

import anyio
import pytest
from anyio.abc import ObjectReceiveStream, ObjectSendStream

from anyio_stt import (
    STT,
    APIConnectionError,
    APIConnectOptions,
    APIError,
    APIStatusError,
    APITimeoutError,
    AudioLostError,
    RecognizeStream,
    SpeechEvent,
    SpeechEventType,
    StreamClosedError,
    StreamStatistics,
)
from anyio_stt.testing import (
    Fail,
    Hang,
    Hear,
    HearAll,
    HearMarker,
    Say,
    ScriptedSTT,
    cut,
    end_of_speech,
    final,
    noise,
    start_of_speech,
)

pytestmark = pytest.mark.any_clock

PIECES = cut(noise(1.0, seed=2), 0.1)
NO = APIStatusError("too short", status_code=400)


def accounted(numbers: StreamStatistics) -> float:
    open_ = numbers.pending + numbers.replay
    return numbers.recognised + numbers.silent + numbers.dropped + open_


async def read(stream: RecognizeStream, pieces: Any = PIECES) -> list[str]:
    with anyio.fail_after(5):
        await stream.feed(pieces)
        return [each.text async for event in stream for each in event.alternatives]


# ---- refusals


def refusing(*ranges: tuple[float, float], then: Any = None) -> Callable[[Any], Any]:
    """An engine whose provider refuses what lies in *ranges*, when it has heard all."""

    async def run(stream: Any) -> None:
        async for _ in stream._input_ch:
            pass
        for start, end in ranges:
            stream._report_refused(NO, start, end)
        if then is not None:
            stream._event_ch.send_nowait(then)

    return run


@pytest.mark.contract("S22", "S21")
async def test_a_refused_utterance_is_told_given_up_and_the_stream_goes_on(
    engine: Callable[..., Any], listen_to: Callable[..., Any]
) -> None:
    stt = engine(refusing((0.2, 0.5), then=final("rest", end=1.0)))
    told = listen_to(stt)
    async with stt.stream(conn_options=APIConnectOptions(max_retry=0)) as stream:
        assert await read(stream) == ["rest"]
        numbers = stream.statistics()
    [error] = told.errors
    assert isinstance(error.error, AudioLostError)
    assert list(error.error.lost[0]) == pytest.approx([0.2, 0.5])
    assert error.error.__cause__ is NO
    assert error.recoverable
    assert numbers.dropped == pytest.approx(0.3)
    assert numbers.recognised == pytest.approx(0.7)
    assert accounted(numbers) == pytest.approx(numbers.pushed)


@pytest.mark.contract("S22", "S15")
@pytest.mark.parametrize("max_retry", [0, 1])
async def test_an_engine_that_has_to_connect_anew_after_a_refusal_has_not_failed(
    engine: Callable[..., Any], max_retry: int
) -> None:
    heard: list[float] = []

    async def run(stream: Any) -> None:
        seconds = 0.0
        async for item in stream._input_ch:
            seconds += getattr(item, "duration", 0.0)
            if len(heard) < 2 and seconds > 0.35:
                heard.append(seconds)
                if len(heard) == 2:
                    stream._event_ch.send_nowait(final("a", end=0.1))
                stream._report_refused(NO, 0.0, seconds)
                raise NO
        heard.append(seconds)
        stream._event_ch.send_nowait(final("b", end=seconds))

    options = APIConnectOptions(max_retry=max_retry)
    async with engine(run).stream(conn_options=options) as stream:
        began = anyio.current_time()
        assert await read(stream) == ["a", "b"]
        assert anyio.current_time() == pytest.approx(began, abs=0.05)
        assert stream.statistics().dropped == pytest.approx(0.7)
    assert heard == pytest.approx([0.4, 0.4, 0.2])


@pytest.mark.contract("S22")
async def test_the_third_refusal_in_a_row_is_raised_as_itself(engine: Callable[..., Any]) -> None:
    stt = engine(refusing((0.0, 0.1), (0.2, 0.3), (0.4, 0.5), then=final("never")))
    async with stt.stream() as stream:
        with pytest.raises(APIStatusError) as caught:
            await read(stream)
        assert caught.value is NO
        assert stream.statistics().attempt == 1
        assert accounted(stream.statistics()) == pytest.approx(1.0)


@pytest.mark.contract("S22")
async def test_words_between_refusals_start_their_count_anew(engine: Callable[..., Any]) -> None:
    async def run(stream: Any) -> None:
        async for _ in stream._input_ch:
            pass
        for number in range(4):
            at = number / 5
            stream._report_refused(NO, at, at + 0.1)
            stream._event_ch.send_nowait(final(str(number), start=at + 0.1, end=at + 0.2))

    async with engine(run).stream() as stream:
        assert await read(stream) == ["0", "1", "2", "3"]
        assert stream.statistics().dropped == pytest.approx(0.4)


@pytest.mark.contract("S22")
async def test_a_recording_of_which_nothing_but_a_refusal_came_fails_with_it(
    engine: Callable[..., Any],
) -> None:
    async with engine(refusing((0.0, 1.0))).stream() as stream:
        with pytest.raises(APIStatusError) as caught:
            await read(stream)
    assert caught.value is NO


@pytest.mark.contract("S22", "S16")
async def test_what_was_refused_is_not_heard_again_though_audio_before_it_is(
    engine: Callable[..., Any],
) -> None:
    heard: list[bytes] = []

    async def run(stream: Any) -> None:
        heard.append(b"")
        async for item in stream._input_ch:
            heard[-1] += getattr(item, "pcm", b"")
        if len(heard) == 1:
            stream._report_refused(NO, 0.5, 0.7)
            raise APIConnectionError("lost", retry_after=0)
        stream._event_ch.send_nowait(final("all", end=1.0))

    async with engine(run).stream() as stream:
        assert await read(stream) == ["all"]
        numbers = stream.statistics()
    first, last = round(0.5 * 16000) * 2, round(0.7 * 16000) * 2
    assert heard[1] == heard[0][:first] + bytes(last - first) + heard[0][last:]
    assert (numbers.recognised, numbers.dropped) == (pytest.approx(0.8), pytest.approx(0.2))


# ---- finalize


@pytest.mark.contract("S23")
@pytest.mark.parametrize("answer", ["final", "silence", "refusal"])
async def test_finalize_returns_when_what_was_pushed_is_answered(
    engine: Callable[..., Any], answer: str
) -> None:
    async def run(stream: Any) -> None:
        async for item in stream._input_ch:
            if isinstance(item, stream._FlushSentinel):
                await anyio.sleep(0.02)
                if answer == "final":
                    stream._event_ch.send_nowait(final("said", end=1.0))
                elif answer == "silence":
                    stream._report_silence(1.0)
                else:
                    stream._report_refused(NO, 0.0, 1.0)

    with anyio.fail_after(5):
        async with engine(run).stream() as stream:
            for piece in PIECES:
                stream.push_frame(piece)
            await stream.finalize()
            numbers = stream.statistics()
            assert numbers.pending == numbers.replay == 0
            await stream.finalize()  # nothing new: answered already


@pytest.mark.contract("S23")
async def test_a_late_answer_to_finalize_is_the_callers_error_and_the_stream_goes_on() -> None:
    stt = ScriptedSTT([HearAll(), Say(final("all", end=1.0))])
    with anyio.fail_after(5):
        async with stt.stream(conn_options=APIConnectOptions(drain_timeout=0.05)) as stream:
            for piece in PIECES:
                stream.push_frame(piece)
            with pytest.raises(APITimeoutError, match=r"within 0\.05 s; change .*drain_timeout"):
                await stream.finalize()
            stream.end_input()
            texts = [each.text async for event in stream for each in event.alternatives]
    assert texts == ["all"]
    assert len(stt.heard) == 1


@pytest.mark.contract("S23")
async def test_finalize_says_so_when_the_stream_ends_first() -> None:
    bug = LookupError("a bug")
    with anyio.fail_after(5):
        async with ScriptedSTT([HearMarker(), Fail(bug)]).stream() as stream:
            stream.push_frame(PIECES[0])
            with pytest.raises(StreamClosedError) as caught:
                await stream.finalize()
            assert caught.value.__cause__ is bug
            with pytest.raises(LookupError):
                async for _ in stream:
                    pass
    with pytest.raises(StreamClosedError):
        await ScriptedSTT().stream().finalize()


# ---- what an engine opened


class Door:
    """Something that has to be closed."""

    def __init__(self, closed: list[str], name: str, *, stuck: bool = False) -> None:
        self.closed, self.name, self.stuck = closed, name, stuck

    async def aclose(self) -> None:
        await anyio.sleep(3600 if self.stuck else 0.001)
        self.closed.append(self.name)
        if self.name == "broken":
            raise OSError("cannot close")


@pytest.mark.contract("S2", "S19")
@pytest.mark.parametrize("cancelled", [False, True])
async def test_the_base_closes_what_an_engine_registers_however_it_is_left(
    engine: Callable[..., Any], caplog: pytest.LogCaptureFixture, *, cancelled: bool
) -> None:
    closed: list[str] = []

    async def run(stream: Any) -> None:
        stream._closing(Door(closed, "of the stream"))
        await anyio.sleep_forever()

    stt = engine(run)
    for name in ("first", "broken", "last"):
        door = Door(closed, name)
        assert stt._closing(door) is door
    with caplog.at_level(logging.WARNING, "anyio_stt"), anyio.fail_after(5):
        with anyio.CancelScope() as scope:
            async with stt, stt.stream():
                if cancelled:
                    scope.cancel()
        await stt.aclose()  # a second time closes nothing twice
    assert closed == ["of the stream", "last", "broken", "first"]
    assert "could not close" in caplog.text


@pytest.mark.contract("S2")
async def test_what_does_not_close_is_left_after_a_while(
    engine: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    closed: list[str] = []

    async def run(stream: Any) -> None:
        stream._closing(Door(closed, "last"))
        stream._closing(Door(closed, "stuck", stuck=True))
        async for _ in stream._input_ch:
            pass

    with caplog.at_level(logging.WARNING, "anyio_stt"), anyio.fail_after(5):
        async with engine(run).stream(conn_options=APIConnectOptions(close_timeout=0.02)) as stream:
            stream.end_input()
    assert closed == ["last"]
    assert "in 0.02 s" in caplog.text


# ---- as anyio has it


@pytest.mark.contract("S14")
async def test_a_stream_is_an_object_receive_stream() -> None:
    bug = LookupError("a bug")
    with anyio.fail_after(5):
        async with ScriptedSTT([Hear(0.1), Say(final("a")), Fail(bug)]).stream() as stream:
            assert isinstance(stream, ObjectReceiveStream)
            assert stream.extra_attributes == {}
            stream.push_frame(PIECES[0])
            kinds = [(await stream.receive()).type.name for _ in range(3)]
            assert kinds == ["START_OF_SPEECH", "FINAL_TRANSCRIPT", "END_OF_SPEECH"]
            with pytest.raises(LookupError):
                await stream.receive()
            with pytest.raises(anyio.EndOfStream):
                await stream.receive()
            await stream.aclose()
            with pytest.raises(anyio.ClosedResourceError):
                await stream.receive()


@pytest.mark.contract("S14", "S4")
async def test_a_receive_that_waits_ends_when_another_task_closes_the_stream() -> None:
    async def receive(stream: RecognizeStream) -> None:
        with pytest.raises(anyio.ClosedResourceError):
            await stream.receive()

    with anyio.fail_after(5):
        async with ScriptedSTT([Hang()]).stream() as stream, anyio.create_task_group() as tasks:
            tasks.start_soon(receive, stream)
            await anyio.wait_all_tasks_blocked()
            await stream.aclose()


@pytest.mark.contract("S6")
async def test_an_engine_reads_and_writes_object_streams(engine: Callable[..., Any]) -> None:
    seen: list[Any] = []
    kinds: list[bool] = []

    async def run(stream: Any) -> None:
        source, sink = stream._input_ch, stream._event_ch
        kinds.extend([isinstance(source, ObjectReceiveStream), isinstance(sink, ObjectSendStream)])
        seen.append((await source.receive()).duration)
        seen.append((await source.recv()).duration)
        seen.append(source.statistics().current_buffer_used)
        seen.append(source.receive_nowait().duration)
        while True:
            try:
                await source.receive()
            except anyio.EndOfStream:
                break
        with pytest.raises(anyio.EndOfStream):
            source.receive_nowait()
        await sink.send(final("all", end=1.0))
        assert sink.statistics().current_buffer_used >= 1
        await source.aclose()
        await sink.aclose()

    stt = engine(run)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            stream = stt.stream().start(tasks)
            for piece in PIECES:
                stream.push_frame(piece)
            assert await read(stream, []) == ["all"]
    assert kinds == [True, True]
    assert seen == [pytest.approx(0.1), pytest.approx(0.1), 9, pytest.approx(0.1)]


@pytest.mark.contract("S6", "S5")
async def test_two_tasks_that_read_one_input_share_it_and_both_end(
    engine: Callable[..., Any],
) -> None:
    heard: list[float] = []

    async def run(stream: Any) -> None:
        async def take() -> None:
            async for item in stream._input_ch:
                heard.append(getattr(item, "duration", 0.0))  # noqa: PERF401 - as it comes

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(take)
            tasks.start_soon(take)

    async with engine(run).stream() as stream:
        assert await read(stream) == []
    assert sum(heard) == pytest.approx(1.0)


# ---- what a subclass may replace, and names it may use


class Collides(RecognizeStream):
    """Uses the names that LiveKit's engines use for themselves."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        names = "attempt attempts monitor output journal queue delivery lifecycle task_group scope"
        for (
            name
        ) in f"{names} failure label sentinel entered done resources stt conn_options".split():
            setattr(self, f"_{name}", 0)

    async def _run(self) -> None:
        async for _ in self._input_ch:
            pass
        self._event_ch.send_nowait(final("all", end=1.0))

    def _stop(self) -> None:
        raise AssertionError("an engine's own")

    _end = _launch = _abort = _begin_attempt = _end_attempt = _stop


@pytest.mark.contract("S1", "S2")
async def test_an_engine_may_use_any_private_name_that_is_not_documented() -> None:
    stt = ScriptedSTT()
    for name in ("_streams", "_closed", "_rng", "_recognitions"):
        setattr(stt, name, None)
    async with stt:
        async with Collides(stt=stt, conn_options=APIConnectOptions()) as stream:
            assert await read(stream) == ["all"]
        own = {each for each in vars(stream) if not each.startswith("_core_")}
        assert (
            not own
            - set(vars(Collides(stt=stt, conn_options=APIConnectOptions())))
            - {
                "_input_ch",
                "_event_ch",
            }
        )


@pytest.mark.contract("S20")
async def test_a_subclass_that_measures_itself_is_given_every_event(
    listen_to: Callable[..., Any],
) -> None:
    seen: list[SpeechEvent] = []

    class Measures(RecognizeStream):
        async def _run(self) -> None:
            async for _ in self._input_ch:
                pass
            for event in (start_of_speech(), final("all", end=1.0), end_of_speech()):
                self._event_ch.send_nowait(event)

        async def _metrics_monitor_task(self, event_aiter: AsyncIterable[SpeechEvent]) -> None:
            async for event in event_aiter:
                seen.append(event)  # noqa: PERF401 - as it comes

    stt = ScriptedSTT()
    told = listen_to(stt)
    async with Measures(stt=stt, conn_options=APIConnectOptions()) as stream:
        assert await read(stream) == ["all"]
    assert [event.type.name for event in seen] == [
        "START_OF_SPEECH",
        "FINAL_TRANSCRIPT",
        "END_OF_SPEECH",
    ]
    assert told.metrics == []


@pytest.mark.contract("S15")
async def test_a_subclass_may_make_its_attempts_itself() -> None:
    class Own(RecognizeStream):
        runs = 0

        async def _main_task(self) -> None:
            with contextlib.suppress(APIError):
                await self._run()
            await self._run()

        async def _run(self) -> None:
            Own.runs += 1
            if Own.runs == 1:
                raise APIConnectionError("lost")
            async for _ in self._input_ch:
                pass
            self._event_ch.send_nowait(final("all", end=1.0))

    async with Own(stt=ScriptedSTT(), conn_options=APIConnectOptions()) as stream:
        assert await read(stream) == ["all"]
        assert stream.statistics().state == "finished"
    assert Own.runs == 2


class _Own(RecognizeStream):
    """Makes its one attempt itself."""

    async def _main_task(self) -> None:
        await self._run()


@pytest.mark.contract("S15", "S18")
async def test_a_deadline_that_an_own_main_task_misses_is_an_error() -> None:
    class Slow(_Own):
        async def _run(self) -> None:
            async for _ in self._input_ch:
                pass
            await anyio.sleep_forever()

    options = APIConnectOptions(drain_timeout=0.2)
    with anyio.fail_after(5), pytest.raises(APITimeoutError, match=r"drain_timeout=0\.2"):
        async with Slow(stt=ScriptedSTT(), conn_options=options) as stream:
            await read(stream)


@pytest.mark.contract("S15", "S16")
async def test_an_own_main_task_that_returns_early_is_an_error_and_tells_the_end(
    listen_to: Callable[..., Any],
) -> None:
    class Early(_Own):
        async def _run(self) -> None:
            await self._input_ch.__anext__()

    stt = ScriptedSTT()
    told = listen_to(stt)
    with anyio.fail_after(5), pytest.raises(APIConnectionError, match="before it had read the end"):
        async with Early(stt=stt, conn_options=APIConnectOptions()) as stream:
            await read(stream)
    assert told.errors
    assert not any(error.recoverable for error in told.errors)
    assert not stt._core_streams


def test_the_base_is_abstract_where_an_engine_has_to_write_something() -> None:
    assert RecognizeStream.__abstractmethods__ == {"_run"}
    assert STT.__abstractmethods__ == {"_recognize_impl"}


@pytest.mark.parametrize("kind", list(SpeechEventType))
def test_what_a_stream_is_iterated_for_is_no_event_of_an_engine(kind: SpeechEventType) -> None:
    with pytest.raises(ValueError, match=rf"emits no '{kind.value}': iterate a stream for it"):
        ScriptedSTT().on(kind.value, print)
