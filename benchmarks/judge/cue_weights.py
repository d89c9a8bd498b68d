"""Fit core/models/judges/weights.py: trees that say whether two texts clash, and a regression that says which verdict it is.

    python benchmarks/judge/cue_weights.py PAIRS ... [--nli DIR] [--stores FILE ...] [--embeddings DIR] [--report FILE ...]
        [--out MODULE | --model ONNX]

PAIRS are memories with a verdict each (text_a, text_b, verdict, at_a, at_b, agent_a, agent_b). Every pair counts once with
its times and agents and once without, so that nothing hangs on their being known; its left text is also held against changed
copies of itself. NLI sets have three labels, each of which allows several verdicts: the loss of such a pair is that of all
it allows. Of --stores, near memories of one team are taken not to clash. The line `folds` is of pairs that had no part in
the fit; those that share a text are in one fold. The files of --report are scored by what was fitted, and have no part in
it. With --model the logits of a cross-encoder are signs too, and what joins it is put into the JSON beside it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from scipy.optimize import minimize
from sklearn.ensemble import HistGradientBoostingClassifier

from benchmarks.judge.cue_rows import CLASHES_AT, FOLDS, VERDICTS, Reader, Rows, every_row, kept, of_memories
from core.eval.pairs import judged
from core.models.judges.crossencoder import CrossEncoder
from core.models.judges.cues import clash_of, softmax
from core.models.judges.forest import DEPTH, Forest
from core.models.judges.joint import MODEL_SIGNS
from core.models.judges.signs import SIGNS

_PRECISION: Final = 0.9
_UNREAD: Final = 0.02
_TREES: Final = 240
_RATE: Final = 0.08
# Which way a sign may speak, where that is known.
_SLOPES: Final = {
    **dict.fromkeys(("number clash", "date clash", "status clash", "negation clash", "clash", "bound"), 1),
    **dict.fromkeys(("scope apart", "label exchanged"), -1),
    **dict.fromkeys(("model clash", "model margin"), 1),
}
_TREES_HEAD: Final = '''\
"""The trees of the cues, as `python benchmarks/judge/cue_weights.py` writes them beside the weights; see forest.py."""

from __future__ import annotations

from typing import Final

__all__ = ["TREES"]

TREES: Final = """\\
'''
_ORDER: Final = "# In the order of the taxonomy: contradiction, superseded, both_true, duplicate, unrelated."
_HEAD: Final = '''\
"""The weights of the cues, as `python benchmarks/judge/cue_weights.py` writes them.

Fitted on pairs of agents' memories with a verdict each, and, at a lower weight, on changed copies of them, on near memories
of two stores of dialogues, and on NLI sets with permissive terms (MultiNLI, NegNLI, HANS' contradictions, ConjNLI, CLCD,
AmbiEnt and edited numbers). The threshold is the lowest from which on 9 of 10 memory pairs were right, in folds that had no
part in the fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["BIAS", "THRESHOLD", "VERSION", "WEIGHTS"]
'''


def main() -> None:
    """Read, grow the trees fold by fold, print the table, then write what was fitted on all."""
    args = _arguments()
    reader = Reader(args.embeddings, CrossEncoder(args.model) if args.model else None)
    memory = of_memories(args.pairs, reader)
    every = every_row(args, memory, reader)
    folded = np.zeros(len(memory.table))
    for fold in range(FOLDS):
        held = memory.folds == fold
        folded[held] = grown(kept(every, every.folds != fold), reader.names).clash(memory.table[held])
    truth = memory.allowed[:, CLASHES_AT].any(axis=1)
    print(f"{len(every.table):,} pairs, {len(memory.table):,} of memories")
    print(_line("folds", folded, truth, threshold := _threshold(folded, truth)))
    trees = grown(every, reader.names)
    for path in args.report:
        told = of_memories([path], reader)
        print(_line(path.name, trees.clash(told.table), told.allowed[:, CLASHES_AT].any(axis=1), threshold))
    if reader.model:
        _join(reader.model, memory, trees, threshold)
    elif args.out:
        args.out.write_text(_module(fit(every, args.penalty), trees, threshold), encoding="utf-8")
        args.out.with_name("trees.py").write_text(f'{_TREES_HEAD}{trees.written}\n"""\n', encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path, nargs="+", help="memory pairs with verdicts")
    parser.add_argument("--nli", type=Path, metavar="DIR", help="sets with the labels contradiction, neutral, entailment")
    parser.add_argument("--stores", type=Path, nargs="*", default=[], help="memories of which hardly any two clash")
    parser.add_argument("--embeddings", type=Path, metavar="DIR", help="keep the embeddings there for the next run")
    parser.add_argument("--report", type=Path, nargs="*", default=[], help="sets to score only")
    parser.add_argument("--penalty", type=float, default=20.0, help="of the weights (default: 20)")
    parser.add_argument("--model", type=Path, metavar="ONNX", help="a model to fit with: what joins it is put into its JSON")
    parser.add_argument("--out", type=Path, help="the module to write; the trees go beside it")
    return parser.parse_args()


def _join(model: CrossEncoder, memory: Rows, trees: Forest, threshold: float) -> None:
    """Put into the JSON beside a model what joins it with the cues; it reads what all but 1 in 50 clashes are above of."""
    truth = memory.allowed[:, CLASHES_AT].any(axis=1)
    least = float(np.quantile(clash_of(memory.table[:, : len(SIGNS)])[truth], _UNREAD))
    joint = {"signs": [*SIGNS, *MODEL_SIGNS], "least": round(least, 3), "threshold": round(threshold, 3)}
    joint |= {"trees": trees.written, "version": hashlib.blake2b(trees.written.encode(), digest_size=4).hexdigest()}
    card = model.path.with_suffix(".json")
    said = json.loads(card.read_text(encoding="utf-8"))
    card.write_text(json.dumps(said | {"joint": joint}, indent=2) + "\n", encoding="utf-8")


def grown(rows: Rows, names: Sequence[str]) -> Forest:
    """Return boosted trees of whether a pair clashes; a clash never speaks against one, nor another scope for one."""
    model = HistGradientBoostingClassifier(
        max_depth=DEPTH,
        learning_rate=_RATE,
        max_iter=_TREES,
        l2_regularization=10.0,
        min_samples_leaf=15,
        max_features=0.2,
        monotonic_cst=[_SLOPES.get(name, 0) for name in names],
        random_state=7,
    )
    truth = (rows.allowed[:, CLASHES_AT].sum(axis=1) > 0).astype(int)
    model.fit(rows.table, truth, sample_weight=rows.weights)
    return Forest(_written(model))


def _written(model: HistGradientBoostingClassifier) -> str:
    """Return the trees as the judge reads them: a line each, splits by level, then the leaves; a missing split goes left."""
    lines = [f"{model._baseline_prediction.item():.4f}"]
    for (tree,) in model._predictors:
        splits, level = [], [0]
        for _ in range(DEPTH):
            below = []
            for at in level:
                node = tree.nodes[at]
                splits.append("0:9e9" if node["is_leaf"] else f"{node['feature_idx']}:{node['num_threshold']:.4g}")
                below += [at, at] if node["is_leaf"] else [node["left"], node["right"]]
            level = below
        lines.append(" ".join([*splits, *(f"{tree.nodes[at]['value']:.3f}" for at in level)]))
    return "\n".join(lines)


def _module(weights: np.ndarray, trees: Forest, threshold: float) -> str:
    """Return the text of the module; its version is a digest of all that is in it."""
    lines = [f'    "{name}": ({_row(row)}),\n' for name, row in zip(SIGNS, weights[1:], strict=True)]
    told = f"THRESHOLD: Final = {threshold:.3f}\n{_ORDER}\nBIAS: Final = ({_row(weights[0])})\n"
    told += f"WEIGHTS: Final[Mapping[str, tuple[float, float, float, float, float]]] = {{\n{''.join(lines)}}}\n"
    version = hashlib.blake2b(f"{told}{trees.written}".encode(), digest_size=4).hexdigest()
    return f'{_HEAD}\nVERSION: Final = "{version}"\n{told}'


def _row(row: np.ndarray) -> str:
    return ", ".join(f"{value:.3f}" for value in row)


def fit(rows: Rows, penalty: float) -> np.ndarray:
    """Return (1 + signs, verdicts): the bias and the weights of a multinomial logistic regression with a ridge.

    The loss of a pair is that of all verdicts that it allows: -log of their sum. Signs are brought to equal spread.
    """
    middle, spread = rows.table.mean(axis=0), np.maximum(rows.table.std(axis=0), 0.05)
    x = np.column_stack([np.ones(len(rows.table)), (rows.table - middle) / spread])
    shape = (x.shape[1], len(VERDICTS))
    ridge = np.full(shape, penalty)
    ridge[0] = 1e-3

    def loss(found: np.ndarray) -> tuple[float, np.ndarray]:
        each = found.reshape(shape)
        chances = softmax(x @ each)
        allowed = chances * rows.allowed
        both = allowed.sum(axis=1, keepdims=True)
        slope = x.T @ (rows.weights[:, None] * (chances - allowed / both)) + ridge * each
        return float(-(rows.weights * np.log(both[:, 0])).sum() + (ridge * each**2).sum() / 2), slope.ravel()

    found = minimize(loss, np.zeros(shape[0] * shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 2_000}).x
    each = found.reshape(shape)
    each[1:] /= spread[:, None]
    each[0] -= middle @ each[1:]
    return each


def _line(name: str, scores: np.ndarray, truth: np.ndarray, threshold: float) -> str:
    found = judged(scores, truth.tolist(), threshold=threshold)
    return f"{name:<28} auc {found.auc:.3f}  best f1 {found.best_f1:.3f}  p {found.precision:.3f}  r {found.recall:.3f}"


def _threshold(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the lowest threshold from which on 9 of 10 are right, where that finds anything."""
    order = np.argsort(-scores)
    right = np.cumsum(truth[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(right >= _PRECISION)
    return float(scores[order][good[-1]]) if len(good) else 0.5


if __name__ == "__main__":
    main()
