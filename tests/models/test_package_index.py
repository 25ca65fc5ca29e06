"""Pages of an index, as they come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt.models import ModelError
from anyio_stt.models.package_index import links_of
from anyio_stt.models.web import Page, local_path, shown


def test_links_are_resolved_against_the_page_and_its_base() -> None:
    page = Page("http://h/simple/p/", "text/html", '<a href="../../f/w.whl#sha256=1">w</a>')
    assert links_of(page) == ["http://h/f/w.whl#sha256=1"]
    based = Page("http://h/p/", "text/html", '<base href="http://o/"><a href="w.whl">w</a><a>')
    assert links_of(based) == ["http://o/w.whl"]


@given(st.text(max_size=60) | st.sampled_from(["[]", '{"files": [1]}', '{"files": 3}', "[" * 9999]))
def test_any_page_is_read_or_refused(text: str) -> None:
    for kind in ("application/vnd.pypi.simple.v1+json", "text/html"):
        try:
            links = links_of(Page("http://h/p/", kind, text))
        except ModelError:
            links = []
        assert all(isinstance(link, str) for link in links)


def test_paths_and_addresses_are_told_apart() -> None:
    assert str(local_path("file:///a%20b")) == "/a b"
    assert str(local_path("/opt/wheels")) == "/opt/wheels"
    assert local_path("https://h/a") is None


@pytest.mark.parametrize("url", ["https://me:pw@h/a?key=1", "https://h/a"])
def test_what_is_shown_holds_no_secret(url: str) -> None:
    assert shown(url) == "https://h/a"
