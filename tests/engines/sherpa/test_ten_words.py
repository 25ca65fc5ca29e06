"""Models that hear speech as it comes, with weights that were learned here: ten words."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import anyio
import numpy as np
import pytest

from anyio_stt import AudioFrame, SpeechEvent
from anyio_stt.engines.sherpa import Endpointing, SherpaOptions, SherpaSTT
from anyio_stt.engines.sherpa.model_kinds import recognise_folder
from anyio_stt.events import SpeechEventType
from anyio_stt.testing import assert_no_leaks, check_stt, cut, silence
from tests.engines.sherpa.ten_words.speech import TO_TRY, WORDS, Samples, Speaker, recording

for package in ("sherpa_onnx", "espeakng_loader", "onnx"):
    pytest.importorskip(package)

pytestmark = [pytest.mark.heavy, pytest.mark.real_time, pytest.mark.timeout(300)]
FINAL, INTERIM = SpeechEventType.FINAL_TRANSCRIPT, SpeechEventType.INTERIM_TRANSCRIPT


@pytest.fixture(scope="module")
def models() -> Path:
    """Train once for each state of the sources; later runs find what they made.

    In a process of its own: what eSpeak NG says depends a little on what it said before, and
    one thread is the fastest for matrices as small as these.
    """
    sources = sorted((Path(__file__).parent / "ten_words").glob("*.py"))
    content = b"".join(source.read_bytes() for source in sources)
    name = f"anyio-stt-ten-words-{hashlib.sha256(content).hexdigest()[:16]}"
    folder = Path(tempfile.gettempdir()) / name
    if not folder.is_dir():
        subprocess.run(
            [sys.executable, "-m", "tests.engines.sherpa.ten_words", str(folder)],
            cwd=Path(__file__).parents[3], env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            check=True, timeout=250,
        )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def recordings() -> list[AudioFrame]:
    """Return all ten words by each of the voices that nothing was learned from."""
    speaker = Speaker()
    return [frame(recording(speaker, voice)) for voice in TO_TRY]


def frame(samples: Samples) -> AudioFrame:
    return AudioFrame.from_array(np.rint(samples * 32000).astype(np.int16), 16000)


async def transcribe(stt: SherpaSTT, audio: AudioFrame) -> list[SpeechEvent]:
    events = []
    async with stt.stream() as stream, anyio.create_task_group() as tg:
        tg.start_soon(stream.feed, cut(audio, 0.1))
        async for event in stream:
            events.append(event)  # noqa: PERF401 - what came counts if it fails
    return events


def said(events: list[SpeechEvent]) -> list[str]:
    return [
        word
        for event in events
        if event.type is FINAL
        for word in event.alternatives[0].text.split()
    ]


@pytest.mark.parametrize("kind", ["ctc", "transducer"])
@pytest.mark.parametrize("isolated", [False, True])
async def test_nine_of_ten_words_are_right_in_voices_that_it_never_heard(
    kind: str, isolated: bool, models: Path, recordings: list[AudioFrame]
) -> None:
    assert recognise_folder(models / kind).streaming
    async with assert_no_leaks(), SherpaSTT(model=models / kind, isolated=isolated) as stt:
        heard = [await transcribe(stt, audio) for audio in recordings]
        whole = await stt.recognize(recordings[0])

    for events in heard:
        right = sum(word in said(events) for word in WORDS)
        assert right >= 9, said(events)
        assert len(said(events)) <= 11
    assert whole.alternatives[0].text.split() == said(heard[0])


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("kind", ["ctc", "transducer"])
def test_the_engine_keeps_the_contract(
    kind: str, backend: str, models: Path, recordings: list[AudioFrame]
) -> None:
    audio = recordings[0].slice(0, round(2.6 * 16000))
    make_stt = partial(SherpaSTT, model=models / kind)
    anyio.run(partial(check_stt, make_stt, audio=audio, patience=30), backend=backend)


async def test_words_have_the_times_at_which_they_were_said(models: Path) -> None:
    speaker = Speaker()
    pause = np.zeros(24000, np.float32)
    seven, two = (speaker.say(word, TO_TRY[0]) for word in ("seven", "two"))
    audio = frame(np.concatenate([pause, seven, pause, pause, two, pause]))

    async with SherpaSTT(model=models / "ctc") as stt:
        events = await transcribe(stt, audio)

    words = [
        word
        for event in events
        if event.type is FINAL
        for word in event.alternatives[0].words or ()
    ]
    assert [word.text for word in words] == ["seven", "two"]
    begins = [1.5, 1.5 + len(seven) / 16000 + 3.0]
    for word, begin in zip(words, begins, strict=True):
        assert begin <= word.start_time <= begin + 1.0
    assert sum(event.type is INTERIM for event in events) == 2


async def test_an_utterance_ends_when_the_rules_say_so(
    models: Path, recordings: list[AudioFrame]
) -> None:
    async def finals(endpointing: Endpointing) -> int:
        async with SherpaSTT(model=models / "ctc", endpointing=endpointing) as stt:
            return sum(event.type is FINAL for event in await transcribe(stt, recordings[0]))

    assert await finals(Endpointing(offset=2.0, max_utterance=30.0)) == 1
    assert await finals(Endpointing(offset=2.0, max_utterance=3.0)) > 1
    assert await finals(Endpointing(offset=0.3, tail=0.3)) > 3


async def test_silence_says_nothing(models: Path) -> None:
    async with SherpaSTT(model=models / "ctc") as stt:
        async with stt.stream() as stream:
            for piece in cut(silence(30.0), 0.1):
                await stream.send_frame(piece)
            stream.end_input()
            events = [event async for event in stream]
        statistics = stream.statistics()

    assert said(events) == []
    assert statistics.dropped == 0


async def test_words_that_are_listened_for_are_heard_more_often_in_noise(models: Path) -> None:
    speaker = Speaker()
    rng = np.random.default_rng(3)
    pause = np.zeros(16000, np.float32)
    word = np.concatenate([pause, speaker.say("nine", TO_TRY[0]), pause])
    noise = [rng.normal(size=len(word)) * level for level in (0.06, 0.08, 0.1, 0.12, 0.14, 0.16)]
    noisy = [frame(np.clip(word + each, -1, 1).astype(np.float32)) for each in noise]

    async def heard(hotwords: list[str]) -> list[str]:
        options = SherpaOptions(model=models / "transducer", hotwords=hotwords, hotwords_score=6.0)
        async with SherpaSTT(options) as stt:
            return [each for audio in noisy for each in said(await transcribe(stt, audio))]

    without = await heard([])
    more = [(await heard([each])).count(each) - without.count(each) for each in WORDS]
    assert sum(more) > 0, more


def test_a_word_that_cannot_be_spelled_is_refused(models: Path) -> None:
    with pytest.raises(ValueError, match=r"'pear', for which tokens\.txt"):
        SherpaSTT(SherpaOptions(model=models / "transducer", hotwords=["nine pear"]))
