"""The network as files that sherpa-onnx takes: a streaming Zipformer CTC, and a transducer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.engines.sherpa.ten_words.features import BINS
from tests.engines.sherpa.ten_words.network import (
    CENTRE,
    FLOOR,
    PAST,
    SPREAD,
    STACK,
    VOCABULARY,
    WIDTH,
    Weights,
)
from tests.engines.sherpa.ten_words.speech import WORDS

CHUNK = 16  # frames that are heard at once: 0.16 s
_HEAD, _LEFT = 4, 4  # of attention, which is not there, but has states that are handed on
_CONTEXT = 2
_NEVER = -1000.0

_STATES: dict[str, tuple[int, ...]] = {
    "key": (_LEFT, 1, _HEAD),
    "nonlinear": (1, 1, _LEFT, 3 * WIDTH // 4),
    "value_one": (_LEFT, 1, _HEAD),
    "value_two": (_LEFT, 1, _HEAD),
    "conv_one": (1, WIDTH, PAST),
    "conv_two": (1, WIDTH, PAST),
    "embedding": (1, 128, 3, 19),
}
_METADATA = {
    "model_type": "zipformer2",
    "version": "1",
    "encoder_dims": f"{WIDTH}",
    "query_head_dims": f"{_HEAD}",
    "value_head_dims": f"{_HEAD}",
    "num_heads": "1",
    "num_encoder_layers": "1",
    "cnn_module_kernels": f"{2 * PAST + 1}",
    "left_context_len": f"{_LEFT}",
    "T": f"{CHUNK}",
    "decode_chunk_len": f"{CHUNK}",
}


def export_ctc(weights: Weights, folder: Path) -> None:
    """Write the network as a CTC."""
    folder.mkdir(parents=True, exist_ok=True)
    _save(_encoder(weights, log_probs=True), folder / "model.onnx", _METADATA)
    _write_tokens(folder)


def export_transducer(weights: Weights, folder: Path) -> None:
    """
    Write it as a transducer. The encoder is all of the network.

    What was said last is not said again, as a CTC's greedy search has it, but for good: the
    decoder tells which word that was, and the joiner takes it for nothing. Neither was learned.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _save(_encoder(weights, log_probs=False), folder / "encoder.onnx", _METADATA)
    last_words = np.full((VOCABULARY, VOCABULARY), _NEVER, np.float32)
    np.fill_diagonal(last_words[1:, 1:], 0)
    decoder = _graph(
        [
            helper.make_node("Slice", ["y", "last", "end", "axis"], ["previous"]),
            helper.make_node("Squeeze", ["previous", "axis"], ["token"]),
            helper.make_node("Gather", ["last_words", "token"], ["decoder_out"]),
        ],
        [helper.make_tensor_value_info("y", TensorProto.INT64, ["N", _CONTEXT])],
        [_floats("decoder_out", ["N", VOCABULARY])],
        {"last_words": last_words, "last": _numbers(_CONTEXT - 1), "end": _numbers(_CONTEXT),
         "axis": _numbers(1)},
    )  # fmt: skip
    about = {"context_size": f"{_CONTEXT}", "vocab_size": f"{VOCABULARY}"}
    _save(decoder, folder / "decoder.onnx", about)
    joiner = _graph(
        [
            helper.make_node("Add", ["encoder_out", "decoder_out"], ["repeated"]),
            helper.make_node("ReduceMax", ["repeated"], ["again"], axes=[1]),
            helper.make_node("Slice", ["encoder_out", "zero", "one", "one"], ["nothing"]),
            helper.make_node("Max", ["nothing", "again"], ["nothing_new"]),
            helper.make_node("Sub", ["encoder_out", "repeated"], ["allowed"]),
            helper.make_node("Add", ["allowed", "never"], ["forbidden"]),
            helper.make_node("Add", ["encoder_out", "forbidden"], ["new"]),
            helper.make_node("Slice", ["new", "one", "all", "one"], ["words"]),
            helper.make_node("Concat", ["nothing_new", "words"], ["logit"], axis=1),
        ],
        [_floats(f"{name}_out", ["N", VOCABULARY]) for name in ("encoder", "decoder")],
        [_floats("logit", ["N", VOCABULARY])],
        {"zero": _numbers(0), "one": _numbers(1), "all": _numbers(VOCABULARY),
         "never": np.array(_NEVER, np.float32)},
    )  # fmt: skip
    _save(joiner, folder / "joiner.onnx", {"joiner_dim": f"{VOCABULARY}"})
    _write_tokens(folder)
    vocabulary = "".join(f"▁{word}\t-1\n" for word in WORDS)
    (folder / "bpe.vocab").write_text(f"<unk>\t0\n{vocabulary}", encoding="utf-8")


def _write_tokens(folder: Path) -> None:
    lines = ["<blk> 0", *(f"▁{word} {number}" for number, word in enumerate(WORDS, 1))]
    (folder / "tokens.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _encoder(weights: Weights, *, log_probs: bool) -> Any:
    """Return the graph: what `network.learn` does forwards, with its past as states."""
    # What `stacked` does to features before the first layer, done by that layer instead.
    shift = weights["in"].sum(0) * np.float32(CENTRE / SPREAD)
    scaled = {"in": weights["in"] / np.float32(SPREAD), "in_bias": weights["in_bias"] - shift}
    kernels = {
        name: weights[name].reshape(PAST + 1, WIDTH, WIDTH).transpose(2, 1, 0).copy()
        for name in ("one", "two")
    }
    constants = {
        **weights, **scaled, **kernels,
        "floor": np.array(FLOOR, np.float32), "chunk": _numbers(CHUNK),
        "steps_shape": np.array([0, CHUNK // STACK, STACK * BINS], np.int64),
        "begin": _numbers(CHUNK // STACK), "end": _numbers(1 << 30), "axis": _numbers(2),
    }  # fmt: skip
    nodes = [
        helper.make_node("Max", ["x", "floor"], ["floored"]),
        helper.make_node("Reshape", ["floored", "steps_shape"], ["steps"]),
        *_dense("steps", "in", "hidden"),
        helper.make_node("Relu", ["hidden"], ["hidden_relu"]),
        helper.make_node("Transpose", ["hidden_relu"], ["first"], perm=[0, 2, 1]),
        *_convolution("first", "one", "second"),
        *_convolution("second", "two", "third"),
        helper.make_node("Transpose", ["third"], ["last"], perm=[0, 2, 1]),
        *_dense("last", "out", "logits"),
        helper.make_node("LogSoftmax" if log_probs else "Identity", ["logits"], ["said"]),
        helper.make_node("Add", ["processed", "chunk"], ["new_processed"]),
        *(
            helper.make_node("Identity", [name], [f"new_{name}"])
            for name in _STATES
            if not name.startswith("conv")
        ),
    ]
    states = [_floats(name, shape) for name, shape in _STATES.items()]
    new_states = [_floats(f"new_{name}", shape) for name, shape in _STATES.items()]
    counts = [
        helper.make_tensor_value_info(name, TensorProto.INT64, [1])
        for name in ("processed", "new_processed")
    ]
    return _graph(
        nodes,
        [_floats("x", [1, CHUNK, BINS]), *states, counts[0]],
        [_floats("said", [1, CHUNK // STACK, VOCABULARY]), *new_states, counts[1]],
        constants,
    )


def _dense(source: str, name: str, target: str) -> list[Any]:
    return [
        helper.make_node("MatMul", [source, name], [f"{name}_product"]),
        helper.make_node("Add", [f"{name}_product", f"{name}_bias"], [target]),
    ]


def _convolution(source: str, name: str, target: str) -> list[Any]:
    past = f"conv_{name}"
    return [
        helper.make_node("Concat", [past, source], [f"{name}_all"], axis=2),
        helper.make_node("Slice", [f"{name}_all", "begin", "end", "axis"], [f"new_{past}"]),
        helper.make_node("Conv", [f"{name}_all", name, f"{name}_bias"], [f"{name}_sum"]),
        helper.make_node("Relu", [f"{name}_sum"], [target]),
    ]


def _graph(nodes: list[Any], inputs: list[Any], outputs: list[Any], constants: Any) -> Any:
    made = [numpy_helper.from_array(each, name) for name, each in constants.items()]
    return helper.make_graph(nodes, "ten words", inputs, outputs, made)


def _floats(name: str, shape: Any) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))


def _numbers(*numbers: int) -> Any:
    return np.array(numbers, np.int64)


def _save(graph: Any, path: Path, about: dict[str, str]) -> None:
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="ten_words"
    )
    helper.set_model_props(model, about)
    onnx.checker.check_model(model)
    onnx.save(model, path)
