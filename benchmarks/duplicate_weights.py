"""Fit the weights of core/curation/duplicates/weights.py: a logistic regression over pairs of texts that do not clash.

    python benchmarks/duplicate_weights.py STSB_PAIRS [--contradictions NLI_PAIRS] [--embeddings DIR]

Fitted on the splits train and dev of STS-B (a score of 4 or more: they say the same), on the technical pairs that are
marked `tune`, on pairs made here from templates, and on contradictions, which never say the same. What is reported (the
splits `test`, other sets) has no part in it. A weight may not have the wrong sign: what differs makes nothing more alike.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from scipy.optimize import minimize

from core.analysis.difference import differences
from core.curation.duplicates.lexical import overlap
from core.curation.duplicates.likeness import features
from core.eval.rows import read_rows
from core.models.embedding import default_embedder

TECHNICAL: Final = Path(__file__).resolve().parents[1] / "tests" / "core" / "duplicates" / "technical_pairs.jsonl"
_PENALTY: Final = 1.0
_MORE: Final = frozenset({"cosine", "length"})
_BATCH: Final = 256
_CONTRADICTIONS: Final = 600
# Few hand-written pairs beside thousands of captions and headlines.
_TECHNICAL_WEIGHT: Final = 10.0

# What is said, another way to say it, and what may stand in it. Two fillings of one template do not say the same.
_TEMPLATES: Final = (
    ("The {a} reads its settings from the {b}.", "Settings of the {a} come from the {b}."),
    ("We decided to move the {a} into the {b}.", "It was decided that the {a} will be moved into the {b}."),
    ("The user asked for a summary of the {a} after every {b}.", "After each {b} the user wants the {a} summarised."),
    ("The {a} crashes when the {b} is empty.", "An empty {b} makes the {a} crash."),
    ("Please remember that the {a} depends on the {b}.", "Note: the {a} needs the {b}."),
    ("The {a} was slow, so the team added a {b}.", "Because the {a} was too slow, a {b} was added by the team."),
    ("While testing the {a} I noticed a bug in the {b}.", "I found a defect in the {b} when I was testing the {a}."),
    ("The agent wrote the {a} to the {b}.", "The {a} was written to the {b} by the agent."),
    (
        "The customer is unhappy with the {a} and wants a new {b}.",
        "A new {b} is wanted, as the {a} did not please the customer.",
    ),
    ("Before the {a} starts, it waits for the {b}.", "The {a} does not start before the {b} is there."),
)
_THINGS: Final = (
    "scheduler report gateway queue cache invoice meeting parser dashboard backup index template contract worker pipeline "
    "calendar notebook router sensor archive"
).split()
_WRAPS: Final = ("{}", "Note: {}", "FYI, {}", "{} (confirmed)", "Reminder: {}", "As discussed, {}")


def main() -> None:
    """Read, embed, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stsb", type=Path, help="pairs with text_a, text_b, score and split")
    parser.add_argument("--embeddings", type=Path, metavar="DIR", help="keep the embeddings there for the next run")
    parser.add_argument("--contradictions", type=Path, help="pairs with the label contradiction")
    args = parser.parse_args()
    rows = [*_rows(args.stsb, TECHNICAL), *made(), *_contradictions(args.contradictions)]
    texts = sorted({text for row in rows for text in row[:2]}, key=len)
    embedder = default_embedder(args.embeddings)
    vectors = np.concatenate([embedder.embed(texts[at : at + _BATCH]) for at in range(0, len(texts), _BATCH)])
    place = {text: at for at, text in enumerate(texts)}
    table, labels, weights, names = [], [], [], []
    for a, b, same, weight in rows:
        found = differences(a, b)
        if any(difference.clashes for difference in found):
            continue  # decided without weights
        values = features(overlap(a, b), found, float(vectors[place[a]] @ vectors[place[b]]))
        names = list(values)
        table.append(list(values.values()))
        labels.append(same)
        weights.append(weight)
    fitted = fit(np.array(table), np.array(labels, float), np.array(weights), names)
    print(f"{len(labels):,} pairs that do not clash, {sum(labels):,} of them the same")
    print(
        json.dumps(
            {"BIAS": round(fitted[0], 3), **{n: round(w, 3) for n, w in zip(names, fitted[1:], strict=True)}}, indent=1
        )
    )


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


def made() -> Iterator[tuple[str, str, bool, float]]:
    """Yield pairs from the templates: two ways to say it, said again with a few words more, and of another thing."""
    things = itertools.cycle(_THINGS)
    for said, other in _TEMPLATES:
        for _ in range(8):
            a, b, c = next(things), next(things), next(things)
            text = said.format(a=a, b=b)
            yield text, other.format(a=a, b=b), True, 1.0
            yield text, said.format(a=a, b=c), False, 1.0
            yield text, other.format(a=c, b=b), False, 1.0
        for wrap in _WRAPS[1:]:
            yield text, wrap.format(text), True, 1.0
            yield text, wrap.format(other.format(a=a, b=b)), True, 1.0
        yield text, text.upper(), True, 1.0
        yield text, text.rstrip(".").lower(), True, 1.0


def _rows(stsb: Path, technical: Path) -> Iterator[tuple[str, str, bool, float]]:
    for _, row in read_rows(stsb):
        if row["split"] != "test":
            yield row["text_a"], row["text_b"], row["score"] >= 4, 1.0
    for _, row in read_rows(technical):
        if row["split"] == "tune":
            yield row["text_a"], row["text_b"], bool(row["label"]), _TECHNICAL_WEIGHT


def _contradictions(path: Path | None) -> Iterator[tuple[str, str, bool, float]]:
    found = (
        [row for _, row in read_rows(path) if row["label"] == "contradiction" and row["split"] == "train"] if path else []
    )
    for row in found[:: max(1, len(found) // _CONTRADICTIONS)]:
        yield row["text_a"], row["text_b"], False, 0.5


if __name__ == "__main__":
    main()
