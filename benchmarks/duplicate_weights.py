"""Fit the weights of core/curation/duplicates/weights.py: a logistic regression over pairs of texts that do not clash.

    python benchmarks/duplicate_weights.py STSB_PAIRS [--nli DIR] [--embeddings DIR]

Fitted on the splits train and dev of STS-B (a score of 4 or more: they say the same), on the technical pairs that are
marked `tune`, on pairs made from templates, and on contradictions and neutral pairs of NLI sets, which never say the same.
What is reported (the splits `test`, other sets) has no part in it. A weight may not have the wrong sign: what differs makes
nothing more alike. The table says for each family what is right and wrong from each threshold on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from scipy.optimize import minimize

from benchmarks.duplicate_templates import families
from core.analysis.difference import differences
from core.curation.duplicates.lexical import overlap
from core.curation.duplicates.likeness import FREE, PER_WORD, features
from core.eval.rows import read_rows
from core.models.embedding import default_embedder

TECHNICAL: Final = Path(__file__).resolve().parents[1] / "tests" / "core" / "duplicates" / "technical_pairs.jsonl"
_PENALTY: Final = 1.0
_MORE: Final = frozenset({"cosine", "length"})
_BATCH: Final = 256
_AT: Final = (0.6, 0.7, 0.75, 0.8, 0.84, 0.88)
# Few hand-written pairs beside thousands of captions and headlines; of contradictions many are easy.
_WEIGHTS: Final = {
    "technical": 10.0,
    "order": 3.0,
    "questions": 5.0,
    "entities": 4.0,
    "negation": 3.0,
    "acts": 2.0,
    "logs": 3.0,
}
_NLI: Final = {
    "conjnli": (1_200, 0.3),
    "cad_nli": (1_200, 0.3),
    "snli_dev_test": (800, 0.5),
    "mnli_dev_matched": (800, 0.5),
    "numeric_edit_generated": (600, 0.3),
    "ambient": (600, 0.3),
}

Pairs = list[tuple[str, str, bool]]


def main() -> None:
    """Read, embed, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stsb", type=Path, help="pairs with text_a, text_b, score and split")
    parser.add_argument("--embeddings", type=Path, metavar="DIR", help="keep the embeddings there for the next run")
    parser.add_argument("--nli", type=Path, metavar="DIR", help="sets with the labels contradiction, neutral, entailment")
    args = parser.parse_args()
    sets = {**_labelled(args.stsb), **families(), **(_told_apart(args.nli) if args.nli else {})}
    tables = {name: _table(pairs, args.embeddings) for name, pairs in sets.items()}
    names = next(iter(tables.values()))[0]
    weights = _WEIGHTS | {name: weight for name, (_, weight) in _NLI.items()}
    kept = {name: ~clash for name, (_, _, _, clash, _) in tables.items()}
    rows = np.concatenate([table[kept[name]] for name, (_, table, _, _, _) in tables.items()])
    labels = np.concatenate([same[kept[name]] for name, (_, _, same, _, _) in tables.items()])
    each = np.concatenate([np.full(int(own.sum()), weights.get(name, 1.0)) for name, own in kept.items()])
    fitted = fit(rows, labels.astype(float), each, names)
    print(f"{len(each):,} pairs that do not clash, {int(labels.sum()):,} of them the same")
    print(f"{'right and wrong from':<26}" + "".join(f"{at:>12}" for at in _AT))
    for name, (_, table, same, clash, extra) in tables.items():
        alike = 1 / (1 + np.exp(-(fitted[0] + table @ np.array(fitted[1:])))) * PER_WORD**extra * ~clash
        told = (f"{int((same & (alike >= at)).sum()):>7,}{int((~same & (alike >= at)).sum()):>5,}" for at in _AT)
        print(f"{name:<20}{int(same.sum()):>6,}" + "".join(told))
    rounded = {name: round(weight, 3) for name, weight in zip(names, fitted[1:], strict=True)}
    print(json.dumps({"BIAS": round(fitted[0], 3), **rounded}, indent=1))


def _table(pairs: Pairs, cache: Path | None) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return what is weighed, by name; a row for each pair; which are the same, which clash, and words beyond the free."""
    texts = sorted({text for a, b, _ in pairs for text in (a, b)}, key=len)
    embedder = default_embedder(cache)
    vectors = np.concatenate([embedder.embed(texts[at : at + _BATCH]) for at in range(0, len(texts), _BATCH)])
    place = {text: at for at, text in enumerate(texts)}
    rows, clash, extra = [], [], []
    for a, b, _ in pairs:
        found, shared = differences(a, b), overlap(a, b)
        rows.append(features(a, b, shared, found, float(vectors[place[a]] @ vectors[place[b]])))
        clash.append(any(difference.clashes for difference in found))
        extra.append(max(0, shared.left + shared.right - FREE))
    table = np.array([list(row.values()) for row in rows])
    return list(rows[0]), table, np.array([same for *_, same in pairs], bool), np.array(clash, bool), np.array(extra)


def fit(table: np.ndarray, labels: np.ndarray, weights: np.ndarray, names: list[str]) -> list[float]:
    """Return bias and weights of a logistic regression with a ridge, over features of equal spread and with given signs."""
    middle, spread = table.mean(axis=0), table.std(axis=0) + 1e-9
    x = np.column_stack([np.ones(len(table)), (table - middle) / spread])

    def loss(found: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ found
        ridge = np.concatenate([[0.0], _PENALTY * found[1:]])
        slope = x.T @ (weights * (1 / (1 + np.exp(-z)) - labels)) + ridge
        return float((weights * (np.logaddexp(0, z) - labels * z)).sum() + ridge @ found / 2), slope

    signs = [(0, None) if name in _MORE else (None, 0) for name in names]
    found = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B", bounds=[(None, None), *signs]).x
    return [float(found[0] - (found[1:] * middle / spread).sum()), *(found[1:] / spread).tolist()]


def _labelled(stsb: Path) -> dict[str, Pairs]:
    rows = [row for _, row in read_rows(stsb)]
    found = {
        f"stsb {split}": [(row["text_a"], row["text_b"], row["score"] >= 4) for row in rows if row["split"] == split]
        for split in ("train", "dev")
    }
    technical = [row for _, row in read_rows(TECHNICAL) if row["split"] == "tune"]
    return {**found, "technical": [(row["text_a"], row["text_b"], bool(row["label"])) for row in technical]}


def _told_apart(folder: Path) -> dict[str, Pairs]:
    return {name: list(_spread(folder / f"{name}.jsonl.gz", most)) for name, (most, _) in _NLI.items()}


def _spread(path: Path, most: int) -> Iterator[tuple[str, str, bool]]:
    """Yield at most so many pairs of which none follows from the other, over the whole file; those of `test` not."""
    found = [row for _, row in read_rows(path) if row["label"] != "entailment" and row["split"] != "test"]
    for row in found[:: max(1, -(-len(found) // most))]:
        yield row["text_a"], row["text_b"], False


if __name__ == "__main__":
    main()
