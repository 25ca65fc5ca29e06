"""The captions page: what a browser is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

__all__ = ("page_routes",)

_FILES = {
    "/": ("captions.html", "text/html"),
    "/captions.js": ("captions.js", "text/javascript"),
    "/microphone.js": ("microphone.js", "text/javascript"),
}
_HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "permissions-policy": "microphone=(self)",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def page_routes() -> list[Route]:
    """Return the page's addresses."""
    return [Route(path, _endpoint(*what)) for path, what in _FILES.items()]


def _endpoint(name: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    content = (files(__package__) / "page" / name).read_bytes()

    async def show(request: Request) -> Response:  # noqa: ARG001
        return Response(content, 200, _HEADERS, kind)

    return show
