"""What holds for every engine on the network, whatever its protocol."""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from time import time
from typing import Any

import anyio
import pytest
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSStream

from anyio_stt import (
    STT,
    APIConnectionError,
    APIConnectOptions,
    APIError,
    APIStatusError,
    AudioLostError,
    SpeechEventType,
    STTError,
)
from anyio_stt.engines.deepgram import DeepgramSTT
from anyio_stt.engines.openai import OpenAIRealtimeSTT, OpenAISTT
from anyio_stt.engines.vosk import VoskServerSTT
from anyio_stt.engines.wyoming import WyomingSTT
from anyio_stt.testing import assert_no_leaks
from anyio_stt.testing.servers import (
    Action,
    DeepgramServer,
    Fault,
    FaultServer,
    Moment,
    OpenAIServer,
    VoskServer,
    WyomingServer,
    refused_port,
    say_words,
)
from anyio_stt.testing.servers.service import Service
from anyio_stt.transports import tls
from tests.engines.fault_matrix import ANY, IN_A_REQUEST, finals, recording

pytestmark = pytest.mark.real_time

KEY = "the-key-of-the-fault-server"


@dataclass(frozen=True)
class Network:
    """An engine and the server it speaks with."""

    serve: Callable[[list[Fault | None]], FaultServer]
    make: Callable[..., STT]
    rate: int = 16000
    keyed: bool = True
    moments: tuple[Moment, ...] = (Moment.HEARING, Moment.FINAL, Moment.OPENED, Moment.OPENING)
    """Where a connection can be lost and a stream moves on nevertheless."""
    after: float = 2.0
    """How much audio a connection hears until it is lost."""

    def engine(self, server: FaultServer, **options: Any) -> STT:
        return self.at(server.base_url, **options)

    def at(self, base_url: str, **options: Any) -> STT:
        keys = {"api_key": KEY} if self.keyed else {}
        return self.make(base_url=base_url, **keys, **options)


def flux(**options: Any) -> STT:
    return DeepgramSTT(model="flux-general-multi", **options)


def realtime(**options: Any) -> Callable[..., STT]:
    return lambda **more: OpenAIRealtimeSTT(**options, **more)


ENGINES = {
    "deepgram": Network(DeepgramServer, DeepgramSTT),
    "deepgram-flux": Network(DeepgramServer, flux, moments=ANY, after=0.3),
    "openai": Network(OpenAIServer, OpenAISTT, moments=IN_A_REQUEST, after=0.0),
    "realtime": Network(OpenAIServer, OpenAIRealtimeSTT, 24000),
    "realtime-live": Network(OpenAIServer, realtime(model="gpt-live-transcribe"), 24000),
    "realtime-speaches": Network(
        lambda faults: OpenAIServer(faults, dialect="speaches"), realtime(dialect="speaches"), 24000
    ),
    "realtime-vllm": Network(
        lambda faults: OpenAIServer(faults, dialect="vllm"),
        realtime(dialect="vllm"),
        moments=ANY,
        after=0.3,
    ),
    "vosk": Network(VoskServer, VoskServerSTT, keyed=False),
    "wyoming": Network(WyomingServer, WyomingSTT, keyed=False, moments=ANY, after=0.3),
}
every = pytest.mark.parametrize("network", list(ENGINES.values()), ids=list(ENGINES))
ON_HTTP = ["deepgram", "openai", "realtime", "vosk"]
over_http = pytest.mark.parametrize("network", [ENGINES[name] for name in ON_HTTP], ids=ON_HTTP)
WITH_KEYS = ["deepgram", "openai", "realtime"]
keyed = pytest.mark.parametrize("network", [ENGINES[name] for name in WITH_KEYS], ids=WITH_KEYS)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


# ---- a network that breaks


async def by_utterances(
    stt: STT, utterances: list[range], rate: int, options: APIConnectOptions
) -> list[str]:
    """Flush after each utterance, and return the finals."""
    said = []
    async with stt.stream(conn_options=options) as stream, anyio.create_task_group() as tasks:

        async def speak() -> None:
            for utterance in utterances:
                await stream.send_frame(say_words(utterance, sample_rate=rate))
                stream.flush()
            stream.end_input()

        tasks.start_soon(speak)
        async for event in stream:
            if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                said.append(event.alternatives[0].text)  # noqa: PERF401 - one at a time
    return said


@pytest.mark.contract("S15", "S16", "S17")
@every
async def test_sixty_seconds_over_twenty_broken_connections_are_what_they_are_over_one(
    network: Network,
) -> None:
    utterances = [range(first, first + 3) for first in range(1, 139, 3)]  # 46 of 1.3 s
    kills = [
        Fault(Action.RESET, network.moments[number % len(network.moments)], after=after)
        for number, after in enumerate(network.after + 0.17 * (n % 5) for n in range(20))
    ]
    # Where each utterance has a connection, two of three are lost; else the stream moves on.
    faults = [
        each for kill in kills for each in ((kill,) if network.after != 0.3 else (kill, None))
    ]
    # A request's connection serves the next one, so all that are lost are lost in a row.
    options = APIConnectOptions(max_retry=20 if network.after == 0 else 5, retry_interval=0.01)
    with anyio.fail_after(60):
        async with network.serve([]) as server, network.engine(server) as stt:
            undisturbed = await by_utterances(stt, utterances, network.rate, options)
        async with (
            assert_no_leaks(),
            network.serve(faults) as server,
            network.engine(server) as stt,
        ):
            disturbed = await by_utterances(stt, utterances, network.rate, options)
            assert server.struck == 20
    assert disturbed == undisturbed
    assert " ".join(undisturbed).split() == [f"w{number}" for number in range(1, 139)]


@pytest.mark.contract("S22")
@pytest.mark.parametrize("name", ["realtime", "realtime-live", "realtime-speaches"])
async def test_an_utterance_refused_in_place_of_its_final_is_lost_and_the_stream_goes_on(
    name: str,
) -> None:
    network, reports = ENGINES[name], list[STTError]()
    refused: list[Fault | None] = [Fault(Action.REFUSE, Moment.FINAL)]
    with anyio.fail_after(60):
        async with network.serve(refused) as server, network.engine(server) as stt:
            stt.on("error", reports.append)
            utterances = [range(1, 4), range(4, 7)]
            said = await by_utterances(stt, utterances, network.rate, APIConnectOptions())
            assert server.struck == server.connections == 1
    assert said == ["w4 w5 w6"]
    (report,) = reports
    assert report.recoverable
    assert isinstance(report.error, AudioLostError)
    ((start, end),) = report.error.lost
    assert start <= 0.3
    assert 0.8 <= end <= 1.4  # the words are from 0.0 to 0.8 s, the pause is over at 1.3


@every
@pytest.mark.parametrize("hear", [finals, recording])
async def test_where_nobody_listens_the_error_says_where_and_is_retryable(
    network: Network, hear: Any
) -> None:
    scheme = "tcp" if network.make is WyomingSTT else "http"
    with refused_port() as port, anyio.fail_after(5):
        async with assert_no_leaks(), network.at(f"{scheme}://127.0.0.1:{port}") as stt:
            with pytest.raises(APIConnectionError, match=f"127.0.0.1:{port}") as caught:
                await hear(stt, say_words([1]), APIConnectOptions(max_retry=0, timeout=1))
    assert type(caught.value) is APIConnectionError
    assert caught.value.retryable


@over_http
@pytest.mark.parametrize("hear", [finals, recording])
async def test_a_provider_that_asks_to_wait_is_not_asked_before(
    network: Network, hear: Any
) -> None:
    in_a_second = formatdate(time() + 2, usegmt=True)  # whole seconds: one at least
    faults: list[Fault | None] = [
        Fault(Action.STATUS, status=503, retry_after=in_a_second),
        Fault(Action.STATUS, status=429, retry_after="0.3"),
    ]
    options = APIConnectOptions(max_retry=2, retry_interval=0.01)
    with anyio.fail_after(10):
        async with network.serve(faults) as server, network.engine(server) as stt:
            began = anyio.current_time()
            said = await hear(stt, say_words([1, 2, 3], sample_rate=network.rate), options)
            waited = anyio.current_time() - began
            assert server.struck >= 1  # a connection that was refused on is used again
    assert said == ["w1 w2 w3"]
    assert 1.0 <= waited < 4.0


# ---- what must not be told


@keyed
@pytest.mark.parametrize("hear", [finals, recording])
@pytest.mark.parametrize(
    "fault",
    [
        Fault(Action.STATUS, status=401, reason=f"your key {KEY} is wrong"),
        Fault(Action.STATUS, status=500, reason=f"cannot read Authorization: Bearer {KEY}"),
        Fault(Action.CLOSE, Moment.OPENED, code=1008, reason=f"bad key {KEY}"),
        Fault(Action.GARBAGE, Moment.DRAINING),
    ],
    ids=str,
)
async def test_a_key_is_told_nowhere_even_if_the_provider_repeats_it(
    network: Network,
    hear: Any,
    fault: Fault,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(Service, "garbage", f'{{"key": "{KEY}')
    reports: list[STTError] = []
    with anyio.fail_after(5):
        async with network.serve([fault, fault]) as server, network.engine(server) as stt:
            stt.on("error", reports.append)
            stream = stt.stream()
            shown = [repr(stt), str(stt), repr(stream), repr(vars(stt).get("_endpoint"))]
            shown += [repr(vars(stt).get("_http")), repr(vars(stt).get("_options"))]
            await stream.aclose()
            audio = say_words([1, 2, 3], sample_rate=network.rate)
            options = APIConnectOptions(max_retry=1, retry_interval=0.01, drain_timeout=2.0)
            with suppress(APIError):
                await hear(stt, audio, options)
    failure: BaseException | None = reports[0].error if reports else None
    while failure is not None:
        shown += [repr(failure), str(failure), repr(vars(failure))]
        failure = failure.__cause__ or failure.__context__
    assert KEY not in "\n".join([*shown, caplog.text, repr(reports)])


@keyed
def test_a_key_comes_from_the_providers_usual_variable(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = "DEEPGRAM_API_KEY" if network.make is DeepgramSTT else "OPENAI_API_KEY"
    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ValueError, match=f"api_key= or set the environment variable {variable}"):
        network.make()
    monkeypatch.setenv(variable, "from-the-environment")
    assert network.make()._endpoint.credentials.secrets == ("from-the-environment",)  # type: ignore[attr-defined]


# ---- a proxy, and TLS


@contextmanager
def authority() -> Iterator[tuple[ssl.SSLContext, Path]]:
    """Make a certificate for `far.example`, and a file with who vouches for it."""
    trustme = pytest.importorskip("trustme")
    ca = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("far.example").configure_cert(context)
    with ExitStack() as stack:
        yield context, stack.enter_context(ca.cert_pem.tempfile())


@asynccontextmanager
async def proxy(
    server: FaultServer, context: ssl.SSLContext
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Be a proxy at whose far end `far.example` is *server*, behind TLS."""
    asked: list[bytes] = []

    async def pipe(source: ByteStream, sink: ByteStream, tasks: anyio.abc.TaskGroup) -> None:
        with suppress(anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            while True:
                await sink.send(await source.receive())
        tasks.cancel_scope.cancel()

    async def visit(stream: ByteStream) -> None:
        async with stream:
            request = b""
            while b"\r\n\r\n" not in request:
                request += await stream.receive()
            asked.append(request.partition(b"\r\n")[0])
            await stream.send(b"HTTP/1.1 200 OK\r\n\r\n")
            try:
                near = await TLSStream.wrap(
                    stream, server_side=True, ssl_context=context, standard_compatible=False
                )
            except (ssl.SSLError, anyio.BrokenResourceError, anyio.EndOfStream):
                return  # the client does not trust us
            async with (
                await anyio.connect_tcp("127.0.0.1", server.port) as far,
                anyio.create_task_group() as tasks,
            ):
                tasks.start_soon(pipe, near, far, tasks)
                tasks.start_soon(pipe, far, near, tasks)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, visit)
        yield listener.extra(SocketAttribute.local_port), asked
        tasks.cancel_scope.cancel()


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """Have the system trust `far.example`."""
    with authority() as (context, file):
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        tls._load.cache_clear()
        yield context
        tls._load.cache_clear()


@over_http
@pytest.mark.parametrize("hear", [finals, recording])
async def test_through_the_proxy_of_the_environment_and_tls_all_is_the_same(
    network: Network, hear: Any, trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    audio = say_words([1, 2, 3], sample_rate=network.rate)
    with anyio.fail_after(10):
        async with network.serve([]) as server, proxy(server, trusted) as (port, asked):
            monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
            async with network.at("https://far.example") as stt:
                assert await hear(stt, audio, APIConnectOptions(max_retry=0)) == ["w1 w2 w3"]
    assert asked == [b"CONNECT far.example:443 HTTP/1.1"]


@over_http
async def test_a_certificate_that_nobody_vouches_for_is_final(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls._load.cache_clear()
    with authority() as (context, _), anyio.fail_after(10):
        async with network.serve([]) as server, proxy(server, context) as (port, _):
            monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
            async with network.at("https://far.example") as stt:
                with pytest.raises(
                    APIConnectionError, match=r"certificate of .* not trusted"
                ) as caught:
                    await finals(stt, say_words([1]), APIConnectOptions())
    assert not caught.value.retryable


# ---- a status where a websocket was expected, of a server that knows none


async def test_a_gateway_in_front_of_vosk_may_refuse_too() -> None:
    refusal: list[Fault | None] = [Fault(Action.STATUS, status=403)]
    with anyio.fail_after(5):
        async with VoskServer(refusal) as server, VoskServerSTT(base_url=server.base_url) as stt:
            with pytest.raises(APIStatusError, match="answered 403") as caught:
                await finals(stt, say_words([1]), APIConnectOptions())
    assert not caught.value.retryable
