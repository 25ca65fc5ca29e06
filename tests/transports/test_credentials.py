"""What shows who we are: a key, or what is asked for one."""

from __future__ import annotations

import logging

import anyio
import pytest

from anyio_stt import APITimeoutError
from anyio_stt.transports.credentials import ApiKey, Credentials, api_key_from
from anyio_stt.transports.endpoint import Endpoint


def test_a_key_comes_from_the_argument_before_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOME_KEY", " from-environment\n")
    assert api_key_from("given", "SOME_KEY", "Some") == "given"
    assert api_key_from(None, "SOME_KEY", "Some") == "from-environment"
    monkeypatch.delenv("SOME_KEY")
    assert api_key_from(None, "SOME_KEY", "Some", required=False) is None
    with pytest.raises(ValueError, match=r"Some needs a key.*api_key=.*SOME_KEY"):
        api_key_from(None, "SOME_KEY", "Some")


def test_what_is_no_key_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="characters") as caught:
        api_key_from("two\nlines", "SOME_KEY", "Some")
    assert "lines" not in str(caught.value)
    with pytest.raises(TypeError, match=r"api_key must be text, or a function .* got int"):
        api_key_from(12345678, "SOME_KEY", "Some")  # type: ignore[arg-type]


async def test_a_function_is_asked_for_a_key_at_each_connection() -> None:
    keys = iter(["first-key", "second-key", "third-key"])

    async def later() -> str:
        await anyio.sleep(1)
        return next(keys)

    for ask in (lambda: next(keys), later):
        credentials = Credentials(ask, "Some", scheme="Token")
        ((name, value),) = await credentials.headers()
        assert name == "Authorization"
        assert value in ("Token first-key", "Token second-key")
        assert credentials.secrets == (value.removeprefix("Token "),)
        assert "key" not in repr(credentials)


async def test_what_a_function_raises_leaves_as_it_is_and_what_it_returns_is_checked() -> None:
    def fail() -> str:
        raise LookupError("no vault")

    with pytest.raises(LookupError, match="no vault"):
        await Credentials(fail, "Some").headers()
    with pytest.raises(ValueError, match="what api_key returned") as caught:
        await Credentials(lambda: "se\ncret", "Some").headers()
    assert "cret" not in str(caught.value)


async def test_a_function_that_takes_too_long_is_given_up() -> None:
    async def never() -> str:
        await anyio.sleep_forever()
        raise AssertionError

    endpoint = Endpoint("wss://some.example", "/v1", Credentials(never, "Some"))
    with pytest.raises(APITimeoutError, match=r"gave no key for https://some.example/v1 .* 3 s"):
        await endpoint.authorize(3.0)


@pytest.mark.parametrize(
    ("base_url", "key", "warns"),
    [
        ("ws://far.example", "a-key", True),
        ("http://10.0.0.7:80", lambda: "a-key", True),
        ("ws://far.example", None, False),
        ("wss://far.example", "a-key", False),
        ("ws://localhost:8080", "a-key", False),
        ("ws://127.0.0.9", "a-key", False),
        ("http://[::1]:80", "a-key", False),
        ("http://stt.localhost", "a-key", False),
    ],
)
def test_a_key_that_would_leave_the_machine_in_the_clear_is_told(
    base_url: str, key: ApiKey | None, warns: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "anyio_stt"):
        Endpoint(base_url, "/v1", Credentials(key, "Some"))
    assert ("unencrypted" in caplog.text) is warns
    assert "a-key" not in caplog.text
