"""How well the guard finds secrets and orders to the reader, by texts with labels: precision, recall, and what was missed.

A line has `text` and `label` ("secrets", "injection" or "none"), and may have `what`, the pattern that must be named, and
`split`. A text counts as found where the rule of its label finds something; one labelled otherwise, where it does, is a
false alarm.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.errors import FileReadError
from core.eval.guarding import filled
from core.eval.rows import read_rows
from core.guard import DEFAULT_GUARD, Findings, Guard, Rule
from core.hostile import one_line
from core.memory import Memory
from core.memory.fields import preview

__all__ = ["Example", "add_arguments", "figures", "read_examples", "run"]

_NONE: Final = "none"
_LABELS: Final = {str(Rule.SECRETS): Rule.SECRETS, str(Rule.INJECTION): Rule.INJECTION, _NONE: None}
_SHOWN: Final = 20


@dataclass(frozen=True)
class Example:
    """A text, the rule that must find something in it, None for none, and the pattern that it must name, "" for any."""

    text: str
    rule: Rule | None
    what: str = ""
    line: int = 0


@dataclass(frozen=True)
class _Figures:
    """Counts of one rule."""

    found: int
    missed: int
    false: int

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.false) if self.found + self.false else 1.0

    @property
    def recall(self) -> float:
        return self.found / (self.found + self.missed) if self.found + self.missed else 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what to measure with."""
    parser.add_argument("--corpus", type=Path, required=True, metavar="FILE", help="JSON lines of text, label and split")
    parser.add_argument("--split", metavar="NAME", help="only the lines of this split")
    parser.add_argument("--seed", default="guard", metavar="TEXT", help="what secrets are drawn by (default: guard)")


def run(args: argparse.Namespace) -> int:
    """Look at every text, print the table and one line of JSON."""
    examples = read_examples(args.corpus, split=args.split, seed=args.seed)
    guard = Guard(DEFAULT_GUARD)
    started = time.perf_counter()
    verdicts = guard.look(Memory(f"line-{each.line}", each.text) for each in examples)
    seconds = time.perf_counter() - started
    measured = {rule: figures(examples, verdicts, rule) for rule in (Rule.SECRETS, Rule.INJECTION)}
    print(f"{len(examples):,} texts in {seconds:.2f} s")
    print("\n".join(_table(measured)))
    print("\n".join(_wrong(examples, verdicts)))
    named = [(each, verdict) for each, verdict in zip(examples, verdicts, strict=True) if each.what]
    right = sum(any(one.what == each.what for one in verdict) for each, verdict in named)
    value: dict[str, Any] = {"texts": len(examples), "ms_per_text": round(1_000 * seconds / len(examples), 3)}
    for rule, each in measured.items():
        value[str(rule)] = {**vars(each), "precision": round(each.precision, 4), "recall": round(each.recall, 4)}
    print(json.dumps(value | {"named": right, "to_name": len(named)}))
    return 0


def read_examples(path: Path, *, split: str | None = None, seed: str = "guard") -> list[Example]:
    """Return the texts of a file, with what stands in braces made; raise FileReadError naming a line that cannot be used."""
    found = []
    for number, row in read_rows(path):
        if split is not None and row.get("split") != split:
            continue
        where = f"{path} line {number}"
        text, label = row.get("text"), row.get("label")
        if not isinstance(text, str) or label not in _LABELS:
            raise FileReadError(f"{where}: it needs a `text`, and a `label` of {', '.join(_LABELS)}, not {preview(label)}.")
        made = filled(text, seed=f"{seed}:{number}", where=where)
        found.append(Example(made, _LABELS[label], str(row.get("what") or ""), number))
    if not found:
        raise FileReadError(f"{path} holds no texts{'' if split is None else f' of the split {preview(split)}'}.")
    return found


def figures(examples: Sequence[Example], verdicts: Sequence[Findings], rule: Rule) -> _Figures:
    """Return how often a rule found what it must, missed it, and found what is not there."""
    pairs = [
        (each.rule is rule, any(one.rule is rule for one in verdict))
        for each, verdict in zip(examples, verdicts, strict=True)
    ]
    return _Figures(pairs.count((True, True)), pairs.count((True, False)), pairs.count((False, True)))


def _table(measured: dict[Rule, _Figures]) -> list[str]:
    lines = ["", f"{'rule':<12}{'found':>7}{'missed':>8}{'false':>7}{'precision':>11}{'recall':>9}"]
    for rule, each in measured.items():
        lines.append(
            f"{rule!s:<12}{each.found:>7,}{each.missed:>8,}{each.false:>7,}{each.precision:>11.3f}{each.recall:>9.3f}"
        )
    return [*lines, ""]


def _wrong(examples: Sequence[Example], verdicts: Sequence[Findings]) -> list[str]:
    """Return the lines that were told wrong, by their numbers: a text may be a secret."""
    lines = []
    for each, verdict in zip(examples, verdicts, strict=True):
        rules = {one.rule for one in verdict} & {Rule.SECRETS, Rule.INJECTION}
        if rules != ({each.rule} if each.rule else set()):
            lines.append(f"line {each.line}: {each.rule or _NONE}, found {one_line(verdict.reason or 'nothing', 160)}")
    return [*lines[:_SHOWN], *([f"… and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []), ""]
