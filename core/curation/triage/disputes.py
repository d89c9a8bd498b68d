"""Which memories many others speak against, by the cards of the conflict inbox and what people decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.curation.conflicts.card import Card, Decision
from core.models.judge import CLASHING

__all__ = ["Dispute", "disputes"]


@dataclass(frozen=True)
class Dispute:
    """A memory against which others speak: their keys, and what they weigh: 1 where a person agreed, else the clash."""

    key: str
    against: tuple[str, ...]
    agents: int
    weight: float

    @property
    def score(self) -> float:
        """How strong it is: one other memory says little, four say nearly all."""
        return 1.0 - float(0.55 ** max(0.0, self.weight - 1))

    @property
    def reason(self) -> str:
        """It in words."""
        who = "" if self.agents < 2 else f" of {self.agents:,} agents"
        return f"{len(self.against):,} other memories{who} may contradict it"


def disputes(cards: Iterable[Card], decisions: Iterable[Decision]) -> tuple[Dispute, ...]:
    """Return the memories against which at least two others speak, the strongest first; samples are no suspicion.

    What a person said counts for the judge's word: a pair that is no conflict counts for nothing.
    """
    said = {each.card: each for each in sorted(decisions, key=lambda one: (one.at, one.by)) if not each.second}
    against: dict[str, dict[str, tuple[float, str | None]]] = {}
    for card in cards:
        decision = said.get(card.id)
        weight = card.judgement.clash if decision is None else float(decision.verdict in CLASHING)
        if weight <= 0 or (card.sample and decision is None):
            continue
        for one, other in ((card.left, card.right), (card.right, card.left)):
            for key in (one.key, *one.others):
                against.setdefault(key, {})[other.key] = (weight, other.agent)
    found = [_dispute(key, others) for key, others in against.items() if len(others) > 1]
    return tuple(sorted(found, key=lambda each: (-each.weight, each.key)))


def _dispute(key: str, others: Mapping[str, tuple[float, str | None]]) -> Dispute:
    agents = {agent for _, agent in others.values() if agent is not None}
    return Dispute(key, tuple(sorted(others)), len(agents), sum(weight for weight, _ in others.values()))
