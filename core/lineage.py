"""What a memory lends to the memories that it was made from.

A fact or summary that fits a query says that its sources do too, in whatever words they are: spreading activation along
`derived_from` (Collins and Loftus 1975; over retrieved passages Gutiérrez et al. 2024, "HippoRAG"), one step far.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.candidates import Candidate

__all__ = ["Loan", "loans", "missing_sources"]


@dataclass(frozen=True)
class Loan:
    """What a source inherits: the relevance of a derived memory, divided among all its sources."""

    derived: str
    relevance: float
    sources: int

    @property
    def value(self) -> float:
        """Return the share of one source, 0 to 1."""
        return self.relevance / self.sources


def loans(candidates: Sequence[Candidate], relevance: Mapping[str, float]) -> dict[str, Loan]:
    """Return the best loan of each source of the candidates, by key."""
    best: dict[str, Loan] = {}
    for candidate in candidates:
        sources = set(candidate.memory.derived_from) - {candidate.memory.key}
        for source in sources:
            loan = Loan(candidate.memory.key, relevance[candidate.memory.key], len(sources))
            if source not in best or loan.value > best[source].value:
                best[source] = loan
    return best


def missing_sources(candidates: Sequence[Candidate], relevance: Mapping[str, float], *, limit: int) -> list[str]:
    """Return the sources that are not candidates themselves, those with the best loans first, `limit` at most."""
    known = {candidate.memory.key for candidate in candidates}
    found = {key: loan.value for key, loan in loans(candidates, relevance).items() if key not in known and loan.value > 0}
    return sorted(found, key=lambda key: (-found[key], key))[:limit]
