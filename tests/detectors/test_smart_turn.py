"""Smart Turn with a network of ours, and with its own where that was pulled."""

from __future__ import annotations

import importlib.util
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from anyio_stt.detectors import SmartTurn, smart_turn
from anyio_stt.models import ModelMissingError
from anyio_stt.testing import silence, spoken, tone


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have it believe that the runtime is installed; the network is a fake."""
    monkeypatch.setattr(smart_turn, "find_spec", lambda _: object())


def with_network(network: Any, **options: Any) -> SmartTurn:
    detector = SmartTurn(model="there.onnx", **options)
    detector._session = SimpleNamespace(run=network)
    return detector


def test_its_network_is_given_one_spectrogram_and_answers(runtime: None) -> None:
    asked: list[Any] = []

    def network(_: Any, inputs: dict[str, Any]) -> list[Any]:
        asked.append(inputs["input_features"])
        return [np.array([[0.75]], np.float32)]

    assert with_network(network).judge(tone(1.0), "so", "en", 0.2) == 0.75
    assert asked[0].shape == (1, 80, 800)
    assert asked[0].dtype == np.float32


def test_so_many_questions_at_the_same_time_and_no_more(runtime: None) -> None:
    inside, most, lock = 0, 0, threading.Lock()
    both = threading.Barrier(2, timeout=60)

    def network(*_: Any) -> list[Any]:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        both.wait()
        with lock:
            inside -= 1
        return [np.array([0.5])]

    detector = with_network(network, max_threads=2)
    threads = [threading.Thread(target=detector.judge, args=(tone(0.1),)) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert most == 2


def test_what_it_cannot_hear_is_refused(runtime: None) -> None:
    with pytest.raises(ValueError, match="one channel at 16000 Hz, not 1 at 8000"):
        with_network(None).judge(silence(1.0, sample_rate=8000))
    with pytest.raises(ValueError, match="max_threads"):
        SmartTurn(model="there.onnx", max_threads=0)


def test_what_is_missing_is_named_with_what_to_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANYIO_STT_MODELS", str(tmp_path))
    monkeypatch.setattr(smart_turn, "find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r"anyio-stt\[turns\]"):
        SmartTurn()
    monkeypatch.setattr(smart_turn, "find_spec", lambda _: object())
    with pytest.raises(ModelMissingError, match="models pull smart-turn-v3"):
        SmartTurn()


@pytest.mark.heavy
def test_real_weights_hear_an_end_and_the_middle_of_a_sentence() -> None:
    if importlib.util.find_spec("onnxruntime") is None:
        pytest.skip("onnxruntime is not installed")
    try:
        detector = SmartTurn()
    except LookupError as exc:
        pytest.skip(f"{exc}")
    frame = spoken().frame
    middle = frame.slice(0, 70000)
    assert detector.judge(frame) > 0.5 > detector.judge(middle)
