"""The small examples, run as their first lines say."""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest

import anyio_stt.testing
from anyio_stt import AudioFrame
from anyio_stt.audio import Resampler
from anyio_stt.testing import cut, spoken

pytest.importorskip("pocketsphinx")

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SPOKEN = Path(anyio_stt.testing.__file__).with_name("spoken.wav")
FIRST = "good morning and welcome to the show"
SECOND = "this speech was made by a machine"

pytestmark = pytest.mark.timeout(180)


def run(name: str, argument: Path) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), str(argument)],
        capture_output=True,
        text=True,
        timeout=150,
        check=True,
    )
    return done.stdout, done.stderr


def test_a_folder_is_transcribed_and_what_is_no_audio_is_named(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav", "c.wav"):
        shutil.copy(SPOKEN, tmp_path / name)
    (tmp_path / "broken.wav").write_bytes(b"this is no audio")
    (tmp_path / "notes.txt").write_text("nor is this")
    said, complaints = run("folder.py", tmp_path)
    assert sorted(said.splitlines()) == [f"{name}.wav: {FIRST} {SECOND}" for name in "abc"]
    assert complaints.startswith("broken.wav: ")
    assert "Traceback" not in complaints


@pytest.mark.parametrize("cluster", ["-", pytest.param("local", marks=pytest.mark.heavy)])
def test_an_archive_becomes_a_table(cluster: str, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    if cluster == "local":
        pytest.importorskip("distributed")
    table = tmp_path / "said.parquet"
    done = subprocess.run(
        [sys.executable, EXAMPLES / "archive.py", table, cluster, SPOKEN, "missing.wav"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=150,
        check=True,
    )
    rows = parquet.read_table(table).to_pylist()
    assert [row["text"] for row in rows] == [FIRST, SECOND]
    assert {row["recording"] for row in rows} == {str(SPOKEN)}
    assert all(row["start"] < row["end"] for row in rows)
    assert len(done.stderr.splitlines()) == 1
    assert "missing.wav" in done.stderr


def load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where annotations of its functions are looked for
    spec.loader.exec_module(module)
    return module


def mulaw_of(frame: AudioFrame) -> bytes:
    """Encode as telephones do: for each sample the byte that is nearest to it."""
    values = AudioFrame.from_mulaw(bytes(range(256))).to_array().astype(int)
    order = np.argsort(values)
    middles = (values[order][1:] + values[order][:-1]) / 2
    return order[np.searchsorted(middles, frame.to_array())].astype(np.uint8).tobytes()


@pytest.mark.real_time
@pytest.mark.parametrize("last", ["stop", "hang up"])
async def test_a_phone_call_is_understood(last: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("starlette")
    app = load("phone").app
    resampler = Resampler(16000, 8000, 1)
    frames = [resampler.push(frame) for frame in cut(spoken().frame, 0.02)]
    payloads = [mulaw_of(frame) for frame in [*frames, resampler.flush()] if frame is not None]
    media = [
        {"event": "media", "media": {"payload": base64.b64encode(payload).decode()}}
        for payload in payloads
    ]
    texts = [{"event": "start"}, *media, *([{"event": "stop"}] if last == "stop" else [])]
    incoming: list[dict[str, Any]] = [{"type": "websocket.connect"}]
    incoming += [{"type": "websocket.receive", "text": json.dumps(each)} for each in texts]
    incoming += [{"type": "websocket.disconnect", "code": 1006}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return incoming.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "websocket", "path": "/call", "headers": [], "query_string": b"", "subprotocols": []
    }  # fmt: skip
    with anyio.fail_after(60):
        await app(scope, receive, send)

    assert sent[0]["type"] == "websocket.accept"
    said = capsys.readouterr().out.splitlines()
    assert re.search("good morning", said[0])
    assert len(said) == 2


def test_delays_are_told_and_summed_up() -> None:
    said, complaints = run("delays.py", SPOKEN)
    assert not complaints
    *finals, summary = said.splitlines()
    assert [re.sub(r"^.*delay +[0-9.]+ s +", "", line) for line in finals] == [FIRST, SECOND]
    assert re.fullmatch(r"2 finals, median \d+\.\d\d s, p95 \d+\.\d\d s", summary)
