"""Write groups that no training read as labelled pairs, a few of each: `python benchmarks/judge/held.py --out OUT.jsonl`.

What joins the model with the cues is fitted on them: on pairs that it has read its logits would be too good to be true.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.judge.pairs import LABELS, Pair, grouped

_VERDICTS: Final = dict(zip(LABELS, ("contradiction", "duplicate", "both_true"), strict=True))
# Of a group, by class: about as the sets beside this have them.
_MOST: Final = {"contradiction": 1, "duplicate": 1, "both_true": 1}


def main() -> None:
    """Draw at most so many pairs of each class that hold the first text of a group, and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--groups", type=Path, default=Path(__file__).with_name("groups"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=8)
    args = parser.parse_args()
    chance, found = random.Random(args.seed), grouped(args.groups, held=True)
    chance.shuffle(found)
    taken: dict[tuple[str, str], int] = {}
    rows = [row for pair in found if (row := _row(pair, taken)) is not None]
    args.out.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")
    print(f"{len(rows):,} of {len(found):,} pairs")


def _row(pair: Pair, taken: dict[tuple[str, str], int]) -> dict[str, str] | None:
    """Return a pair as a row, None where its texts were drawn often enough."""
    verdict = _VERDICTS[LABELS[pair.allowed[0]]]
    counts = [taken.get((text, verdict), 0) for text in (pair.left, pair.right)]
    if max(counts) >= _MOST[verdict] or sum(counts) >= _MOST[verdict]:
        return None
    for text in (pair.left, pair.right):
        taken[text, verdict] = taken.get((text, verdict), 0) + 1
    return {"text_a": pair.left, "text_b": pair.right, "verdict": verdict}


if __name__ == "__main__":
    main()
