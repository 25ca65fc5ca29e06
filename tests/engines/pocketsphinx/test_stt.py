"""The engine itself: its options, and recordings at once."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest

from anyio_stt import APIConnectOptions, APIError, AudioFrame
from anyio_stt.audio.resampling import Resampler
from anyio_stt.engines.pocketsphinx import PocketSphinxOptions, PocketSphinxSTT
from anyio_stt.testing import cut, silence, spoken

pytest.importorskip("pocketsphinx")

FIRST, SECOND = spoken().transcript.splitlines()
GRAMMAR = "#JSGF V1.0; grammar g; public <g> = good (morning | evening) and welcome to the show;"


def stereo_48k() -> AudioFrame:
    """Return the recording as a studio would have it, the voice on both sides."""
    resampler = Resampler(16000, 48000, 1)
    parts = (resampler.push(spoken().frame), resampler.flush())
    mono = np.concatenate([part.to_array() for part in parts if part is not None])
    return AudioFrame.from_array(np.repeat(mono.reshape(-1, 1), 2, axis=1), 48000)


@pytest.mark.real_time
async def test_a_recording_is_recognised_whatever_its_rate_and_channels() -> None:
    with anyio.fail_after(30):
        async with PocketSphinxSTT() as stt:
            event = await stt.recognize(cut(stereo_48k(), 0.3), language="en")

    speech = event.alternatives[0]
    assert speech.text == f"{FIRST} {SECOND}"
    assert speech.words is not None
    assert speech.words[0].start_time == pytest.approx(0.15, abs=0.15)
    assert speech.words[-1].end_time == pytest.approx(5.7, abs=0.2)
    assert speech.words[7].start_time > 3.4  # the second sentence, after the pause


@pytest.mark.real_time
async def test_a_recording_of_silence_has_no_words() -> None:
    with anyio.fail_after(30):
        async with PocketSphinxSTT() as stt:
            event = await stt.recognize(silence(2.0))
    assert event.alternatives[0].text == ""
    assert event.alternatives[0].words == []


@pytest.mark.real_time
async def test_a_grammar_reaches_the_worker_as_text_or_as_a_file(tmp_path: Path) -> None:
    path = tmp_path / "greeting.gram"
    path.write_text(GRAMMAR)
    first = spoken().frame.slice(0, int(2.6 * 16000))
    with anyio.fail_after(30):
        for grammar in (GRAMMAR, path):
            async with PocketSphinxSTT(grammar=grammar) as stt:
                event = await stt.recognize(first)
                assert event.alternatives[0].text == FIRST


@pytest.mark.real_time
async def test_what_the_decoder_refuses_is_not_tried_again() -> None:
    stt = PocketSphinxSTT(key_phrases={"good florbward": 1e-20})
    errors: list[Any] = []
    stt.on("error", errors.append)
    with anyio.fail_after(30):
        async with stt:
            with pytest.raises(APIError, match="'florbward' is not in the dictionary"):
                await stt.recognize(silence(0.5), conn_options=APIConnectOptions(max_retry=3))
    assert [error.recoverable for error in errors] == [False]


def test_its_capabilities_say_what_it_does() -> None:
    capabilities = PocketSphinxSTT().capabilities
    assert capabilities.streaming
    assert capabilities.interim_results
    assert capabilities.aligned_transcript == "word"
    quiet = PocketSphinxSTT(PocketSphinxOptions(interim_results=False))
    assert not quiet.capabilities.interim_results


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"language": "fr"}, "en-US only, got language='fr'; give hmm="),
        ({"grammar": "no such file"}, "neither JSGF text"),
        ({"grammar": GRAMMAR, "key_phrases": {"a": 0.1}}, "not both"),
        ({"key_phrases": {"good morning": 2.0}}, "at most 1, such as 1e-20, got 2.0"),
        ({"key_phrases": {" ": 0.1}}, "no words"),
        ({"max_workers": 0}, "max_workers must be 1 or more, got 0"),
    ],
)
def test_options_that_cannot_be_are_refused_at_once(options: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        PocketSphinxSTT(**options)


def test_options_may_be_given_by_name_on_top_of_others() -> None:
    options = PocketSphinxOptions(interim_results=False)
    stt = PocketSphinxSTT(options, grammar=GRAMMAR)
    assert stt.options == PocketSphinxOptions(interim_results=False, grammar=GRAMMAR)


def test_a_model_path_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match="hmm='/nowhere' does not exist"):
        PocketSphinxOptions(language="fr", hmm="/nowhere")


@pytest.mark.parametrize("language", [None, "en", "en-US", "en_us", "EN-us"])
def test_a_stream_may_be_told_the_language_it_has(language: str | None) -> None:
    PocketSphinxSTT().stream(language=language)


def test_a_stream_refuses_another_language() -> None:
    with pytest.raises(ValueError, match="recognises en-US, not 'de'"):
        PocketSphinxSTT().stream(language="de")


def test_a_missing_package_is_named_with_the_extra_that_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Through the class, because a test that imports everything anew leaves two such modules.
    monkeypatch.setitem(
        PocketSphinxSTT.__init__.__globals__,
        "find_spec",
        lambda name: None if name == "pocketsphinx" else importlib.util.find_spec(name),
    )
    with pytest.raises(ImportError, match=r"pip install 'anyio-stt\[pocketsphinx\]'"):
        PocketSphinxSTT()
