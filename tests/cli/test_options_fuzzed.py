"""Whatever comes as an option, of an engine, the command or pytest: it works, or one clear line."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anyio_stt import STT, APIConnectOptions
from anyio_stt.cli.engine_choice import make_engine, parse_options
from anyio_stt.cli.errors import CommandError
from anyio_stt.cli.shown import one_line as shown
from anyio_stt.engines import load_engine
from anyio_stt.testing.pytest_checks import _load
from tests.fuzzing import CASES, many

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(14_400)]

NAMES = ("deepgram", "openai", "openai-realtime", "vosk", "wyoming", "pocketsphinx", "sherpa",
         "whisper")  # fmt: skip

odd = st.sampled_from([
    "", " ", "=", "null", "true", "-1", "0", "1e400", "NaN", "[]", "{}", '"', "[" * 2000, "9" * 400,
    "\x1b[31m", "\x00", "\n", "é", "\U0001f600", "http://", "https://[::1", "ws://h:99999/", "en",
    "tcp://h:1", "file:///etc", "http://a b/", "http://k:p@h", "../x", "--", "\udc80",
])  # fmt: skip
texts = odd | st.text(max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=5,
)


def engines() -> dict[str, Callable[..., STT]]:
    found: dict[str, Callable[..., STT]] = {}
    for name in NAMES:
        with suppress(ImportError, LookupError):
            found[name] = load_engine(name)
    return found


ENGINES = engines()
made = st.sampled_from(list(ENGINES))


def options_of(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from([*inspect.signature(ENGINES[name]).parameters, "bogus"])


def one_line(text: str) -> bool:
    return bool(text.strip()) and len(text.splitlines()) == 1 and text.isprintable()


@settings(many, max_examples=CASES // 10)  # some look for their models
@given(st.data())
def test_an_engine_takes_an_option_or_says_in_one_line_why_not(data: st.DataObject) -> None:
    name = data.draw(made)
    pairs = data.draw(st.lists(st.tuples(options_of(name), texts), max_size=3))
    try:
        make_engine(name, parse_options([f"{key}={value}" for key, value in pairs]))
    except CommandError as error:
        told = shown(str(error))
    else:
        return
    assert one_line(told), told


@many
@given(
    st.dictionaries(st.sampled_from([field.name for field in fields(APIConnectOptions)]), values)
)
def test_the_options_of_a_connection_are_good_or_refused(given_options: dict[str, Any]) -> None:
    with suppress(TypeError, ValueError):
        APIConnectOptions(**given_options)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_command_ends_with_a_code_and_a_line(
    backend: str, run_command: Any, make_wav: Any
) -> None:
    rng = random.Random(backend)
    recording = make_wav(seconds=0.1)
    strange = ["", "0", "-1", "nan", "1e999", "x", "é\U0001f600", "\x1b[31m", "/", "a,b", "9" * 50]
    for _ in range(CASES // 20):
        words: list[str] = ["transcribe"]
        for option in rng.sample(OPTIONS, rng.randrange(4)):
            words += [option, *rng.choices(strange, k=rng.choice([0, 1, 1, 1]))]
        engine = rng.choice(["fake_engines:CountingSTT", *strange])
        said = run_command(*words, "--engine", engine, "--backend", backend, recording)
        assert said.returncode in (0, 1, 2), (words, said)
        assert "Traceback" not in said.stderr, (words, said.stderr)
        assert said.returncode == 0 or said.stderr.strip(), words


OPTIONS = [
    "--option", "--language", "--format", "--channels", "--jobs", "--raw", "--raw-rate",
    "--raw-channels", "--interim", "-q", "-v", "--vad", "--no-vad", "--all-events", "--restart",
    "--skip-existing", "--bogus", "-z",
]  # fmt: skip


@many
@given(texts | st.builds("{}:{}".format, texts, texts))
def test_what_makes_an_engine_for_pytest_is_found_or_refused_in_one_line(name: str) -> None:
    try:
        found: object = _load(name, Path(__file__).parent)
    except pytest.UsageError as error:
        found = str(error)
    assert one_line(found) if isinstance(found, str) else callable(found)
