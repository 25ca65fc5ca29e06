"""Which words belong to which speech, whatever order an engine keeps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import SpeechData, SpeechEvent, SpeechEventType, Utterance
from anyio_stt._rules.utterances import UtteranceBuilder

START, END = SpeechEventType.START_OF_SPEECH, SpeechEventType.END_OF_SPEECH
FINAL = SpeechEventType.FINAL_TRANSCRIPT


def start(time: float | None = None, channel: int | None = None) -> SpeechEvent:
    return SpeechEvent(START, time=time, channel=channel)


def end(time: float | None = None, channel: int | None = None) -> SpeechEvent:
    return SpeechEvent(END, time=time, channel=channel)


def final(text: str, begin: float = 0.0, until: float = 0.0, **rest: object) -> SpeechEvent:
    return SpeechEvent(FINAL, alternatives=[SpeechData("en", text, begin, until)], **rest)  # type: ignore[arg-type]


def gather(*events: SpeechEvent, covered: float = 0.0, delivered: float = 0.0) -> list[Utterance]:
    builder = UtteranceBuilder()
    for event in events:
        builder.add(event, delivered)
    found = []
    while (utterance := builder.take(covered)) is not None:
        found.append(utterance)
    return found


def texts(found: list[Utterance]) -> list[str]:
    return [each.text for each in found]


def test_words_before_their_end_are_whole_with_it() -> None:
    (said,) = gather(start(1.0), final("hello", 1.1, 2.0), end(2.1))
    assert (said.text, said.start_time, said.end_time, said.language) == ("hello", 1.0, 2.1, "en")


def test_words_after_their_end_are_waited_for() -> None:
    events = start(1.0), end(2.3)
    assert gather(*events, covered=1.0) == []
    assert texts(gather(*events, final("hello", 1.1, 2.0), covered=2.3)) == ["hello"]


def test_speech_in_which_nothing_was_understood_is_an_empty_utterance() -> None:
    assert texts(gather(start(1.0), end(2.0), covered=2.5)) == [""]


def test_late_words_go_to_the_speech_their_times_lie_in() -> None:
    events = [
        start(1.0),
        end(2.0),
        start(3.0),
        end(4.0),
        final("b", 3.1, 3.9),
        final("a", 1.1, 1.9),
    ]
    assert texts(gather(*events, covered=4.0)) == ["a", "b"]


def test_words_without_times_go_to_the_oldest_speech_that_waits() -> None:
    events = [start(), end(), start(), end(), final("a"), final("b")]
    assert texts(gather(*events, delivered=5.0, covered=5.0)) == ["a", "b"]


def test_several_finals_of_one_speech_are_one_text() -> None:
    events = [start(0.0), final("good", 0.0, 0.5), final("morning", 0.5, 1.0), end(1.0)]
    assert texts(gather(*events)) == ["good morning"]


def test_channels_are_apart_and_neither_waits_for_the_other() -> None:
    events = [start(0.0, 0), start(0.1, 1), final("hi", 0.2, 0.5, channel=1), end(0.6, 1)]
    (said,) = gather(*events)
    assert (said.text, said.channel) == ("hi", 1)


def test_words_behind_speech_that_was_taken_already_are_an_utterance_of_their_own() -> None:
    builder = UtteranceBuilder()
    for event in (start(0.0), end(1.0)):
        builder.add(event, 1.0)
    assert builder.take(1.0) is not None
    builder.add(final("late", 0.2, 0.9), 1.0)
    late = builder.take(1.0)
    assert late is not None
    assert late.text == "late"


def test_the_delay_is_that_of_the_latest_words() -> None:
    events = [
        start(0.0),
        final("a", 0.0, 0.5, delay=0.3),
        final("b", 0.5, 1.0, delay=0.7),
        end(1.0),
    ]
    assert gather(*events)[0].delay == 0.7


@st.composite
def talks(draw: st.DrawFn) -> tuple[list[SpeechEvent], list[str]]:
    """Utterances one after the other; finals in order, each before its END or some time after."""
    events: list[SpeechEvent] = []
    late: list[SpeechEvent] = []
    words: list[str] = []
    for index in range(draw(st.integers(1, 6))):
        begin = 10.0 * index
        events.append(start(begin))
        said = final(f"w{index}", begin + 1, begin + 4)
        words.append(f"w{index}")
        if draw(st.booleans()):
            events += [*late, said, end(begin + 5)]
            late.clear()
        else:
            events.append(end(begin + 5))
            late.append(said)
        soon = draw(st.integers(0, len(late)))
        events += late[:soon]
        del late[:soon]
    return events + late, words


@given(talks())
def test_each_word_is_in_exactly_one_utterance_and_there_is_one_for_each_end(
    talk: tuple[list[SpeechEvent], list[str]],
) -> None:
    events, words = talk
    builder, found = UtteranceBuilder(), []
    covered = 0.0
    for event in events:
        builder.add(event, covered)
        if event.type is FINAL:
            covered = max(covered, event.alternatives[0].end_time)
        while (utterance := builder.take(covered)) is not None:
            found.append(utterance)
    builder.finish()
    while (utterance := builder.take(covered)) is not None:
        found.append(utterance)
    assert [text for each in found for text in each.text.split()] == words
    assert len(found) == sum(event.type is END for event in events)
