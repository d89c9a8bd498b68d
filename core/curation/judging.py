"""What becomes of one query: which expectations a plan breaks, which failed before it, and the figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from core.access import Actor
from core.candidates import Mode
from core.curation.effects import Problem, ProblemKind, QueryEffect, as_json
from core.curation.golden import GoldenQuery
from core.errors import MnemoscopeError
from core.memory.fields import preview
from core.past.stand_ins import stand_ins
from core.past.versions import versions_of
from core.recall import recall
from core.scope import Scope
from core.store import MemoryStore

__all__ = ["Outcome", "Question", "ask_golden", "judge", "unmet"]

Successors = Mapping[str, Sequence[str]]
_NONE: Final[Mapping[str, str]] = {}


@dataclass(frozen=True)
class Question:
    """A query to ask before and after: a golden one, or one that was really asked, so many times."""

    text: str
    mode: Mode
    k: int
    scope: Scope
    golden: GoldenQuery | None = None
    times: int = 1


@dataclass(frozen=True)
class _Found:
    """Where an expected memory is, from 1, and under which key: its own, or that of what took its place."""

    rank: int
    key: str


@dataclass(frozen=True)
class Outcome:
    """What a golden query finds now, best first, and which of its expectations are not met.

    `stand_ins` names for an expected memory that was merged the one that stands for it now.
    """

    query: GoldenQuery
    hits: tuple[str, ...]
    problems: tuple[Problem, ...]
    stand_ins: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        places = _places(self.query.expected, self.hits, _each(self.stand_ins))
        ranks = {key: places[key].rank if key in places else None for key in self.query.expected}
        said = {"name": self.query.name, "text": self.query.text, "within": self.query.depth}
        return said | {"expected": ranks, "hits": list(self.hits), "problems": as_json(self.problems)}


def ask_golden(store: MemoryStore, query: GoldenQuery, *, actor: Actor, now: datetime) -> Outcome:
    """Ask a golden query of the index itself, as anybody would; the recall log does not count it."""
    result = recall(store, query.text, actor=actor, now=now, k=query.k, mode=query.mode, scope=query.scope, log=False)
    hits = tuple(hit.memory.key for hit in result.hits)
    merged = {} if set(query.expected) <= set(hits) else stand_ins_in(store, query.expected)
    return Outcome(query, hits, tuple(unmet(query, hits, merged)), merged)


def stand_ins_in(store: MemoryStore, keys: Iterable[str]) -> dict[str, str]:
    """Return what stands now for those of these keys that were retired in favour of another, as far as the journal tells."""
    try:
        return stand_ins(versions_of(store.archive.ledger.journal, store.stream).table(), keys) if store.archive else {}
    except MnemoscopeError:  # who may ask may lack the right to the journal: the answer is then what it was before merges
        return {}


def unmet(golden: GoldenQuery, hits: Sequence[str], merged: Mapping[str, str] = _NONE) -> list[Problem]:
    """Return which expectations the hits do not meet, best first; a problem's `after` is where the memory is.

    What stands for a `merged` memory counts as that memory.
    """
    deep = golden.depth
    ranks = {key: rank for rank, key in enumerate(hits, 1)}
    places = _places(golden.expected, hits, _each(merged))
    found = []
    for key in golden.expected:
        rank = places[key].rank if key in places else None
        if rank is None or rank > deep:
            kind = ProblemKind.LOST_EXPECTED if rank is None else ProblemKind.RANKED_TOO_LOW
            where = f"is not among the first {golden.k:,}" if rank is None else f"is at rank {rank:,}"
            what = f"{preview(key)} {where}; {_must(deep)}"
            found.append(Problem(kind, key, None, rank, what))
    for key in golden.forbidden:
        if key in ranks:
            what = f"{preview(key)} must not be found and is at rank {ranks[key]:,}."
            found.append(Problem(ProblemKind.SHOWS_FORBIDDEN, key, None, ranks[key], what))
    return found


def judge(
    question: Question,
    before: Sequence[str],
    after: Sequence[str],
    successors: Successors,
    merged: Mapping[str, str] = _NONE,
) -> QueryEffect:
    """Return what a plan does to a query, from its hits before and after, best first.

    `successors` names for a key that the plan takes away those that stand for it: any of them counts as the key.
    `merged` says the same of what earlier plans took away: the second merge must lose no answer that the first one kept.
    """
    golden = question.golden
    expected = before if golden is None else golden.expected
    was = _places(expected, before, _each(merged))
    now = _places(expected, after, {**{key: (by, *successors.get(by, ())) for key, by in merged.items()}, **successors})
    regressions, standing = _problems(question, before, after, was, now)
    return QueryEffect(
        name=None if golden is None else golden.name,
        text=question.text,
        mode=question.mode,
        k=question.k,
        scope=question.scope,
        owner="" if golden is None else golden.owner,
        before=tuple(before),
        after=tuple(after),
        recall_before=_recall(expected, was),
        recall_after=_recall(expected, now),
        mrr_before=_reciprocal(expected, was),
        mrr_after=_reciprocal(expected, now),
        regressions=tuple(regressions),
        standing=tuple(standing),
        successors={key: place.key for key, place in now.items() if place.key != key},
        times=question.times,
    )


def _each(merged: Mapping[str, str]) -> Successors:
    return {key: (by,) for key, by in merged.items()}


def _places(expected: Sequence[str], hits: Sequence[str], successors: Successors) -> dict[str, _Found]:
    """Return where each expected memory is, or the best of what takes its place; those that are not there are left out."""
    ranks = {key: rank for rank, key in enumerate(hits, 1)}
    found = {}
    for key in expected:
        stand_ins = (key, *successors.get(key, ()))
        places = [_Found(ranks[each], each) for each in stand_ins if each in ranks]
        if places:
            found[key] = min(places, key=lambda place: place.rank)
    return found


def _problems(
    question: Question, before: Sequence[str], after: Sequence[str], was: Mapping[str, _Found], now: Mapping[str, _Found]
) -> tuple[list[Problem], list[Problem]]:
    regressions: list[Problem] = []
    standing: list[Problem] = []
    golden = question.golden
    if golden is not None:
        depth = min(golden.depth, question.k)
        for key in golden.expected:
            first, then = (places[key].rank if key in places else None for places in (was, now))
            if then is None or then > depth:
                held = first is not None and first <= depth
                kind = ProblemKind.LOST_EXPECTED if then is None else ProblemKind.RANKED_TOO_LOW
                what = f"{preview(key)}: {_rank(first, question.k)} before, {_rank(then, question.k)} after; {_must(depth)}"
                (regressions if held else standing).append(Problem(kind, key, first, then, what))
        for key in golden.forbidden:
            ranks = [hits.index(key) + 1 if key in hits else None for hits in (before, after)]
            if ranks[1] is not None:
                what = f"{preview(key)} must not be found: {_rank(ranks[0], question.k)} before, rank {ranks[1]:,} after."
                problem = Problem(ProblemKind.SHOWS_FORBIDDEN, key, ranks[0], ranks[1], what)
                (regressions if ranks[0] is None else standing).append(problem)
    if before and not after:
        what = f"It found {len(before):,} {'memory' if len(before) == 1 else 'memories'} and would find none."
        regressions.append(Problem(ProblemKind.GOES_EMPTY, None, None, None, what))
    return regressions, standing


def _rank(rank: int | None, k: int) -> str:
    return f"not among the first {k:,}" if rank is None else f"rank {rank:,}"


def _must(depth: int) -> str:
    return "it must be first." if depth == 1 else f"it must be among the first {depth:,}."


def _recall(expected: Sequence[str], places: Mapping[str, _Found]) -> float:
    """Return the share of what is expected that is found; where nothing is expected all of it is."""
    return len(places) / len(expected) if expected else 1.0


def _reciprocal(expected: Sequence[str], places: Mapping[str, _Found]) -> float:
    """Return 1 / rank of the first that is expected."""
    if not expected:
        return 1.0
    return 1 / min(place.rank for place in places.values()) if places else 0.0
