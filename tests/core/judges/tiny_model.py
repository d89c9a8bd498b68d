"""A cross-encoder of one number: the mean of its ids times three weights, as an ONNX file written by hand."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np

_FLOAT, _INT64 = 1, 7


def _field(number: int, value: bytes | int) -> bytes:
    """Return one field of protobuf: a length and bytes, or a small number."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def _node(kind: str, inputs: list[str], output: str, *attributes: bytes) -> bytes:
    ends = b"".join(_field(1, name.encode()) for name in inputs) + _field(2, output.encode())
    return ends + _field(4, kind.encode()) + b"".join(_field(5, each) for each in attributes)


def _number(name: str, value: int) -> bytes:
    return _field(1, name.encode()) + _field(3, value) + _field(20, 2)


def _numbers(name: str, value: int) -> bytes:
    return _field(1, name.encode()) + _field(8, value) + _field(20, 7)


def _edge(name: str, kind: int, dimensions: list[str | int]) -> bytes:
    shape = b"".join(
        _field(1, _field(1, each) if isinstance(each, int) else _field(2, each.encode())) for each in dimensions
    )
    return _field(1, name.encode()) + _field(2, _field(1, _field(1, kind) + _field(2, shape)))


def written(
    directory: Path, weights: tuple[float, ...], *, inputs: tuple[str, ...] = ("input_ids", "attention_mask")
) -> Path:
    """Write the model and a tokenizer of few words beside it; the logits are mean(ids) · weights."""
    nodes = [
        _node("Cast", [inputs[0]], "as_float", _number("to", _FLOAT)),
        _node("ReduceMean", ["as_float"], "mean", _numbers("axes", 1), _number("keepdims", 1)),
        _node("MatMul", ["mean", "weights"], "logits"),
    ]
    raw = struct.pack(f"<{len(weights)}f", *weights)
    tensor = _field(1, 1) + _field(1, len(weights)) + _field(2, _FLOAT) + _field(8, b"weights") + _field(9, raw)
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, b"tiny") + _field(5, tensor)
    graph += b"".join(_field(11, _edge(name, _INT64, ["rows", "length"])) for name in inputs)
    graph += _field(12, _edge("logits", _FLOAT, ["rows", len(weights)]))
    path = directory / "tiny.onnx"
    path.write_bytes(_field(1, 8) + _field(7, graph) + _field(8, _field(1, b"") + _field(2, 13)))
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "gate", "is", "open", "closed", "."]
    template = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [
            {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
            {"Sequence": {"id": "A", "type_id": 0}},
            {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
            {"Sequence": {"id": "B", "type_id": 1}},
        ],
        "special_tokens": {name: {"id": name, "ids": [words.index(name)], "tokens": [name]} for name in ("[CLS]", "[SEP]")},
    }
    tokenizer = {
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": template,
        "model": {"type": "WordLevel", "vocab": {word: at for at, word in enumerate(words)}, "unk_token": "[UNK]"},
    }
    (directory / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    return path


def mean_of_ids(*ids: int) -> float:
    """Return what the model takes of a pair, given its ids."""
    return float(np.mean(ids))
