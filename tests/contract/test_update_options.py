"""Options that change while it runs: nothing is cut, lost or said by those of another time."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import anyio
import numpy as np
import pytest

from anyio_stt import (
    DEFAULT_API_CONNECT_OPTIONS,
    STT,
    APIConnectionError,
    APIConnectOptions,
    AudioBuffer,
    AudioFrame,
    FallbackAdapter,
    RecognizeStream,
    SpeechData,
    SpeechEvent,
    SpeechEventType,
    StreamAdapter,
    StreamClosedError,
    STTCapabilities,
    Word,
)
from anyio_stt.adapters import MultiChannel, MultiSpeakerAdapter
from anyio_stt.testing import ScriptedSTT, cut, cut_randomly
from anyio_stt.testing.servers import say_words
from anyio_stt.testing.servers.words import Recogniser, Utterance
from tests.adapters.loud_vad import LoudVAD

RATE = 16000
UTTERANCE = 3  # words of 0.2 s, gaps of 0.1 s, and a pause of 0.5 s
WHOLE = UTTERANCE * 0.2 + (UTTERANCE - 1) * 0.1 + 0.5
SOON = APIConnectOptions(max_retry=30, retry_interval=0.01, timeout=5.0)


@dataclass(frozen=True)
class Asked:
    language: str = "old"
    keyterms: tuple[str, ...] = ()
    endpointing: int = 300

    def __post_init__(self) -> None:
        if not 0 < self.endpointing <= 5000:
            raise ValueError(f"endpointing must be 1 to 5000 ms, got {self.endpointing!r}")


class TellingSTT(STT):
    """
    Recognises the words of `say_words`, and says by which options it did.

    Args:
        tears: how likely an attempt fails within a second of audio.
        streaming: whether it makes streams, or recognises recordings only.
        flushes: whether a flush is what makes it say finals.
    """

    _changeable = ("language", "keyterms", "endpointing")

    def __init__(
        self,
        rng: random.Random | None = None,
        tears: float = 0.0,
        *,
        streaming: bool = True,
        flushes: bool = False,
    ) -> None:
        super().__init__(
            capabilities=STTCapabilities(
                streaming=streaming,
                interim_results=not flushes,
                diarization=True,
                aligned_transcript="word",
                manual_flush=flushes,
                num_channels=1,
            )
        )
        self._label = "telling"
        self._options = Asked()
        self.rng = rng or random.Random(0)
        self.tears = tears
        self.flushes = flushes
        self.attempts: list[Asked] = []

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> RecognizeStream:
        if not self.capabilities.streaming:
            return super().stream()
        asked = replace(self._options, language=language or self._options.language)
        return TellingStream(stt=self, conn_options=conn_options, sample_rate=RATE, options=asked)

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        del conn_options
        if self.rng.random() < self.tears:
            raise APIConnectionError("torn")
        recogniser = Recogniser(RATE)
        frames = buffer if isinstance(buffer, list) else [buffer]
        said = [each for frame in frames for each in recogniser.feed(frame.to_array())]
        said += recogniser.finish()
        words = tuple(word for each in said if each.final for word in each.words)
        asked = replace(self._options, language=language or self._options.language)
        return final(Utterance(words, 0.0, recogniser.heard, final=True), asked)


class TellingStream(RecognizeStream):
    async def _run(self) -> None:
        stt: Any = self._stt
        stt.attempts.append(self._options)
        self.recogniser = Recogniser(RATE)
        self.open = False
        async for item in self._input_ch:
            if isinstance(item, AudioFrame):
                if stt.rng.random() > (1 - stt.tears) ** item.duration:  # never sure, however long
                    raise APIConnectionError("torn")
                self.say(self.recogniser.feed(item.to_array()), ends=not stt.flushes)
            else:
                self.say(self.recogniser.finish())
        self.say(self.recogniser.finish())

    def say(self, told: list[Utterance], *, ends: bool = True) -> None:
        for said in told:
            if not said.words:
                if said.final:
                    self._report_silence(said.end)
            elif said.final:
                self._event_ch.send_nowait(final(said, self._options))
                if ends:
                    self._event_ch.send_nowait(SpeechEvent(SpeechEventType.END_OF_SPEECH))
            elif ends:
                guess = replace(final(said, self._options), type=SpeechEventType.INTERIM_TRANSCRIPT)
                self._event_ch.send_nowait(guess)


def final(said: Utterance, asked: Asked) -> SpeechEvent:
    words = [Word(word.text, word.start, word.end) for word in said.words]
    data = SpeechData(
        asked.language, said.text, said.start, said.end, 0.9, speaker_id="S1", words=words
    )
    return SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT, alternatives=[data])


async def hear(
    stream: RecognizeStream,
    frames: list[AudioFrame],
    before: int,
    change: Callable[[], None],
    *,
    flush_each: int = 0,
    lag: float = 0.0,
    rng: random.Random | None = None,
) -> tuple[list[str], list[str]]:
    """Push *frames*, make the change after so many; return the words and their languages."""
    words: list[str] = []
    languages: list[str] = []
    with anyio.fail_after(60):
        async with stream, anyio.create_task_group() as tasks:

            async def push() -> None:
                for number, frame in enumerate(frames):
                    if number == before:
                        change()
                    await stream.send_frame(frame)
                    if flush_each and (number + 1) % flush_each == 0:
                        stream.flush()
                    await anyio.sleep(lag if rng is None else rng.choice([0.0, 0.01]))
                stream.end_input()

            tasks.start_soon(push)
            async for event in stream:
                if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                    for word in event.alternatives[0].text.split():
                        words.append(word)
                        languages.append(event.alternatives[0].language)
    return words, languages


def named(count: int) -> list[str]:
    return [f"w{number}" for number in range(1, count + 1)]


def expected(count: int, old: int) -> list[str]:
    return ["old"] * old + ["new"] * (count - old)


def utterances_begun(frames: list[AudioFrame]) -> int:
    """How many utterances a part of `say_words` has begun."""
    seconds = sum(frame.duration for frame in frames)
    return int(-(-(seconds - 1e-9) // WHOLE)) if seconds > 1e-9 else 0


def in_pieces(count: int, rng: random.Random) -> list[AudioFrame]:
    return cut(say_words(range(1, count + 1)), rng.choice([0.02, 0.05, 0.1]))


@pytest.mark.contract("S16")
@pytest.mark.parametrize("tears", [0.0, 0.4])
@pytest.mark.parametrize("seed", range(4))
async def test_words_before_go_by_the_old_options_and_those_after_by_the_new(
    seed: int, tears: float
) -> None:
    rng = random.Random(seed)
    for _ in range(5):
        count = rng.randint(1, 24)
        frames = in_pieces(count, rng)
        before = rng.randint(0, len(frames) - 1)
        stt = TellingSTT(rng, tears)
        stream = stt.stream(conn_options=SOON)
        change = partial(stream.update_options, language="new")
        words, languages = await hear(stream, frames, before, change)
        old = min(count, UTTERANCE * utterances_begun(frames[:before]))
        assert words == named(count)
        assert languages == expected(count, old)


@pytest.mark.parametrize("seed", range(4))
async def test_however_the_audio_comes_nothing_is_lost_and_the_order_is_kept(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(5):
        count = rng.randint(1, 24)
        frames = cut_randomly(say_words(range(1, count + 1)), rng, rng.randint(1, 60))
        before = rng.randint(0, len(frames) - 1)
        stt = TellingSTT(rng, rng.choice([0.0, 0.2]))
        stream = stt.stream(conn_options=SOON)
        change = partial(stream.update_options, language="new")
        words, languages = await hear(stream, frames, before, change, rng=rng)
        assert words == named(count)
        pushed = sum(frame.duration for frame in frames[:before])
        old = languages.count("old")
        assert languages == expected(count, old)
        assert old >= min(count, UTTERANCE * int(pushed / WHOLE))


async def test_several_changes_hold_one_after_the_other() -> None:
    frames = cut(say_words(range(1, 25)), 0.05)
    stt = TellingSTT()
    async with stt.stream() as stream:
        for number, frame in enumerate(frames):
            if number % 52 == 10:  # once in each second utterance
                stream.update_options(language=f"L{number // 52}")
                stream.update_options(keyterms=[f"k{number // 52}"])
            await stream.send_frame(frame)
            await anyio.sleep(0)
        stream.end_input()
        finals = [e async for e in stream if e.type is SpeechEventType.FINAL_TRANSCRIPT]
        statistics = stream.statistics()

    said = [(final.alternatives[0].language, final.alternatives[0].text) for final in finals]
    assert [text for _, text in said] == [
        f"w{n} w{n + 1} w{n + 2}" for n in range(1, 24, UTTERANCE)
    ]
    assert [language for language, _ in said] == [
        "old", "L0", "L0", "L1", "L1", "L2", "L2", "L3"
    ]  # fmt: skip
    assert [asked.keyterms for asked in stt.attempts] == [(), ("k0",), ("k1",), ("k2",), ("k3",)]
    assert statistics.dropped == statistics.replayed == 0


async def test_an_engine_that_ends_no_utterances_is_cut_at_flushes_only() -> None:
    frames = cut(say_words(range(1, 13)), 0.1)
    stt = TellingSTT(flushes=True)
    stream = stt.stream()
    words, languages = await hear(
        stream, frames, 5, partial(stream.update_options, language="new"), flush_each=26
    )
    assert words == named(12)
    assert languages == expected(12, 6)  # 2.6 s are two utterances
    assert len(stt.attempts) == 2


async def test_a_flush_is_a_place_where_nobody_pauses() -> None:
    audio = say_words(range(1, 9), gap=0.0, pause=0.05, per_utterance=100)
    frames = cut(audio, 0.2)
    stt = TellingSTT()
    stream = stt.stream()
    words, languages = await hear(
        stream, frames, 5, partial(stream.update_options, language="new"), flush_each=6
    )
    assert words == named(8)
    assert languages == expected(8, 6)


async def test_a_line_that_is_never_silent_is_cut_between_utterances_after_a_minute() -> None:
    rng = np.random.default_rng(1)
    stt = TellingSTT()
    async with stt.stream() as stream:
        stream.update_options(language="new")  # before any audio: at once
        await stream.send_frame(say_words([1]))
        await stream.finalize()
        stream.update_options(language="newer")
        for _ in range(70):
            noise = rng.integers(-900, 900, RATE).astype(np.int16)  # no word, and no silence
            await stream.send_frame(AudioFrame.from_array(noise, RATE))
            await anyio.sleep(0)
        await stream.send_frame(say_words([2]))
        stream.end_input()
        finals = [e async for e in stream if e.type is SpeechEventType.FINAL_TRANSCRIPT]
    assert [final.alternatives[0].language for final in finals] == ["new", "newer"]


async def test_a_stream_that_has_not_begun_goes_by_the_new_options_from_the_start() -> None:
    stt = TellingSTT()
    stream = stt.stream(language="first")
    stream.update_options(language="new")
    words, languages = await hear(stream, cut(say_words([1, 2]), 0.1), 0, lambda: None)
    assert (words, languages) == (["w1", "w2"], ["new", "new"])
    assert [asked.language for asked in stt.attempts] == ["new"]


async def test_while_nobody_speaks_it_holds_before_the_next_word() -> None:
    stt = TellingSTT()
    async with stt.stream() as stream:
        await stream.send_frame(say_words([1]))
        await stream.finalize()
        stream.update_options(language="new")
        await anyio.wait_all_tasks_blocked()
        assert [asked.language for asked in stt.attempts] == ["old", "new"]  # it waits already
        await stream.send_frame(say_words([2]))
        stream.end_input()
        finals = [e async for e in stream if e.type is SpeechEventType.FINAL_TRANSCRIPT]
    assert [final.alternatives[0].language for final in finals] == ["old", "new"]


async def test_an_engine_changes_with_its_open_streams_and_those_made_later() -> None:
    frames = cut(say_words(range(1, 7)), 0.1)
    stt = TellingSTT()
    first, other = stt.stream(), stt.stream(language="first")
    async with other:
        words, languages = await hear(first, frames, 2, partial(stt.update_options, language="new"))
        other.end_input()
    assert words == named(6)
    assert languages == expected(6, 3)
    assert [asked.language for asked in stt.attempts] == ["first", "old", "new", "new"]
    event = await stt.recognize(say_words([1, 2]))
    assert event.alternatives[0].language == "new"
    assert (await hear(stt.stream(), frames, 0, lambda: None))[1] == ["new"] * 6


async def test_what_cannot_be_changed_is_refused_in_one_line_and_changes_nothing() -> None:
    stt = TellingSTT()
    async with stt.stream() as stream:
        for change in (stt.update_options, stream.update_options):
            with pytest.raises(
                TypeError,
                match=r"^telling cannot change sample_rate while it runs, but language, "
                r"keyterms, endpointing; make another engine$",
            ):
                change(language="new", sample_rate=8000)
            with pytest.raises(TypeError, match=r"^telling: keyterms takes a sequence of strings"):
                change(keyterms="one")
            with pytest.raises(TypeError, match=r"^telling: language takes a string, got 5$"):
                change(language=5)
            with pytest.raises(ValueError, match=r"^endpointing must be 1 to 5000 ms, got 0$"):
                change(language="new", endpointing=0)
            change()
        stream.push_frame(say_words([1]))
        stream.end_input()
        finals = [e async for e in stream if e.type is SpeechEventType.FINAL_TRANSCRIPT]
    assert [final.alternatives[0].language for final in finals] == ["old"]
    assert stt.attempts == [Asked()]
    with pytest.raises(StreamClosedError):
        stream.update_options(language="new")
    with pytest.raises(TypeError, match="cannot change language while it runs, but nothing"):
        ScriptedSTT().update_options(language="new")


# ---- behind adapters


def behind(kind: str, rng: random.Random) -> STT:
    member = TellingSTT(rng, 0.1)
    if kind == "stream":
        return StreamAdapter(stt=TellingSTT(rng, 0.1, streaming=False), vad=LoudVAD())
    if kind == "speakers":
        return MultiSpeakerAdapter(stt=member)
    if kind == "channels":
        return MultiChannel(member)
    hedge = 0.5 if kind == "hedged" else None
    batch = TellingSTT(rng, 0.1, streaming=False)
    members = [batch if kind == "batch fallback" else TellingSTT(rng, 0.4), member]
    return FallbackAdapter(members, vad=LoudVAD(), hedge_after=hedge, retry_interval=0.01)


KINDS = ["stream", "speakers", "channels", "fallback", "hedged", "batch fallback"]


@pytest.mark.parametrize("kind", KINDS)
async def test_it_holds_behind_adapters(kind: str) -> None:
    rng = random.Random(kind)
    for _ in range(5):
        count = rng.randint(1, 18)
        frames = in_pieces(count, rng)
        before = rng.randint(0, len(frames) - 1)
        async with behind(kind, rng) as stt:
            stream = stt.stream(conn_options=SOON)
            change = partial(stream.update_options, language="new")
            words, languages = await hear(stream, frames, before, change, lag=0.05)
        old = min(count, UTTERANCE * utterances_begun(frames[:before]))
        assert words == named(count)
        spoken = [language or "old" for language in languages]
        assert spoken == expected(count, old)


@pytest.mark.parametrize("kind", KINDS)
async def test_an_adapter_changes_its_members(kind: str) -> None:
    rng = random.Random(kind)
    count = 12
    frames = in_pieces(count, rng)
    async with behind(kind, rng) as stt:
        change = partial(stt.update_options, language="new", endpointing=200)
        words, languages = await hear(
            stt.stream(conn_options=SOON), frames, len(frames) // 3, change, lag=0.05
        )
        assert words == named(count)
        assert (languages[0], languages[-1]) == ("old", "new")
        assert languages == expected(count, languages.count("old"))
        again = await hear(stt.stream(conn_options=SOON), frames, 0, lambda: None, lag=0.05)
        assert again == (named(count), ["new"] * count)


async def test_an_adapter_refuses_what_one_of_its_members_cannot_change() -> None:
    able = TellingSTT()
    async with FallbackAdapter([able, ScriptedSTT()]) as stt, stt.stream() as stream:
        for change in (stt.update_options, stream.update_options):
            with pytest.raises(TypeError, match="scripted cannot change language"):
                change(language="new")
    assert able._options == Asked()
    batch = StreamAdapter(stt=TellingSTT(streaming=False), vad=LoudVAD())
    async with batch, batch.stream() as stream:
        with pytest.raises(TypeError, match=r"change keyterms, but language; STT.update_options\("):
            stream.update_options(keyterms=["one"])
        batch.update_options(keyterms=["one"])
