"""Write the logits of a model for pairs that it was not trained on: what joins it with the cues is fitted on those.

    python benchmarks/judge/unseen.py MODEL.onnx PAIRS... --out LOGITS.jsonl

On pairs that it has learned a model is nearly always right, and what is fitted there trusts it too much. So two models are
trained, each without half of the files, and each reads the other half; lines are added to what is in the file already.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.judge.pairs import read
from core.models.judges.crossencoder import CrossEncoder


def main() -> None:
    """Add a line for each pair: both texts, and the logits in the order contradiction, entailment, neutral."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("pairs", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    texts = [(row["text_a"], row["text_b"]) for path in args.pairs for row in read(path)]
    logits = CrossEncoder(args.model).logits(texts).tolist()
    with args.out.open("a", encoding="utf-8") as stream:
        for (a, b), row in zip(texts, logits, strict=True):
            stream.write(json.dumps({"text_a": a, "text_b": b, "logits": row}) + "\n")


if __name__ == "__main__":
    main()
