"""Write checkpoints of one run, averaged, as an int8 ONNX model with a card beside it, and check it against the network.

    python benchmarks/judge/export.py CHECKPOINT... --out OUT.onnx --pairs LABELLED [--longest 256]

Weights of dense steps and of embeddings are int8, one scale a channel. Seven bits would be exact on processors without VNNI
too, and cost 0.01 of the AUC. Needs torch, onnx and onnxscript, which are no requirement of the project.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import numpy.typing as npt
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from benchmarks.judge.batches import Pieces
from benchmarks.judge.figures import of_contradiction, probabilities
from benchmarks.judge.network import Network
from benchmarks.judge.pairs import LABELS, memories
from benchmarks.judge.session import INPUTS, opened, session_logits
from core.models.minilm import model_files

__all__ = ["main"]

_OPSET: Final = 18
_MOST_BYTES: Final = 25_000_000


def main() -> None:
    """Export, shrink, compare, time; the last line is JSON and is also written beside the model."""
    args = _arguments()
    network = averaged(args.checkpoints)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        export(network, plain)
        quantize_dynamic(plain, args.out, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=_TYPES)
    size = args.out.stat().st_size
    if size > _MOST_BYTES:
        sys.exit(f"{args.out} has {size:,} bytes, more than {_MOST_BYTES:,}.")
    pairs = memories(args.pairs)
    tokenizer, _ = model_files()
    pieces = Pieces(tokenizer, most=args.longest)
    with torch.inference_mode():
        whole = of_contradiction(pairs, probabilities(network, pairs, pieces))
    session = opened(args.out, threads=1)
    started = time.perf_counter()
    found = of_contradiction(pairs, _softmax(session_logits(session, pairs, pieces)))
    each = 1_000 * (time.perf_counter() - started) / len(pairs)
    with args.out.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    card = {"file": args.out.name, "sha256": digest, "bytes": size, "labels": LABELS, "longest": args.longest}
    args.out.with_suffix(".json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(card | {"float32": whole, "int8": found, "ms_per_pair": round(each, 2), "pairs": len(pairs)}))


_TYPES: Final = ["MatMul", "Gather"]


def averaged(checkpoints: Sequence[Path]) -> Network:
    """Return the mean of some checkpoints of one run: better than any of them (Izmailov et al. 2018)."""
    states = [torch.load(path, weights_only=True) for path in checkpoints]
    network = Network()
    network.load_state_dict({name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]})
    return network.eval()


def export(network: Network, path: Path) -> None:
    """Write the network in float32, rows and length free."""
    ids = torch.randint(1_000, 2_000, (2, 12))
    example = (ids, torch.ones_like(ids), torch.zeros_like(ids))
    rows, length = torch.export.Dim("rows"), torch.export.Dim("length", max=512)
    torch.onnx.export(
        network,
        example,
        path,
        input_names=list(INPUTS),
        output_names=["logits"],
        dynamic_shapes={name: {0: rows, 1: length} for name in INPUTS},
        opset_version=_OPSET,
        dynamo=True,
        external_data=False,
    )


def _softmax(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True, help="the model; its card has the same name and .json")
    parser.add_argument("--pairs", type=Path, nargs="+", required=True, help="labelled pairs of memories to check with")
    parser.add_argument("--longest", type=int, default=256, help="word pieces of a pair")
    return parser.parse_args()


if __name__ == "__main__":
    main()
