"""Engines that each do what people report of providers: ends that never come, and their like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from anyio_stt import (
    STT,
    APIConnectOptions,
    APIStatusError,
    AudioFrame,
    RecognitionUsage,
    SpeechData,
    SpeechEvent,
    SpeechEventType,
    Word,
)
from anyio_stt.testing import end_of_speech, interim, start_of_speech
from tests.testing.broken_batches import Batch
from tests.testing.broken_engines import engine
from tests.testing.loud_engine import STEP, LoudStream, LoudSTT, final, is_loud


class Marks(LoudStream):
    """Says START and END by itself, and no word of what is too short to be one: correct."""

    shortest = 3

    async def _run(self) -> None:
        self.open = False
        await super()._run()

    def hear(self, frame: AudioFrame) -> None:
        if is_loud(frame) and not self.open:
            self.begin()
        super().hear(frame)

    def finish(self) -> None:
        if not self.loud:
            super().finish()
            return
        end = self.loud[-1] + STEP
        if len(self.loud) < self.shortest:
            self.nothing_said()
        super().finish()
        self.end(end)

    def begin(self) -> None:
        self.open = True
        self._event_ch.send_nowait(start_of_speech(self.heard))

    def end(self, time: float) -> None:
        if self.open:
            self.open = False
            self._event_ch.send_nowait(end_of_speech(time))

    def nothing_said(self) -> None:
        self.loud = []


class Speaks(LoudStream):
    """Has finals with words: correct."""

    def finish(self) -> None:
        if self.loud:
            self._event_ch.send_nowait(self.spoken(self.loud))
            self.loud = []
        super().finish()

    def spoken(self, loud: list[float]) -> SpeechEvent:
        words = [Word("la", at, at + STEP, speaker_id=self.speaker(at)) for at in loud]
        end = min(loud[-1] + STEP, self.heard)
        text = " ".join(words)
        data = SpeechData("en", text, loud[0], end, speaker_id=self.speaker(loud[0]), words=words)
        return SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT, alternatives=[data])

    def speaker(self, at: float) -> str | None:
        return None


class NeverAnswersAFlush(LoudStream):
    """Says what it heard, but not that there was nothing behind it."""

    def flush_heard(self) -> None:
        self.finish()


class WaitsForWordsToEnd(Marks):
    """A cough begins what only words would end."""

    def finish(self) -> None:
        if 0 < len(self.loud) < self.shortest:
            self.loud = []
        else:
            super().finish()


class EndsAtFlushesOnly(Marks):
    """What begins with a START goes on through any silence."""

    def end(self, time: float) -> None:
        self.ended_at = time

    def flush_heard(self) -> None:
        super().flush_heard()
        super().end(getattr(self, "ended_at", self.heard))


class SwallowsAStart(Marks):
    """What begins while it is busy with the first utterance gets no START."""

    def begin(self) -> None:
        if not getattr(self, "begun", False):
            self.begun = True
            super().begin()


class MixesUpSpeakers(Speaks):
    def speaker(self, at: float) -> str | None:
        return f"S{int(at * 2) % 2}"


class CountsSpeakersAnew(Speaks):
    def speaker(self, at: float) -> str | None:
        return "speaker 0"


class NamesItsSpeaker(Speaks):
    """Knows who it is, in every attempt: correct."""

    def speaker(self, at: float) -> str | None:
        return "ada"


class CountsSilenceAsSpeech(Speaks):
    """Its finals begin where the range that was recognised begins."""

    def spoken(self, loud: list[float]) -> SpeechEvent:
        event = super().spoken(loud)
        before, self.before = getattr(self, "before", 0.0), self.heard
        return replace(event, alternatives=[replace(event.alternatives[0], start_time=before)])


class HasWordsElsewhere(Speaks):
    """Words and finals are of two clocks."""

    def spoken(self, loud: list[float]) -> SpeechEvent:
        event = super().spoken(loud)
        (data,) = event.alternatives
        end = max(data.start_time, data.end_time - 0.6)
        return replace(event, alternatives=[replace(data, end_time=end)])


class EndsByOlderWords(Marks):
    """Its END is that of words before those it has guessed."""

    shortest = 1

    def finish(self) -> None:
        if len(self.loud) > 5:
            guess = interim("la", end=self.heard)
            words = [Word("la", self.loud[-1], self.loud[-1] + STEP)]
            data = replace(guess.alternatives[0], words=words)
            self._event_ch.send_nowait(replace(guess, alternatives=[data]))
        super().finish()

    def end(self, time: float) -> None:
        super().end(max(0.1, time - 1.0))


class CountsTokensOfRecordings(LoudSTT):
    """Its recordings cost tokens, its streams nothing."""

    async def _recognize_impl(self, *args: Any, **options: Any) -> SpeechEvent:
        event = await super()._recognize_impl(*args, **options)
        return replace(event, recognition_usage=RecognitionUsage(1.0, 7, 3))


class DropsFinalsForTheirTime(LoudStream):
    """Takes a final for old when its provider's clock has begun anew."""

    async def _run(self) -> None:
        self.said_to = self.origin = 0.0
        await super()._run()

    def flush_heard(self) -> None:
        super().flush_heard()
        self.origin = self.heard

    def finish(self) -> None:
        if self.loud and self.loud[-1] - self.origin < self.said_to:
            self.loud = []
        self.said_to = max([self.said_to, *(at - self.origin for at in self.loud)])
        super().finish()


class ClaimsWhatItHasNotHeard(LoudStream):
    """Reads 1.2 s ahead of its recogniser, and its finals cover all it has read."""

    async def _run(self) -> None:
        self.ahead: list[AudioFrame] = []
        await super()._run()

    def hear(self, frame: AudioFrame) -> None:
        self.ahead.append(frame)
        if len(self.ahead) > 12:
            super().hear(self.ahead.pop(0))

    def flush_heard(self) -> None:
        self.catch_up()
        super().flush_heard()

    def catch_up(self) -> None:
        for frame in self.ahead:
            super().hear(frame)
        self.ahead = []

    def finish(self) -> None:
        loud, self.loud = self.loud, []
        if loud:
            self._event_ch.send_nowait(final(" ".join("la" for _ in loud), 0.0, 0.0))
        super().finish()


class BelievesEmptyTexts(LoudStream):
    """Its provider guesses right and then says nothing, from the second utterance on."""

    def finish(self) -> None:
        if self.loud and getattr(self, "said", False):
            text = " ".join("la" for _ in self.loud)
            self._event_ch.send_nowait(interim(text, end=self.heard))
            self._event_ch.send_nowait(final("", self.loud[0], self.heard))
            self.loud = []
        self.said = self.said or bool(self.loud)
        super().finish()

    said = False


CORRECT_ANSWERS: dict[str, Callable[[], STT]] = {
    "marks its speech": engine(Marks),
    "has words": engine(Speaks),
    "names its speaker": engine(NamesItsSpeaker),
}

BROKEN_ANSWERS: dict[str, tuple[str, str, Callable[[], STT]]] = {
    "never answers a flush": ("S23", "flushes", engine(NeverAnswersAFlush)),
    "waits for words to end a cough": ("S23", "starts", engine(WaitsForWordsToEnd)),
    "ends at flushes only": ("S23", "starts", engine(EndsAtFlushesOnly)),
    "swallows a start": ("S11", "grammar", engine(SwallowsAStart)),
    "mixes up speakers": ("S17", "speakers", engine(MixesUpSpeakers)),
    "counts speakers anew": ("S17", "speakers-apart", engine(CountsSpeakersAnew)),
    "counts silence as speech": ("S17", "clock", engine(CountsSilenceAsSpeech)),
    "has words elsewhere": ("S17", "clock", engine(HasWordsElsewhere)),
    "ends by older words": ("S17", "clock", engine(EndsByOlderWords)),
    "counts tokens of recordings only": ("S20", "tokens", CountsTokensOfRecordings),
    "drops finals for their time": ("S9", "flush", engine(DropsFinalsForTheirTime)),
    "believes empty texts": ("S9", "flush", engine(BelievesEmptyTexts)),
}


# ---- what is refused, and what becomes of it


class TellsOfARefusal(LoudStream):
    """Its provider refuses the first utterance, and it says so: correct."""

    refusals = 1

    def finish(self) -> None:
        if self.loud and self.refusals:
            self.refusals -= 1
            start, end, self.loud = self.loud[0], self.heard, []
            self.refuse(APIStatusError("too loud", status_code=422), start, end)
        super().finish()

    def refuse(self, error: APIStatusError, start: float, end: float) -> None:
        self._report_refused(error, start, end)


class DiesOfARefusal(TellsOfARefusal):
    def refuse(self, error: APIStatusError, start: float, end: float) -> None:
        raise error


class IsSilentAboutARefusal(TellsOfARefusal):
    def refuse(self, error: APIStatusError, start: float, end: float) -> None:
        self._report_silence(end)


class GivesUpEverything(TellsOfARefusal):
    """Gives up all that comes after it, too."""

    def refuse(self, error: APIStatusError, start: float, end: float) -> None:
        self.error = error
        self._report_refused(error, start, end)

    def finish(self) -> None:
        refused = self.refusals == 0
        if self.loud and refused:
            start, end, self.loud = self.loud[0], self.heard, []
            self._report_refused(self.error, start, end)
        super().finish()


class RefusesARecording(LoudSTT):
    """A batch engine whose provider refuses the first recording."""

    error: Exception = APIStatusError("too loud", status_code=422)

    def __init__(self) -> None:
        super().__init__()
        self._capabilities = replace(self._capabilities, streaming=False)
        self.refused = False

    async def _recognize_impl(self, *args: Any, **options: Any) -> SpeechEvent:
        if not self.refused:
            self.refused = True
            raise self.error
        return await super()._recognize_impl(*args, **options)


class RefusesWithAnErrorOfItsOwn(RefusesARecording):
    error = ValueError("too loud")


class SwallowsARefusal(RefusesARecording):
    async def _recognize_impl(self, *args: Any, **options: Any) -> SpeechEvent:
        try:
            return await super()._recognize_impl(*args, **options)
        except APIStatusError:
            return final("", 0.0, 0.0)


REFUSING: dict[str, tuple[Callable[[], STT], Callable[[], STT]]] = {
    "a stream": (LoudSTT, engine(TellsOfARefusal)),
    "a batch engine": (Batch, RefusesARecording),
}

BROKEN_REFUSING: dict[str, Callable[[], STT]] = {
    "dies of it": engine(DiesOfARefusal),
    "is silent about it": engine(IsSilentAboutARefusal),
    "gives up everything": engine(GivesUpEverything),
    "fails a recording with an error of its own": RefusesWithAnErrorOfItsOwn,
    "swallows it": SwallowsARefusal,
}


class HangsUpPolitely(LoudSTT):
    """Takes the close of a provider that has answered nothing for its last answer."""

    def __init__(self) -> None:
        super().__init__()
        self._capabilities = replace(self._capabilities, offline_recognize=False)

    def stream(self, **options: Any) -> LoudStream:
        class HungUp(LoudStream):
            async def _run(self) -> None:
                async for _ in self._input_ch:
                    pass

        return HungUp(self, options.get("conn_options", APIConnectOptions()))
