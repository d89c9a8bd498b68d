"""What a memory lends to the memories that it was made from.

A fact or summary that fits a query says that its sources do too, in whatever words they are: spreading activation along
`derived_from` (Collins and Loftus 1975; over retrieved passages Gutiérrez et al. 2024, "HippoRAG"), one step far. Where a
source was merged into another memory, that one inherits in its place, for all the sources that it stands for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.candidates import Candidate
from core.memory.merged import DUPLICATES_KEY, stands_for

__all__ = ["Loan", "loans", "missing_sources"]


@dataclass(frozen=True)
class Loan:
    """What a source inherits: the relevance of a derived memory, divided among all its sources.

    `merged` is for how many of these it stands, where they were merged into it; else 0.
    """

    derived: str
    relevance: float
    sources: int
    merged: int = 0

    @property
    def value(self) -> float:
        """Return the share of one source, or of those it stands for, 0 to 1."""
        return self.relevance * max(1, self.merged) / self.sources


def loans(candidates: Sequence[Candidate], relevance: Mapping[str, float]) -> dict[str, Loan]:
    """Return the best loan of each source of the candidates, by key: to what stands for it where it is no candidate."""
    stand_ins = _stand_ins(candidates)
    known = {candidate.memory.key for candidate in candidates} if stand_ins else set()
    best: dict[str, Loan] = {}
    for candidate in candidates:
        if not candidate.memory.derived_from:
            continue
        derived, sources = candidate.memory.key, _sources(candidate)
        merged = {source: stand_ins[source] for source in sources if source in stand_ins and source not in known}
        if isinstance(candidate.memory.extra.get(DUPLICATES_KEY), Mapping):
            # Its own copies, which are gone, take no share from its sources.
            sources = {source for source in sources if merged.get(source, "" if source in known else derived) != derived}
        loan = Loan(derived, relevance[derived], len(sources))
        for source in sources - merged.keys():
            _lend(best, source, loan)
        for heir, count in Counter(merged[source] for source in sources & merged.keys()).items():
            if heir != derived:
                _lend(best, heir, replace(loan, merged=count))
    return best


def missing_sources(candidates: Sequence[Candidate], relevance: Mapping[str, float], *, limit: int) -> list[str]:
    """Return the sources that are no candidates themselves, those with the best loans first, `limit` at most.

    What was merged into a candidate comes last: most of it is not in the index any more.
    """
    known = {candidate.memory.key for candidate in candidates}
    merged = _stand_ins(candidates)
    found: dict[str, float] = {}
    for candidate in candidates:
        lent, sources = relevance[candidate.memory.key], _sources(candidate)
        for source in sources - known if lent > 0 else ():
            found[source] = max(found.get(source, 0.0), lent / len(sources))
    return sorted(found, key=lambda key: (key in merged, -found[key], key))[:limit]


def _sources(candidate: Candidate) -> set[str]:
    return set(candidate.memory.derived_from) - {candidate.memory.key}


def _stand_ins(candidates: Sequence[Candidate]) -> dict[str, str]:
    """Return which candidate stands for a memory that was merged; of several the first by its key."""
    found: dict[str, str] = {}
    for memory in sorted((each.memory for each in candidates if each.memory.derived_from), key=lambda memory: memory.key):
        for source in stands_for(memory):
            found.setdefault(source, memory.key)
    return found


def _lend(best: dict[str, Loan], heir: str, loan: Loan) -> None:
    if heir not in best or loan.value > best[heir].value:
        best[heir] = loan
