"""
Pipecat's Deepgram service in a pipeline, as its documentation shows it.

A pipeline has no end of the speech but that of the conversation, which ends before the last
answers have come; so a microphone that stays open for two seconds is pushed behind the speech.
"""

from __future__ import annotations

import asyncio
from typing import Any

from loguru import logger
from pipecat.frames.frames import EndFrame, Frame, InputAudioRawFrame, TranscriptionFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.service_switcher import ServiceSwitcher, ServiceSwitcherStrategyFailover
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.deepgram.stt import DeepgramSTTService
from pipecat.workers.runner import WorkerRunner

from ..client import FRAME, RATE, Call, sockets

PACKAGES = ("pipecat-ai", "deepgram-sdk")
_OPEN = 2.0  # seconds that the microphone stays open


class Hearing(FrameProcessor):
    """The processor behind the service."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call = call

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame):
            self.call.hear(frame.text)
        await self.push_frame(frame, direction)


async def push(worker: PipelineWorker, call: Call) -> None:
    for wait, audio in call.frames():
        await asyncio.sleep(wait)
        await worker.queue_frame(InputAudioRawFrame(audio, RATE, 1))
    for _ in range(round(_OPEN / FRAME)):
        await asyncio.sleep(FRAME)
        await worker.queue_frame(InputAudioRawFrame(bytes(2 * round(RATE * FRAME)), RATE, 1))
    await worker.queue_frame(EndFrame())


async def main(call: Call) -> None:
    open_before = sockets()
    services: list[Any] = [DeepgramSTTService(api_key="k", base_url=url) for url in call.urls]
    stt: Any = services[0]
    if len(services) > 1:
        stt = ServiceSwitcher(services, ServiceSwitcherStrategyFailover)
    worker = PipelineWorker(
        Pipeline([stt, Hearing(call)]), params=PipelineParams(audio_in_sample_rate=RATE)
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    pushing = asyncio.ensure_future(push(worker, call))
    try:
        await runner.run()
    except Exception as exc:
        call.end = f"{type(exc).__name__}: {exc}"
    pushing.cancel()
    await asyncio.gather(pushing, return_exceptions=True)
    await asyncio.sleep(0.5)
    left = len(asyncio.all_tasks()) - 1
    call.left = {"tasks": left, "sockets": max(0, sockets() - open_before)}


def listen(call: Call, argument: str) -> None:
    logger.remove()
    asyncio.run(main(call))
