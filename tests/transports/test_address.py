"""From what a user writes as base_url to where a provider is."""

from __future__ import annotations

import pytest

from anyio_stt.transports.address import provider_address


@pytest.mark.parametrize(
    ("base", "path", "websocket", "url"),
    [
        ("https://h", "/v1/listen", True, "wss://h/v1/listen"),
        ("ws://h:80", "/v1/listen", True, "ws://h/v1/listen"),
        ("ws://h:8080/", "/v1/listen", False, "http://h:8080/v1/listen"),
        ("http://h:8080/v1", "/v1/listen", True, "ws://h:8080/v1/listen"),
        ("http://h:8080/v1/listen", "/v1/listen", True, "ws://h:8080/v1/listen"),
        ("http://h/proxy", "/v1/listen", False, "http://h/proxy/v1/listen"),
        ("wss://[::1]:9", "/", True, "wss://[::1]:9/"),
        ("https://h/v1/v1", "/v1/x", False, "https://h/v1/v1/x"),
    ],
)
def test_the_providers_path_is_appended_once(
    base: str, path: str, websocket: bool, url: str
) -> None:
    assert provider_address(base, path, websocket=websocket).url == url


def test_a_query_is_encoded_and_never_shown() -> None:
    address = provider_address("ws://h?a=1", "/p", websocket=True, query=[("k", "ü &"), ("k", "2")])
    assert address.url == "ws://h/p?a=1&k=%C3%BC%20%26&k=2"
    assert str(address) == "ws://h/p"


@pytest.mark.parametrize("base", ["h:80", "ftp://h", "ws://", "ws://h:x", "ws://h:0", ""])
def test_a_base_url_that_is_none_is_told(base: str) -> None:
    with pytest.raises(ValueError, match="ws://host:port or https://host"):
        provider_address(base, "/", websocket=True)


def test_credentials_in_a_base_url_are_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="api_key") as caught:
        provider_address("https://me:sekrit@h", "/", websocket=True)
    assert "sekrit" not in str(caught.value)


def test_what_is_called_a_secret_in_a_query_is_one() -> None:
    query = [("model", "nova-3"), ("token", "a/b c"), ("API_KEY", "k1234")]
    address = provider_address("ws://h", "/p", websocket=True, query=query)
    assert {address.query, "a/b c", "a%2Fb%20c", "k1234"} == set(address.secrets)
    assert provider_address("ws://h", "/p", websocket=True).secrets == ()


def test_what_is_no_text_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="base_url must be an address as text, got None"):
        provider_address(None, "/v1/listen", websocket=True)  # type: ignore[arg-type]
