"""Every fault at every state of a protocol, and how a stream must end; used engine by engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import anyio
import pytest

from anyio_stt import (
    STT,
    APIConnectionError,
    APIConnectOptions,
    APIError,
    APIStatusError,
    APITimeoutError,
    AudioFrame,
    SpeechEventType,
)
from anyio_stt.testing import assert_no_leaks, cut
from anyio_stt.testing.servers import Action, Fault, FaultServer, Moment, say_words

DEADLINE = 1.5  # short to wait for, long enough for a busy machine
OPTIONS = APIConnectOptions(
    max_retry=0,
    timeout=DEADLINE,
    drain_timeout=DEADLINE,
    idle_timeout=DEADLINE,
    close_timeout=DEADLINE,
)
PATIENT = replace(OPTIONS, timeout=9.0, drain_timeout=9.0, idle_timeout=9.0)
ANY_LATER = (Moment.OPENED, Moment.HEARING, Moment.FINAL, Moment.DRAINING)
ANY = (Moment.OPENING, *ANY_LATER)


@dataclass(frozen=True)
class Cell:
    """A fault and the error it must give; `None`: the stream must succeed."""

    fault: Fault
    error: type[APIError] | None
    retryable: bool | None = None

    def __str__(self) -> str:
        return str(self.fault).replace(" ", "-")


def hangs(*moments: Moment) -> list[Cell]:
    """Make the ways of a peer not to answer, at each moment."""
    kinds = (Action.SILENT, Action.HALF_OPEN, Action.STOP_READING)
    return [
        Cell(Fault(kind, at, after=0.5), APITimeoutError, True)
        for kind in kinds
        for at in moments
        if not (kind is Action.SILENT and at is Moment.OPENING)
    ]


def breaks(*moments: Moment) -> list[Cell]:
    """Make resets at each moment."""
    return [Cell(Fault(Action.RESET, at, after=0.5), APIConnectionError, True) for at in moments]


def closes(*moments: Moment) -> list[Cell]:
    """Make closes at each moment: refused for good, and for now."""
    return [
        Cell(Fault(Action.CLOSE, at, after=0.5, code=code), APIStatusError, retryable)
        for at in moments
        for code, retryable in ((1008, False), (1011, True), (4401, False), (4429, True))
    ]


def statuses() -> list[Cell]:
    """Make refusals by HTTP status."""
    wanted = {401: False, 403: False, 404: False, 408: True, 429: True, 500: True, 503: True}
    return [
        Cell(Fault(Action.STATUS, status=status, retry_after="7"), APIStatusError, retryable)
        for status, retryable in wanted.items()
    ]


def garbage(*moments: Moment) -> list[Cell]:
    """Make messages that are none of the protocol's, at each moment."""
    return [Cell(Fault(Action.GARBAGE, at, after=0.5), APIConnectionError, True) for at in moments]


def harmless() -> list[Cell]:
    """Make faults that a stream must survive within one attempt."""
    return [
        Cell(Fault(Action.SLOW, delay=0.01), None),
        Cell(Fault(Action.DUPLICATE), None),
        Cell(Fault(Action.CUT, piece=1), None),
        Cell(Fault(Action.CUT, piece=7), None),
        Cell(Fault(Action.PING), None),
    ]


# A request has no audio that streams: it is answered, or not, and a duplicate has no meaning.
IN_A_REQUEST = (Moment.OPENING, Moment.DRAINING, Moment.FINAL)
REQUEST_HANGS = hangs(*IN_A_REQUEST)
REQUEST_HARMLESS = [cell for cell in harmless() if cell.fault.action is not Action.DUPLICATE]
REQUEST_GARBAGE = [
    *garbage(Moment.DRAINING, Moment.FINAL),
    # a close in the middle of HTTP has no code
    *(Cell(Fault(Action.CLOSE, at), APIConnectionError, True) for at in IN_A_REQUEST[:2]),
]


def matrix(*groups: list[Cell]) -> pytest.MarkDecorator:
    """Run a test with the cells of each action; those of one action run at the same time."""
    by_action: dict[str, list[Cell]] = {}
    for group in groups:
        for cell in group:
            by_action.setdefault(cell.fault.action.name.lower(), []).append(cell)
    return pytest.mark.parametrize("cells", list(by_action.values()), ids=list(by_action))


async def finals(stt: STT, audio: AudioFrame, options: APIConnectOptions) -> list[str]:
    """Stream *audio* in pieces of 20 ms and return the finals."""
    texts = []
    failure: APIError | None = None
    async with stt.stream(conn_options=options) as stream, anyio.create_task_group() as tasks:

        async def feed() -> None:
            with suppress(RuntimeError):  # the stream failed first; its iterator says how
                await stream.feed(cut(audio, 0.02))

        tasks.start_soon(feed)
        try:
            async for event in stream:
                if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                    texts.append(event.alternatives[0].text)  # noqa: PERF401 - one at a time
        except APIError as exc:
            failure = exc
    if failure is not None:
        raise failure
    return texts


async def recording(stt: STT, audio: AudioFrame, options: APIConnectOptions) -> list[str]:
    """Recognise *audio* at once and return the text."""
    event = await stt.recognize(audio, conn_options=options)
    return [event.alternatives[0].text]


Hear = Callable[[STT, AudioFrame, APIConnectOptions], Awaitable[list[str]]]


async def check_cells(
    cells: list[Cell],
    serve: Callable[[list[Fault | None]], FaultServer],
    make: Callable[[FaultServer], STT],
    hear: Hear = finals,
) -> None:
    """
    Speak to a server that does wrong, for each cell: the right end, in time.

    And nothing is left behind.
    """
    failures: list[str] = []

    async def check(cell: Cell) -> None:
        try:
            await _check_cell(cell, serve([cell.fault]), make, hear)
        except Exception as exc:
            failures.append(f"{cell}: {exc!r}")

    async with assert_no_leaks(), anyio.create_task_group() as tasks:
        for cell in cells:
            tasks.start_soon(check, cell)
    assert not failures, "\n".join(failures)


async def _check_cell(
    cell: Cell, server: FaultServer, make: Callable[[FaultServer], STT], hear: Hear
) -> None:
    audio = say_words(range(1, 7))
    async with server:
        async with make(server) as stt:
            began = anyio.current_time()
            with anyio.fail_after(60):
                if cell.error is None:
                    said = await hear(stt, audio, PATIENT)
                    assert said[-1:] in (["w4 w5 w6"], ["w1 w2 w3 w4 w5 w6"]), said
                else:
                    await _fails(cell, stt, audio, hear)
            # Connecting, hearing and draining have a deadline each, and a refusal's text; the
            # nearest of an engine's own deadlines is ten seconds.
            assert anyio.current_time() - began < 9.5
        assert server.struck == 1, "the fault did not strike"
        with anyio.fail_after(60):
            while server.open and cell.fault.action is not Action.STOP_READING:
                await anyio.sleep(0.005)


async def _fails(cell: Cell, stt: STT, audio: AudioFrame, hear: Hear) -> None:
    assert cell.error is not None
    with pytest.raises(cell.error) as caught:
        await hear(stt, audio, OPTIONS)
    error = caught.value
    assert type(error) is cell.error, repr(error)
    assert error.retryable is cell.retryable, error
    assert "the-key-of-the-fault-server" not in f"{error!r}{error}"
    if isinstance(error, APIStatusError) and cell.fault.action is Action.STATUS:
        assert error.status_code == cell.fault.status
        assert error.retry_after == 7
    if isinstance(error, APIStatusError) and cell.fault.action is Action.CLOSE:
        assert error.status_code == cell.fault.code
