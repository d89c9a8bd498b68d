"""Figures of a model and of the cues, alone and together: `python benchmarks/judge/report.py MODEL.onnx PAIRS...`.

PAIRS are labelled pairs of memories (text_a, text_b, verdict). Both orders are read, their logits averaged. Together is a
logistic regression over both logits, in ten folds of the same pairs, so it has no figure that it was fitted on.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import cross_val_predict

from benchmarks.judge.batches import Pieces
from benchmarks.judge.pairs import Pair, memories, read
from benchmarks.judge.session import opened, session_logits
from core.eval.conflicts import read_labelled
from core.models.embedding import default_embedder
from core.models.judge import JudgedPair
from core.models.judges.choice import judge_of
from core.models.minilm import model_files

_FOLDS: Final = 10
_LEAST, _MOST = 1e-6, 1 - 1e-6
Scores = npt.NDArray[np.float64]


def main() -> None:
    """Score each file, print a line a judge, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("pairs", type=Path, nargs="+")
    parser.add_argument("--longest", type=int, default=256)
    parser.add_argument("--embeddings", type=Path)
    args = parser.parse_args()
    session = opened(args.model, threads=1)
    pieces = Pieces(model_files()[0], most=args.longest)
    told: dict[str, dict[str, float]] = {}
    for path in args.pairs:
        truth = np.array([row["verdict"] in {"contradiction", "superseded"} for row in read(path)])
        started = time.process_time()
        model = both_orders(session, memories([path]), pieces)
        each = 1_000 * (time.process_time() - started) / len(truth) / 2
        by_cues = cues(path, args.embeddings)
        table = np.column_stack([model, by_cues])
        folded = cross_val_predict(LogisticRegression(), table, truth, cv=_FOLDS, method="decision_function")
        for name, scores in (("model", model), ("cues", by_cues), ("both", folded)):
            auc, ap = roc_auc_score(truth, scores), average_precision_score(truth, scores)
            told[f"{path.name} {name}"] = {"auc": round(float(auc), 4), "ap": round(float(ap), 4)}
            print(f"{path.name:<24}{name:<8} auc {auc:.3f}  ap {ap:.3f}")
        print(f"{path.name:<24}{len(truth):,} pairs, {each:.1f} ms of one core for each order of a pair")
    print(json.dumps(told))


def both_orders(session: object, pairs: list[Pair], pieces: Pieces) -> Scores:
    """Return the logit of a contradiction against the rest, the mean of both orders."""
    ways = [session_logits(session, rows, pieces) for rows in (pairs, [pair.turned() for pair in pairs])]
    return np.asarray(np.mean([way[:, 0] - np.logaddexp(way[:, 1], way[:, 2]) for way in ways], axis=0))


def cues(path: Path, embeddings: Path | None) -> Scores:
    """Return the logit of the clash by the cues."""
    labelled = read_labelled(path)
    texts = sorted({side.text for pair in labelled for side in (pair.left, pair.right)})
    vectors = dict(zip(texts, default_embedder(embeddings).embed(texts), strict=True))
    pairs = [JudgedPair(p.left, p.right, float(vectors[p.left.text] @ vectors[p.right.text])) for p in labelled]
    clash = np.clip([judgement.clash for judgement in judge_of("cues").judge(pairs)], _LEAST, _MOST)
    return np.asarray(np.log(clash / (1 - clash)))


if __name__ == "__main__":
    main()
