"""How well pairs of texts are judged: area under the ROC curve, the best F1, and precision and recall at the default.

AUC is the share of (positive, negative) pairs that the score puts in order, ties half (Mann & Whitney 1947). Where there is
nothing to judge a figure by, it is that of nothing wrong: the precision of nothing found and the recall of nothing to find
are 1.0, and the AUC of pairs of one kind alone is 0.5; the table says so.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.errors import FileReadError
from core.eval.rows import read_rows
from core.memory.fields import preview
from core.models.protocol import Embedder

__all__ = ["TASKS", "Judged", "Labelled", "Task", "add_arguments", "cosines_of", "judged", "read_pairs", "run"]

_BATCH: Final = 256
_LEAST_SCORE: Final = 4.0
_MOST_SCORE: Final = 5.0
# What a label may say, in words; a yes of no task is a no of each.
_YES: Final[Mapping[str, frozenset[str]]] = {
    "duplicate": frozenset(
        {"1", "1.0", "true", "yes", "y", "t", "duplicate", "duplicates", "entailment", "consistent", "same", "equivalent"}
        | {"paraphrase", "similar", "match"}
    ),
}
_NO: Final = frozenset(
    {"0", "0.0", "false", "no", "n", "f", "not duplicate", "non duplicate", "nonduplicate", "no duplicate", "unique"}
    | {"contradiction", "neutral", "not entailment", "non entailment", "different", "distinct", "not same", "unrelated"}
    | {"not paraphrase", "non paraphrase", "no paraphrase", "not equivalent", "dissimilar", "no match"}
)
Scores = npt.NDArray[np.float64]
Cosines = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Labelled:
    """Pairs of texts, and whether each is what is looked for."""

    texts: tuple[tuple[str, str], ...]
    labels: tuple[bool, ...]


@dataclass(frozen=True)
class Judged:
    """The figures of one task: precision and recall at the default threshold."""

    auc: float
    best_f1: float
    precision: float
    recall: float
    found: int


@dataclass(frozen=True)
class Task:
    """What is looked for in a pair: a score for each, given their cosines, and from which score on it counts."""

    scores: Callable[[Sequence[tuple[str, str]], Cosines], Scores]
    threshold: float
    yes: frozenset[str]


def _duplicate() -> Task:
    from core.curation.duplicates import DEFAULT_THRESHOLD, likeness

    def scores(texts: Sequence[tuple[str, str]], cosines: Cosines) -> Scores:
        pairs = zip(texts, cosines.tolist(), strict=True)
        return np.array([likeness(a, b, cosine=cosine).probability for (a, b), cosine in pairs])

    return Task(scores, DEFAULT_THRESHOLD, _YES["duplicate"])


# A task is made when it is asked for.
TASKS: Final[Mapping[str, Callable[[], Task]]] = {"duplicate": _duplicate}
# The task of a judge, in conflicts.py.
_CONTRADICTION: Final = "contradiction"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `eval pairs`."""
    parser.add_argument(
        "--pairs",
        required=True,
        type=Path,
        metavar="FILE",
        help="text_a, text_b and a score of 0 to 5 (4 and more counts), a label or a verdict: JSON lines or .csv, or gzip",
    )
    tasks = sorted((*TASKS, _CONTRADICTION))
    parser.add_argument("--task", choices=tasks, default="duplicate", help="what is looked for (default: duplicate)")
    parser.add_argument(
        "--judge",
        metavar="NAME",
        help="of contradictions: cues, onnx:PATH, bedrock:MODEL, or two as in a+b (default: $MNEMOSCOPE_JUDGE, else cues)",
    )
    parser.add_argument(
        "--texts", metavar="NAME", default="text", help="of contradictions: read NAME_a and NAME_b (default: text)"
    )
    parser.add_argument("--split", metavar="NAME", help="only the pairs whose field `split` says so")
    parser.add_argument("--embeddings", type=Path, metavar="DIR", help="keep the embeddings there for the next run")


def run(args: argparse.Namespace) -> int:
    """Embed the texts, judge the pairs, print a table and one line of JSON."""
    from core.models.embedding import default_embedder

    if args.task == _CONTRADICTION:
        from core.eval.conflicts import run as run_conflicts

        return run_conflicts(args)
    task = TASKS[args.task]()
    labelled = read_pairs(args.pairs, yes=task.yes, split=args.split)
    started = time.perf_counter()
    cosines = cosines_of(labelled.texts, default_embedder(args.embeddings))
    embedded = time.perf_counter()
    scores = task.scores(labelled.texts, cosines)
    seconds = time.perf_counter() - embedded
    rows = [(args.task, judged(scores, labelled.labels, threshold=task.threshold))]
    rows.append(("cosine alone", judged(cosines, labelled.labels, threshold=task.threshold)))
    count, positive = len(labelled.texts), sum(labelled.labels)
    print(f"{count:,} pairs, {positive:,} {args.task}; embedded in {embedded - started:.1f} s, judged in {seconds:.1f} s")
    print(f"{'by':<16}{'auc':>8}{'best f1':>9}{'at':>7}{'precision':>11}{'recall':>8}")
    for name, one in rows:
        print(
            f"{name:<16}{one.auc:>8.3f}{one.best_f1:>9.3f}{task.threshold:>7.2f}{one.precision:>11.3f}{one.recall:>8.3f}",
            end="",
        )
        print("" if one.found else "  nothing found")
    if positive in (0, count):
        print("The pairs are of one kind alone: there is nothing to put in order.")
    figures = {name: round(value, 4) for name, value in vars(rows[0][1]).items()}
    print(json.dumps(figures | {"pairs": count, "ms_per_pair": round(1_000 * seconds / count, 3)}))
    return 0


def read_pairs(path: Path, *, yes: frozenset[str], split: str | None = None) -> Labelled:
    """Return the pairs of a file with their labels; raise FileReadError naming the line that cannot be used."""
    texts, labels = [], []
    for number, row in read_rows(path):
        if split is not None and row.get("split") != split:
            continue
        a, b = row.get("text_a"), row.get("text_b")
        if not isinstance(a, str) or not isinstance(b, str):
            raise FileReadError(f"{path} line {number}: a pair needs the texts text_a and text_b.")
        texts.append((a, b))
        labels.append(_label(row, yes, f"{path} line {number}"))
    if not texts:
        raise FileReadError(f"{path} holds no pairs{'' if split is None else f' of the split {preview(split)}'}.")
    return Labelled(tuple(texts), tuple(labels))


def judged(scores: Scores, labels: Sequence[bool], *, threshold: float) -> Judged:
    """Return the figures of some scores, the higher the more likely."""
    truth = np.asarray(labels, bool)
    positive, negative = int(truth.sum()), int((~truth).sum())
    found, places, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(sizes) - (sizes - 1) / 2)[places]  # of equal scores the mean rank
    ordered = ranks[truth].sum() - positive * (positive + 1) / 2
    hits = np.bincount(places, weights=truth, minlength=len(found))[::-1].cumsum()
    taken = sizes[::-1].cumsum()
    chosen = scores >= threshold
    right, taken_now = int((chosen & truth).sum()), int(chosen.sum())
    return Judged(
        auc=float(ordered / (positive * negative)) if positive and negative else 0.5,
        best_f1=float((2 * hits / (taken + positive)).max()) if positive else 1.0,
        precision=right / taken_now if taken_now else 1.0,
        recall=right / positive if positive else 1.0,
        found=taken_now,
    )


def _label(row: Mapping[str, Any], yes: frozenset[str], where: str) -> bool:
    label = row.get("label")
    if label in (None, ""):
        return _score(row.get("score"), where) >= _LEAST_SCORE
    said = " ".join(str(label).strip().lower().replace("_", " ").replace("-", " ").split())
    if said in yes:
        return True
    if said in _NO.union(*_YES.values()):
        return False
    raise FileReadError(
        f"{where}: the label {preview(label)} is none of {', '.join(sorted(yes))} or the contrary; give 0 or 1."
    )


def _score(value: object, where: str) -> float:
    try:
        score = float(str(value))
    except ValueError:
        score = math.nan
    if not 0 <= score <= _MOST_SCORE:
        raise FileReadError(
            f"{where}: a pair needs a label of 0 or 1, or a score from 0 to 5, and has the score {preview(value)}."
        )
    return score


def cosines_of(texts: Sequence[tuple[str, str]], embedder: Embedder) -> Cosines:
    """Return the cosine of each pair, telling on stderr how far the embedding is; an empty text is like nothing."""
    distinct = sorted({text for pair in texts for text in pair}, key=len)
    place = {text: at for at, text in enumerate(distinct)}
    parts = []
    for start in range(0, len(distinct), _BATCH):
        parts.append(np.asarray(embedder.embed(distinct[start : start + _BATCH]), np.float32))
        done = min(start + _BATCH, len(distinct))
        print(f"\r{done:,} of {len(distinct):,} texts embedded", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    vectors = np.concatenate(parts)
    left, right = (np.array([place[pair[side]] for pair in texts]) for side in (0, 1))
    found: Cosines = np.einsum("ij,ij->i", vectors[left], vectors[right], dtype=np.float64)
    return found
