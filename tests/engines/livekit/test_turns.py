"""LiveKit's text turn detectors, asked by our turns: their class, with a made-up model."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import multiprocessing
import threading
import warnings
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from anyio_stt import TurnMoment
from anyio_stt.testing import Hear, HearAll, ScriptedSTT, silence
from tests.test_turns import GRAMMAR, letters, says, texts

agents = pytest.importorskip(
    "livekit.agents", reason="LiveKit is not installed: the extra heavy brings it"
)
with warnings.catch_warnings():  # LiveKit has another one now, which hears sound
    warnings.simplefilter("ignore", DeprecationWarning)
    theirs = pytest.importorskip("livekit.plugins.turn_detector.base")

from anyio_stt.engines.livekit import LiveKitTurnDetector  # noqa: E402  # isort: skip

pytestmark = pytest.mark.real_time

SCRIPT = [
    Hear(2.0), *says("so", 0.5, 1.0), Hear(1.1), *says("well", 2.0, 2.5),
    Hear(4.0), *says("yes", 6.0, 6.5), HearAll(),
]  # fmt: skip


class Executor:
    """What a LiveKit job has: answers by what was said last."""

    def __init__(self, answer: Callable[[str], float]) -> None:
        self.answer = answer
        self.asked: list[list[dict[str, str]]] = []
        self.threads: set[threading.Thread] = set()

    async def do_inference(self, method: str, data: bytes) -> bytes | None:
        assert method == "made_up"
        self.threads.add(threading.current_thread())
        self.asked.append(json.loads(data)["chat_ctx"])
        await asyncio.sleep(0)
        return json.dumps({"eou_probability": self.answer(self.asked[-1][-1]["content"])}).encode()


class Model(theirs.EOUModelBase):  # type: ignore[misc,name-defined]
    """Their class, without the weights, which it would look for in a cache of Hugging Face's."""

    def __init__(self, executor: Any, **options: Any) -> None:
        super().__init__("multilingual", executor, load_languages=False, **options)
        self._languages = {"en": {"threshold": 0.01}, "de-DE": {"threshold": 0.2}}

    def _inference_method(self) -> str:
        return "made_up"


async def heard(detector: object, **options: float) -> list[TurnMoment]:
    async with ScriptedSTT(SCRIPT) as stt, stt.stream() as stream, anyio.create_task_group() as tg:
        tg.start_soon(stream.feed, [silence(10.0)])
        with anyio.fail_after(60):
            turns = stream.turns(detector=detector, **options)  # type: ignore[arg-type]
            return [each async for each in turns]
    raise AssertionError


@pytest.mark.parametrize("thread", [False, True])
async def test_it_decides_as_livekit_does_and_knows_what_was_said_before(thread: bool) -> None:
    executor = Executor(lambda text: 0.009 if text == "so" else 0.01)
    before = agents.llm.ChatContext.empty()
    before.add_message(role="assistant", content="Did it work?")
    detector = LiveKitTurnDetector(Model(executor), chat_ctx=before, thread=thread)
    moments = await heard(detector, max_silence=30.0)
    assert GRAMMAR.fullmatch(letters(moments))
    assert texts(moments) == ["so well", "yes"]
    assert executor.asked[0] == [
        {"role": "assistant", "content": "Did it work?"},
        {"role": "user", "content": "so"},
    ]
    assert [each[-1]["content"] for each in executor.asked].count("so well") == 1
    assert len(before.items) == 1


async def test_it_is_asked_on_the_asyncio_loop_it_was_made_on_and_nowhere_else_on_a_loop_of_ours(
    anyio_backend_name: str,
) -> None:
    here = threading.current_thread()
    executor = Executor(lambda _: 1.0)
    await heard(LiveKitTurnDetector(Model(executor)))
    assert (executor.threads == {here}) is (anyio_backend_name == "asyncio")
    executor.threads.clear()
    await heard(LiveKitTurnDetector(Model(executor), thread=True))
    assert executor.threads
    assert here not in executor.threads


def never(_: str) -> float:
    raise OSError("the inference process is gone")


@pytest.mark.parametrize("answer", [never, lambda _: math.nan, lambda _: 1.5, lambda _: -0.1])
@pytest.mark.parametrize("thread", [False, True])
async def test_one_that_fails_costs_nobody_a_turn(
    answer: Callable[[str], float], thread: bool, caplog: pytest.LogCaptureFixture
) -> None:
    executor = Executor(answer)
    moments = await heard(LiveKitTurnDetector(Model(executor), thread=thread))
    assert texts(moments) == ["so well", "yes"]
    assert "LiveKitTurnDetector failed" in caplog.text
    assert len(executor.asked) == 3


class Hanging(Executor):
    """Answers nothing, and does not mind the time."""

    async def do_inference(self, method: str, data: bytes) -> bytes | None:
        await asyncio.Event().wait()
        return None


@pytest.mark.parametrize("thread", [False, True])
async def test_one_that_hangs_is_given_up_and_its_question_ended(
    thread: bool, caplog: pytest.LogCaptureFixture
) -> None:
    detector = LiveKitTurnDetector(Model(Hanging(never)), timeout=0.05, thread=thread)
    assert texts(await heard(detector)) == ["so well", "yes"]
    assert "LiveKitTurnDetector failed" in caplog.text
    with anyio.fail_after(60):
        while any(each.name == "anyio_stt turn detector" for each in threading.enumerate()):
            await anyio.sleep(0.01)


async def ask(detector: LiveKitTurnDetector, language: str) -> float:
    return await anyio.to_thread.run_sync(detector.judge, silence(1.0), "so", language, 0.2)


async def test_its_threshold_for_the_language_becomes_a_half() -> None:
    values = iter([0.0, 0.1, 0.2, 0.6, 1.0])
    detector = LiveKitTurnDetector(Model(Executor(lambda _: next(values))))
    answers = [await ask(detector, "de-DE") for _ in range(5)]
    assert answers == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0])
    always = LiveKitTurnDetector(Model(Executor(lambda _: 0.3), unlikely_threshold=1.0))
    assert await ask(always, "en") == pytest.approx(0.15)


async def test_a_language_it_does_not_know_leaves_it_to_silence_and_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    executor = Executor(lambda _: 1.0)
    detector = LiveKitTurnDetector(Model(executor))
    with caplog.at_level(logging.WARNING):
        assert [await ask(detector, each) for each in ("eo", "eo", "", "en-GB")] == [0, 0, 0, 1]
    unknown, untold = (each.getMessage() for each in caplog.records)
    assert unknown == "Model does not know 'eo'; turns go by silence alone"
    assert "not told the language: LiveKitTurnDetector(model, language='en')" in untold
    assert await ask(LiveKitTurnDetector(Model(executor), language="en"), "") == 1.0


def test_one_that_hears_sound_is_refused() -> None:
    with pytest.raises(TypeError, match=r"has no predict_end_of_turn.*SmartTurn"):
        LiveKitTurnDetector(object())


def test_made_outside_of_a_loop_it_has_one_of_its_own_for_each_question() -> None:
    executor = Executor(lambda _: 1.0)
    detector = LiveKitTurnDetector(Model(executor))
    for backend in ("asyncio", "trio"):
        moments = anyio.run(heard, detector, backend=backend)
        assert texts(moments)[-1] == "yes"
    assert threading.main_thread() not in executor.threads


async def asked_of_a_process() -> list[TurnMoment]:
    """Ask as a LiveKit job does, whose network is in a process that belongs to the job's loop."""
    from livekit.agents.ipc.inference_proc_executor import InferenceProcExecutor

    from .made_up_runner import MadeUpRunner

    executor = InferenceProcExecutor(
        runners={"made_up": MadeUpRunner},
        initialize_timeout=60, close_timeout=60, memory_warn_mb=0, memory_limit_mb=0,
        ping_interval=60, ping_timeout=60, high_ping_threshold=60,
        mp_ctx=multiprocessing.get_context("spawn"),
        loop=asyncio.get_running_loop(), http_proxy=None,
    )  # fmt: skip
    await executor.start()
    try:
        await executor.initialize()
        return await heard(LiveKitTurnDetector(Model(executor)), max_silence=30.0)
    finally:
        await executor.aclose()


@pytest.mark.heavy
@pytest.mark.timeout(180)
def test_livekits_own_inference_process_is_asked_on_the_loop_it_belongs_to() -> None:
    assert texts(anyio.run(asked_of_a_process)) == ["so well", "yes"]
