"""Precision of what was raised, by people's decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.curation.conflicts.measuring.answers import Answer
from core.curation.conflicts.measuring.shares import Share, share_of

__all__ = ["ENOUGH", "precision"]

ENOUGH: Final = 20


def precision(answers: Sequence[Answer], *, needed: int = ENOUGH) -> Share:
    """Return how many of the raised cards that were decided clash."""
    return share_of((answer.clashing for answer in answers if not answer.sample), needed=needed)
