"""From the command line to an engine."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import pytest

from anyio_stt import STT
from anyio_stt.cli.engine_choice import make_engine, parse_options
from anyio_stt.cli.engine_options import fitted
from anyio_stt.cli.errors import CommandError


def anything(**options: Any) -> None:
    """Take options of which nothing is known."""


def declared(
    key: str | None, count: int, rate: float, words: Sequence[str], extra: dict[str, Any]
) -> None:
    """Take options that say what they are."""


def test_a_value_is_json_where_it_can_be_and_text_elsewhere() -> None:
    pairs = ["a=3", "b=true", "c=null", 'd=["x"]', "e=hello", "f=a=b", "g=", "h=1e-3"]

    options = parse_options(pairs)

    assert {key: fitted(key, value, anything) for key, value in options.items()} == {
        "a": 3, "b": True, "c": None, "d": ["x"], "e": "hello", "f": "a=b", "g": "", "h": 1e-3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        ("key=12345678", "12345678"),
        ("key=12e45", "12e45"),
        ("key=true", "true"),
        ("key=null", None),
        ("count=3", 3),
        ("rate=3", 3),
        ('words=["a"]', ["a"]),
        ('extra={"a": 1}', {"a": 1}),
    ],
)
def test_a_value_is_what_the_engine_declares(pair: str, expected: Any) -> None:
    ((key, value),) = parse_options([pair]).items()

    assert fitted(key, value, declared) == expected


@pytest.mark.parametrize("pair", ["count=1.5", "count=true", 'extra=["a"]', "extra=5", "rate={}"])
def test_a_value_of_another_kind_is_refused(pair: str) -> None:
    ((key, value),) = parse_options([pair]).items()

    with pytest.raises(CommandError, match=f"--option {key}=.*: it has to be"):
        fitted(key, value, declared)


@pytest.mark.parametrize("pair", ["a", "=3", "a-b=3", ""])
def test_a_pair_without_a_key_is_refused(pair: str) -> None:
    with pytest.raises(CommandError, match="write it as key=value"):
        parse_options([pair])


async def test_an_engine_is_made_with_its_options() -> None:
    async with make_engine("fake_engines:CountingSTT", {"fail_after": 2.0}) as stt:
        assert isinstance(stt, STT)
        assert vars(stt)["fail_after"] == 2.0


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("bogus", {}, r"no engine 'bogus'; there are: .*pocketsphinx"),
        ("no_such_module:STT", {}, "no_such_module"),
        ("fake_engines:Nothing", {}, "has no class Nothing that is an STT"),
        ("fake_engines:anyio", {}, "has no class anyio that is an STT"),
        ("fake_engines:CountingSTT", {"speed": 2}, "'speed'; its options are: fail_after, fail_"),
        ("fake_engines:NeedsKeySTT", {}, "'key'; its options are: key"),
        ("fake_engines:NeedsKeySTT", {"key": "x"}, "key is wrong: ask for a new one"),
        ("fake_engines:MissingExtraSTT", {}, r"pip install 'anyio-stt\[fake\]'"),
    ],
)
def test_what_cannot_be_made_is_told_in_one_line(
    name: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(CommandError, match=words) as caught:
        make_engine(name, options)

    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


def test_an_engine_whose_library_is_missing_names_its_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in [m for m in sys.modules if m.startswith("anyio_stt.engines.pocketsphinx")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)

    with pytest.raises(CommandError, match=r"pip install 'anyio-stt\[pocketsphinx\]'"):
        make_engine("pocketsphinx", {})
