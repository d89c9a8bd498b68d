"""Whether there is anything to point at: what two texts say differently, or words by which one takes something back. Pure.

A judge may be sure by how texts are worded alone. A person who is asked about them has to see what clashes: without it a
pair is no card, and may be drawn as a sample, so that what is lost by this is measured.
"""

from __future__ import annotations

import re
from typing import Final

from core.analysis.difference import Kind, claims, differences
from core.models.judge import JudgedPair, Judgement

__all__ = ["has_grounds"]

_CHARS: Final = 4_000
_VALUES: Final = frozenset({Kind.NUMBER, Kind.DATE, Kind.NAME})
_CHANGED: Final = re.compile(
    r"(?<!\w)(?:no longer|instead of|any ?more|out of date|outdated|obsolete|is gone|(?:has|have) left|moved|replaces?d?"
    r"|supersed\w{1,4}|(?:from )?now|as of|used to|formerly|previously|correct(?:ed|ion)|withdrawn"
    r"|earlier (?:figure|number|value)|nicht mehr|jetzt|ya no|ahora|désormais)(?!\w)",
    re.IGNORECASE,
)


def has_grounds(pair: JudgedPair, judgement: Judgement) -> bool:
    """Say whether there is a cue that holds, a difference in what both say, or a change that the later one tells of."""
    left, right = pair.left.text, pair.right.text
    if judgement.cue:
        return judgement.cue != Kind.NUMBER or _of_one_measure(left, right)
    changed = _CHANGED.search(right[:_CHARS]) is not None
    return any(each.clashes or (changed and each.right and each.kind in _VALUES) for each in differences(left, right))


def _of_one_measure(left: str, right: str) -> bool:
    """Say whether some number that one text alone says is of what the other says another one of.

    "Twelve clinics" and "92 %" are two numbers, and no two answers to one question.
    """
    numbers = [{(claim.about, claim.value) for claim in claims(text) if claim.kind is Kind.NUMBER} for text in (left, right)]
    alone = [{about for about, _ in own - other} for own, other in (numbers, reversed(numbers))]
    return not alone[0].isdisjoint(alone[1])
