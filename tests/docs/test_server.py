"""The guide to the server: what it names is there, and its files are right."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import DOCS
from tests.server.processes import end, serving

TEXT = (DOCS / "guides" / "server.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
FILES = DOCS / "guides" / "server"


def test_every_option_that_the_guide_names_is_there() -> None:
    serve = pytest.importorskip("anyio_stt.cli.serve").serve
    there = {name for each in serve.params for name in each.opts}
    files = "".join((FILES / name).read_text() for name in ("Dockerfile", "anyio-stt.service"))
    commands = re.findall(r"serve .*", files)
    named = set(re.findall(r"--[a-z][a-z-]+", TEXT + "".join(commands)))
    assert named <= there | {"--system"}


def test_the_application_of_the_guide_is_one() -> None:
    pytest.importorskip("pocketsphinx")
    server = pytest.importorskip("anyio_stt.server")
    (code,) = [code for code in CODE if code.startswith("# app.py")]
    names: dict[str, object] = {}
    exec(code, names)
    assert isinstance(names["app"], server.Application)


@pytest.mark.heavy
def test_openais_library_prints_what_was_said(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("openai")
    (code,) = [code for code in CODE if "import OpenAI" in code]
    code = code.replace("docs/examples", str(DOCS / "examples"))
    with serving("asyncio", engine="pocketsphinx") as (port, server):
        exec(code.replace(":8000", f":{port}"), {})
        end(server)
    assert "river to rise" in capsys.readouterr().out


def test_the_unit_is_what_systemd_understands(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / "anyio-stt.service"
    text = (FILES / "anyio-stt.service").read_text()
    unit.write_text(text.replace("/opt/anyio-stt/bin/anyio-stt", "/bin/true"))
    done = subprocess.run([verify, "verify", str(unit)], capture_output=True, text=True, timeout=60)
    complaints = [line for line in done.stderr.splitlines() if "anyio-stt.service" in line]
    assert (done.returncode, complaints) == (0, []), done.stderr
