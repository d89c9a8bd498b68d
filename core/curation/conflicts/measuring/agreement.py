"""How far reviewers agree on the cards that several of them decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.curation.conflicts.card import Decision
from core.models.judge import CLASHING

__all__ = ["Agreement", "agreement", "cohens_kappa", "krippendorffs_alpha"]

ENOUGH: Final = 10
# Krippendorff's own bounds (2004): from here on conclusions are safe, or may be drawn with care.
_SAFE: Final = 0.8
_TENTATIVE: Final = 2 / 3

Said = Mapping[str, str]  # what each reviewer said of a card


@dataclass(frozen=True)
class Agreement:
    """How far reviewers agree: on whether two memories clash, and on the verdict.

    `kappa` is Cohen's, of two reviewers; `alpha` Krippendorff's, of any number. None where fewer than 10 cards were decided
    by several, or where all that was said is one thing, of which chance cannot be told apart.
    """

    cards: int
    reviewers: int
    same: int
    alpha: float | None = None
    alpha_verdicts: float | None = None
    kappa: float | None = None

    @property
    def words(self) -> str:
        """What that means."""
        if self.cards < ENOUGH:
            return f"too few decisions to say: {self.cards:,} of {ENOUGH:,} cards were decided by several reviewers"
        alike = f"{self.same:,} of {self.cards:,} cards that {self.reviewers:,} reviewers decided got one answer"
        if self.alpha is None:
            return f"{alike}; all say the same of every card, so chance cannot be told apart"
        if self.alpha >= _SAFE:
            return f"{alike}: they agree well (alpha {self.alpha:.2f}), the figures stand on firm ground"
        if self.alpha >= _TENTATIVE:
            return f"{alike}: they agree fairly (alpha {self.alpha:.2f}), take the figures with care"
        return f"{alike}: they agree too little (alpha {self.alpha:.2f}), settle first what counts as a conflict"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return vars(self) | {"words": self.words}


def agreement(decisions: Iterable[Decision]) -> Agreement:
    """Return the agreement over the cards that at least two people decided; the last word of each counts."""
    said: dict[str, dict[str, Decision]] = {}
    for decision in sorted(decisions, key=lambda each: (each.at, each.by)):
        said.setdefault(decision.card, {})[decision.by] = decision
    several = [by for by in said.values() if len(by) > 1]
    verdicts = [{who: str(each.verdict) for who, each in by.items()} for by in several]
    clashing = [{who: str(each.verdict in CLASHING) for who, each in by.items()} for by in several]
    reviewers = sorted({who for by in several for who in by})
    same = sum(len(set(by.values())) == 1 for by in clashing)
    if len(several) < ENOUGH:
        return Agreement(len(several), len(reviewers), same)
    return Agreement(
        len(several),
        len(reviewers),
        same,
        krippendorffs_alpha(clashing),
        krippendorffs_alpha(verdicts),
        cohens_kappa(clashing) if len(reviewers) == 2 else None,
    )


def cohens_kappa(said: Sequence[Said]) -> float | None:
    """Return Cohen's kappa (1960) of the same two reviewers over several cards; None where both say one thing always."""
    pairs = [(by[first], by[second]) for by in said for first, second in [sorted(by)]]
    count = len(pairs)
    if not count:
        return None
    left, right = Counter(first for first, _ in pairs), Counter(second for _, second in pairs)
    by_chance = sum(left[value] * right[value] for value in left) / (count * count)
    if by_chance >= 1:
        return None
    return (sum(first == second for first, second in pairs) / count - by_chance) / (1 - by_chance)


def krippendorffs_alpha(said: Sequence[Said]) -> float | None:
    """Return Krippendorff's alpha for names (2004), with any number of reviewers a card; None where all is one name."""
    several = [Counter(by.values()) for by in said if len(by) > 1]
    values = sum(several, Counter[str]())
    count = values.total()
    expected = count * count - sum(each * each for each in values.values())
    if not expected:
        return None
    observed = sum((by.total() ** 2 - sum(each * each for each in by.values())) / (by.total() - 1) for by in several)
    return 1 - (count - 1) * observed / expected
