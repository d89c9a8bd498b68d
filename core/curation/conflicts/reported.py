"""A conflict that an agent reports: a card like any other, which a person decides; no judge has looked at it.

Its judgement stands under a tag of its own, so that the thresholds and figures of judges are not those of reports: how often
agents are right about what they report is a row beside the judges'.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from core.curation.conflicts.card import Card, CardSide
from core.curation.conflicts.sides import age, carded
from core.curation.duplicates.exact import content_hash
from core.errors import ConfigError
from core.memory import Memory
from core.memory.fields import preview
from core.models.judge import ConflictVerdict, Judgement

__all__ = ["REPORTED", "is_reported", "reported_card"]

REPORTED: Final = "report"
# That somebody said so makes it worth a look, and no more: as likely as not.
_SAID: Final = {ConflictVerdict.CONTRADICTION: 0.5, ConflictVerdict.BOTH_TRUE: 0.5}


def is_reported(card: Card) -> bool:
    """Say whether a card is there because an agent reported it, and no judge has raised it since."""
    return card.judgement.judge == REPORTED


def reported_card(one: Memory, other: Memory, *, by: str, why: str, cosine: float, now: datetime) -> Card:
    """Return the card of two memories that an agent says are at odds; raise ConfigError where they say the same."""
    if content_hash(one.content) == content_hash(other.content):
        raise ConfigError(
            f"Memories {preview(one.key)} and {preview(other.key)} say the same: a conflict is between two that differ."
        )
    left, right = sorted((one, other), key=lambda memory: age(memory.created_at, memory.key))
    judgement = Judgement(_SAID, REPORTED, f"{by}: {why}" if why else f"{by} gave no reason.", REPORTED)
    return carded(_side(left), _side(right), judgement, cosine=cosine, why=f"reported by {by}", now=now)


def _side(memory: Memory) -> CardSide:
    return CardSide(
        key=memory.key,
        hash=content_hash(memory.content),
        text=memory.content,
        agent=memory.agent_id,
        team=memory.team_id,
        task=memory.task_id,
        at=memory.created_at,
        confidence=memory.confidence,
    )
