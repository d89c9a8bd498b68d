"""How often the annotated mistake of a failed task is among the signs of trouble of its story, and how many signs there are.

    python benchmarks/story_signs.py ../shared/data/whowhen_captainagent [--half odd]

The data are Who&When's (Zhang et al. 2025), algorithm-generated part: 126 failed tasks, in each one step annotated as the
decisive mistake. Words and weights of the signs were chosen on the tasks of even place; the figures to report are the odd
ones'. Chance is a step drawn from those that agents wrote, without what tools printed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pandas as pd

from core.analysis.frame import COLUMNS
from core.analysis.story import FIELDS, Kind, Story, story

_TOPS = (1, 2, 3, 5)
_HALVES = {"even": slice(0, None, 2), "odd": slice(1, None, 2), "all": slice(None)}


@dataclass(frozen=True)
class Found:
    """One task: place of the annotated step among the suspects (None: not there), and how much there is to look at."""

    place: int | None
    either: bool
    steps: int
    own: int
    suspects: int
    signs: int


def main() -> None:
    """Print the figures of a half."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--half", choices=tuple(_HALVES), default="odd")
    given = parser.parse_args()
    rows, failures = (_lines(given.directory / f"{name}.jsonl.gz") for name in ("memories", "failures"))
    found = [_look([row for row in rows if row["task_id"] == f["task_id"]], f) for f in failures[_HALVES[given.half]]]
    count = len(found)
    print(f"{count} tasks, {_mean(one.steps for one in found):.1f} steps each")
    print(
        f"with signs: {_mean(one.suspects for one in found):.1f} steps, {_mean(one.signs for one in found):.1f} signs each"
    )
    hit, alike = sum(one.place is not None for one in found) / count, _mean(one.suspects / one.own for one in found)
    print(f"annotated step has a sign: {hit:.1%} (as many steps by chance: {alike:.1%})")
    print(f"it has one or a sign points to it: {sum(one.either for one in found) / count:.1%}")
    for top in _TOPS:
        hits = sum(one.place is not None and one.place <= top for one in found) / count
        chance = _mean(min(1.0, top / one.own) for one in found)
        print(f"among the first {top} suspects: {hits:.1%} (chance {chance:.1%})")


def _look(rows: Sequence[dict[str, Any]], failure: dict[str, Any]) -> Found:
    read = _story(rows)
    number = next(step.number for step in read.steps if step.key == failure["mistake_key"])
    place = read.suspects.index(number) + 1 if number in read.suspects else None
    either = place is not None or number in {sign.other for sign in read.signs}
    own = sum(Kind.RESULT not in step.kinds for step in read.steps)
    return Found(place, either, len(read.steps), own, len(read.suspects), len(read.signs))


def _story(rows: Sequence[dict[str, Any]]) -> Story:
    columns = {}
    for name, kind in COLUMNS.items():
        empty: Any = [] if kind == "object" else 0 if kind == "int64" else None
        columns[name] = pd.Series([row.get(name, empty) for row in rows], dtype=object).astype(kind)
    extras = {name: pd.Series([row.get(name) for row in rows], dtype=object) for name in FIELDS if name in rows[0]}
    return story(pd.DataFrame(columns), (rows[0]["team_id"], rows[0]["task_id"]), extras=extras)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def _mean(values: Iterable[float]) -> float:
    known = list(values)
    return sum(known) / len(known)


if __name__ == "__main__":
    main()
