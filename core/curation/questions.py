"""What a pre-flight asks: golden queries, and what was really asked lately, each once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.candidates import Mode
from core.curation.golden import GoldenQuery
from core.curation.judging import Question
from core.errors import MnemoscopeError
from core.operate.recalls import LoggedRecall
from core.scope import Scope

__all__ = ["questions_of"]

_REAL: Final = 200  # real queries, each once


def questions_of(golden: Sequence[GoldenQuery], recent: Sequence[LoggedRecall], k: int | None) -> tuple[list[Question], int]:
    """Return what to ask, each real query once, newest first, and how many of these cannot be read."""
    found = [Question(each.text, each.mode, k or each.k, each.scope, each) for each in golden]
    real: dict[tuple[str, Mode, int, Scope], int] = {}
    odd = 0
    for each in recent:
        if each.query is None:
            continue
        try:
            asked = (each.query, Mode(each.mode), k or each.k, Scope.from_params(each.scope))
        except (MnemoscopeError, ValueError):
            odd += 1
            continue
        real[asked] = real.get(asked, 0) + 1
    known = {(each.text, each.mode, each.k, each.scope) for each in found}
    kept = [(asked, times) for asked, times in real.items() if asked not in known][:_REAL]
    return [*found, *(Question(*asked, times=times) for asked, times in kept)], odd
