"""How well pairs of texts that contradict each other are found: by a judge, at its threshold, and verdict by verdict.

What is looked for is a contradiction or one text that supersedes the other. A file says so in `verdict` (the five of the
taxonomy) or in `label` (contradiction, conflict, 1, true …). Times and agents are used where it has them.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from core.errors import FileReadError
from core.eval.pairs import Judged, cosines_of, judged
from core.eval.rows import read_rows
from core.memory.fields import preview
from core.models.embedding import default_embedder
from core.models.judge import ConflictVerdict, Judge, JudgedPair, Judgement, Side

__all__ = ["LabelledPair", "read_labelled", "run"]

_BATCH: Final = 512
_YES: Final = frozenset(
    {"1", "1.0", "true", "yes", "y", "t", "contradiction", "contradictory", "contradicts", "contradicted", "conflict"}
    | {"conflicts", "conflicting", "inconsistent", "superseded", "clash", "c", "contradicting", "refutes", "refuted"}
)
_NO: Final = frozenset(
    {"0", "0.0", "false", "no", "n", "f", "entailment", "entails", "entailed", "neutral", "consistent", "both true", "e"}
    | {"duplicate", "duplicates", "unrelated", "not contradiction", "non contradiction", "no contradiction", "no conflict"}
    | {"none", "same", "equivalent", "paraphrase", "different", "independent", "compatible", "not conflict", "agree"}
    | {"not contradictory", "supports", "supported", "not enough info", "not entailment", "non entailment", "agreement"}
)
_FIELDS: Final = ("verdict", "label", "gold_label")


@dataclass(frozen=True)
class LabelledPair:
    """Two texts, whether they clash, and the verdict where the file has the five."""

    left: Side
    right: Side
    clash: bool
    verdict: ConflictVerdict | None


def run(args: argparse.Namespace) -> int:
    """Embed the texts, ask the judge, print the tables and one line of JSON."""
    from core.models.judges.choice import judge_of

    judge = judge_of(args.judge)
    labelled = read_labelled(args.pairs, split=args.split, texts=args.texts)
    started = time.perf_counter()
    cosines = cosines_of([(pair.left.text, pair.right.text) for pair in labelled], default_embedder(args.embeddings))
    embedded = time.perf_counter()
    said = _asked(judge, labelled, cosines.tolist())
    seconds = time.perf_counter() - embedded
    clashes = [pair.clash for pair in labelled]
    found = judged(np.array([each.clash for each in said]), clashes, threshold=judge.threshold)
    count, positive = len(labelled), sum(clashes)
    print(
        f"{count:,} pairs, {positive:,} contradiction or superseded; embedded in {embedded - started:.1f} s, "
        f"judged by {judge.tag} in {seconds:.1f} s"
    )
    print("\n".join(_table(labelled, said, judge.threshold)))
    if positive in (0, count):
        print("The pairs are of one kind alone: there is nothing to put in order.")
    figures = _figures(found) | {"threshold": round(judge.threshold, 4), "judge": judge.tag, "pairs": count}
    print(json.dumps(figures | {"ms_per_pair": round(1_000 * seconds / count, 3)}))
    return 0


def read_labelled(path: Path, *, split: str | None = None, texts: str = "text") -> list[LabelledPair]:
    """Return the pairs of a file; raise FileReadError naming the line that cannot be used."""
    found = []
    for number, row in read_rows(path):
        if split is not None and row.get("split") != split:
            continue
        where = f"{path} line {number}"
        left, right = (_side(row, texts, side, where) for side in ("a", "b"))
        found.append(LabelledPair(left, right, *_label(row, where)))
    if not found:
        raise FileReadError(f"{path} holds no pairs{'' if split is None else f' of the split {preview(split)}'}.")
    return found


def _asked(judge: Judge, labelled: Sequence[LabelledPair], cosines: Sequence[float]) -> list[Judgement]:
    pairs = [JudgedPair(pair.left, pair.right, cosine) for pair, cosine in zip(labelled, cosines, strict=True)]
    return [said for start in range(0, len(pairs), _BATCH) for said in judge.judge(pairs[start : start + _BATCH])]


def _table(labelled: Sequence[LabelledPair], said: Sequence[Judgement], threshold: float) -> list[str]:
    """Return the table by verdict: what each truth was taken for, and precision and recall of each; or by yes and no."""
    truths = [pair.verdict.value if pair.verdict else ("clash" if pair.clash else "no clash") for pair in labelled]
    names = [verdict.value for verdict in ConflictVerdict]
    told = [each.verdict.value for each in said]
    rows = [name for name in (*names, "clash", "no clash") if name in truths]
    lines = ["", f"{'truth':<15}{'pairs':>7}" + "".join(f"{name:>15}" for name in names) + f"{'to the inbox':>14}"]
    for row in rows:
        places = [at for at, truth in enumerate(truths) if truth == row]
        counts = [sum(told[at] == name for at in places) for name in names]
        inbox = sum(said[at].clash >= threshold for at in places)
        lines.append(f"{row:<15}{len(places):>7,}" + "".join(f"{count:>15,}" for count in counts) + f"{inbox:>14,}")
    if any(pair.verdict for pair in labelled):
        lines += ["", f"{'verdict':<15}{'precision':>11}{'recall':>9}"]
        for name in names:
            both = sum(truth == name == one for truth, one in zip(truths, told, strict=True))
            lines.append(f"{name:<15}{_share(both, told.count(name)):>11}{_share(both, truths.count(name)):>9}")
    return [*lines, ""]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


def _figures(found: Judged) -> dict[str, float]:
    both = found.precision + found.recall
    figures = {
        "precision": found.precision,
        "recall": found.recall,
        "f1": 2 * found.precision * found.recall / both if both else 0.0,
    }
    return {name: round(value, 4) for name, value in (figures | {"auc": found.auc, "best_f1": found.best_f1}).items()} | {
        "found": found.found
    }


def _side(row: Mapping[str, Any], texts: str, side: str, where: str) -> Side:
    text = row.get(f"{texts}_{side}")
    if not isinstance(text, str):
        raise FileReadError(f"{where}: a pair needs the texts {texts}_a and {texts}_b.")
    agent = row.get(f"agent_{side}")
    return Side(text, _moment(row.get(f"at_{side}"), where), None if agent in (None, "") else str(agent))


def _moment(value: object, where: str) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        at = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        raise FileReadError(
            f"{where}: {preview(value)} is no time: give it as 2026-01-31T12:00:00Z, or leave it out."
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _label(row: Mapping[str, Any], where: str) -> tuple[bool, ConflictVerdict | None]:
    label = next((row[name] for name in _FIELDS if row.get(name) not in (None, "")), None)
    said = "" if label is None else " ".join(str(label).strip().lower().replace("_", " ").replace("-", " ").split())
    # Of the five only a field of that name has all: "contradiction" of three labels says nothing of what came later.
    verdict = next((each for each in ConflictVerdict if each.value.replace("_", " ") == said), None)
    if said in _YES | _NO:
        return said in _YES, verdict if row.get("verdict") else None
    raise FileReadError(
        f"{where}: the label {preview(label)} is none that is known: give one of {', '.join(ConflictVerdict)} as `verdict`, "
        "or contradiction, 1 or 0 as `label`."
    )
