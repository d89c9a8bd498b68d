"""What people decided as a labelled set: rows that `python -m core eval pairs --task contradiction` reads.

A row has both texts with their times and agents, the verdict and the label (1 where the two clash), what the judge had said
before, and whether a second look agreed. A sample below the threshold says with which probability it was drawn, so that a
measure can weigh it. The texts are those of memories, of people perhaps: with `texts=False` a row has only their hashes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, TextIO

from core.curation.conflicts.card import CardSide
from core.curation.conflicts.case import Case
from core.memory.fields import iso
from core.models.judge import CLASHING

__all__ = ["REDACTION_NOTE", "labelled_rows", "write_rows"]

REDACTION_NOTE = (
    "The rows have texts of memories, and names of agents and reviewers: handle them like the index itself, or export with "
    "--redact. An erasure does not reach a file."
)


def labelled_rows(cases: Iterable[Case], *, texts: bool = True) -> Iterator[dict[str, Any]]:
    """Yield a row for each card with a decision in force, by the time at which it was found."""
    for case in cases:
        ruling = case.ruling
        if ruling is None:
            continue
        card, decision = case.card, ruling.decision
        second = next((each.decision for each in case.rulings if each.second and each.in_force), None)
        yield {
            **_side("a", card.left, texts=texts),
            **_side("b", card.right, texts=texts),
            "verdict": str(decision.verdict),
            "label": int(decision.verdict in CLASHING),
            "resolution": str(decision.resolution),
            "probability": round(decision.clash, 6),
            "judge": decision.judge,
            "cue": decision.cue,
            "cosine": round(card.cosine, 6),
            "scope": _scope(card.left, card.right),
            "sample": card.sample,
            "drawn": card.drawn,
            "decided_at": _time(decision.at),
            "decided_by": decision.by if texts else None,
            "second_verdict": None if second is None else str(second.verdict),
        }


def write_rows(rows: Iterable[dict[str, Any]], file: TextIO) -> int:
    """Write rows as JSON lines, and return how many; texts that are no UTF-8 stay readable as escapes."""
    count = 0
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=True) + "\n")
        count += 1
    return count


def _side(name: str, side: CardSide, *, texts: bool) -> dict[str, Any]:
    said = {f"text_{name}": side.text} if texts else {f"hash_{name}": side.hash}
    return {**said, f"at_{name}": _time(side.at), f"agent_{name}": side.agent if texts else None}


def _scope(left: CardSide, right: CardSide) -> str:
    for name, one, other in (("team", left.team, right.team), ("task", left.task, right.task)):
        if one is not None and one == other:
            return f"{name}:{one}"
    return ""


def _time(at: datetime | None) -> str | None:
    return None if at is None else iso(at)
