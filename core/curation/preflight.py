"""The pre-flight of a plan: what its change does to the answers, before anything is changed.

Golden queries and what was really asked lately run against the index as it is and as it would be (core.curation.simulation).
A regression is an expectation of a golden query that held and would not any more, or a query that goes empty.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np

from core.access import Actor, Permission
from core.answering import Asked, answer, mode_of
from core.candidates import Mode
from core.curation.caveats import caveats
from core.curation.corpus import Corpus, corpus_of
from core.curation.effects import Affected, Move, Problem, ProblemKind, QueryEffect, Savings, Tally, as_json
from core.curation.footprint import Footprint
from core.curation.foreseen import Foreseen, foreseen
from core.curation.golden import GoldenQuery
from core.curation.in_force import decay_in_force
from core.curation.judging import Question, judge
from core.curation.plan import Plan
from core.curation.proof import Proof
from core.curation.questions import questions_of
from core.curation.simulation import SimulatedIndex, as_it_is, as_planned
from core.errors import MnemoscopeError
from core.exact import Seen
from core.memory.fields import iso
from core.operate.recalls import LoggedRecall
from core.scoring import Kept, Weights
from core.snapshots.content import Snapshot
from core.store import MemoryStore

__all__ = [
    "Affected",
    "Move",
    "Preflight",
    "Problem",
    "ProblemKind",
    "QueryEffect",
    "Savings",
    "Tally",
    "run_preflight",
]

_USUAL: Final = Weights()
_PRODUCTS: Final = 16 * 2**20  # numbers that are held at once
_NONE: Final[Mapping[str, str]] = {}

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Preflight:
    """What a plan would do. `queries` has the golden ones first, each group with the regressions first.

    `revision` and `taken_at` say which state of the index it was measured on; `seconds` how long that took. `idle` are the
    new memories that would be taken out again because they would free nothing, each with why.
    """

    plan_id: str
    plan_hash: str
    index: str
    revision: str | None
    taken_at: datetime
    rows_before: int
    rows_after: int
    queries: tuple[QueryEffect, ...]
    affected: Affected = field(default_factory=Affected)
    freed: Savings = field(default_factory=Savings)
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    proofs: Mapping[str, Proof] = field(default_factory=dict)
    idle: Mapping[str, str] = field(default_factory=dict)

    @property
    def unproved(self) -> dict[str, str]:
        """The memories that would stay because what is to stand for them is not found by their text, each with why."""
        return {key: proof.why for key, proof in self.proofs.items() if not proof.proved}

    @property
    def regressions(self) -> tuple[QueryEffect, ...]:
        """The queries that the plan would break; where there are any, it is held back."""
        return tuple(each for each in self.queries if each.regressions)

    @property
    def blocked(self) -> bool:
        """Say whether applying needs an acknowledgement."""
        return bool(self.regressions)

    @property
    def golden(self) -> tuple[QueryEffect, ...]:
        """The golden queries."""
        return tuple(each for each in self.queries if each.is_golden)

    @property
    def real(self) -> tuple[QueryEffect, ...]:
        """The queries from the recall log."""
        return tuple(each for each in self.queries if not each.is_golden)

    def sentence(self) -> str:
        """Return the outcome in one sentence."""
        if not self.queries:
            return "There is no golden and no recent query to measure against."
        golden, real = len(self.golden), len(self.real)
        ones = "one" if real == 1 else "ones"
        asked = f"{golden:,} golden {'query' if golden == 1 else 'queries'} and {real:,} recent {ones}"
        changed = sum(each.changed for each in self.queries)
        if not self.blocked:
            return f"No regression in {asked}; the hits of {changed:,} change."
        broken = len(self.regressions)
        return (
            f"{broken:,} of {asked} {'gets' if broken == 1 else 'get'} worse than allowed; the hits of {changed:,} change."
        )

    def figures(self, queries: Sequence[QueryEffect]) -> dict[str, float]:
        """Return the means of recall and of the reciprocal rank before and after over some of the queries."""
        names = ("recall_before", "recall_after", "mrr_before", "mrr_after")
        many = max(1, len(queries))
        return {name: sum(getattr(each, name) for each in queries) / many for name in names}

    def summary(self) -> dict[str, Any]:
        """Return the figures for the journal: counts, no texts and no keys."""
        return {
            "golden": len(self.golden),
            "real": len(self.real),
            "regressions": len(self.regressions),
            "changed": sum(each.changed for each in self.queries),
            "empty": sum(each.goes_empty for each in self.queries),
            "golden_figures": _rounded(self.figures(self.golden)),
            "real_figures": _rounded(self.figures(self.real)),
            "rows_before": self.rows_before,
            "rows_after": self.rows_after,
            "freed": as_json(self.freed),
            "revision": self.revision,
            "taken_at": iso(self.taken_at),
            "seconds": round(self.seconds, 3),
            **({"proved": len(self.proofs) - len(self.unproved), "unproved": len(self.unproved)} if self.proofs else {}),
        }

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        return {
            "plan": self.plan_id,
            "plan_hash": self.plan_hash,
            "index": self.index,
            "blocked": self.blocked,
            "sentence": self.sentence(),
            **self.summary(),
            "queries": [each.to_json() for each in self.queries],
            "affected": as_json(self.affected),
            "notes": list(self.notes),
            "proofs": [proof.to_json() for proof in self.proofs.values()],
            "idle": dict(self.idle),
        }


def run_preflight(
    store: MemoryStore,
    plan: Plan,
    *,
    golden: Sequence[GoldenQuery],
    recent: Sequence[LoggedRecall] = (),
    snapshot: Seen | None = None,
    now: datetime,
    actor: Actor,
    k: int | None = None,
    stand_ins: Mapping[str, str] = _NONE,
    progress: Progress | None = None,
) -> Preflight:
    """Return what a plan would do to the answers of golden and recent queries; nothing is changed.

    `snapshot` spares a scan of the index where it has vectors; `k` takes the place of each query's own; `stand_ins` says
    which memory stands for one that earlier plans retired in its favour. `progress` hears what part was asked and may raise.
    """
    started = time.perf_counter()
    seen, corpus = _read(store, snapshot, now, actor)
    questions, odd = questions_of(golden, recent, k)
    will, before, after = _indexes(store, plan, corpus, actor, now, _part_of(progress, after=len(questions)))
    footprint = Footprint.of(store, will.plan, seen.frame, corpus.places)
    trial = _Trial(store, before, after, footprint.successors(), stand_ins, actor, now)
    return Preflight(
        plan_id=plan.id,
        plan_hash=plan.hash,
        index=store.info.name,
        revision=seen.revision,
        taken_at=seen.taken_at,
        rows_before=before.rows,
        rows_after=after.rows,
        queries=trial.effects(questions, _part_of(progress, before=len(will.proofs))),
        affected=footprint.affected(),
        freed=footprint.freed(),
        seconds=time.perf_counter() - started,
        notes=(*caveats(store, plan, seen, recent, odd, actor), *before.rules().notes, *will.notes(), *trial.refused()),
        proofs=will.proofs,
        idle=will.idle,
    )


def _read(store: MemoryStore, snapshot: Seen | None, now: datetime, actor: Actor) -> tuple[Snapshot, Corpus]:
    """Return what the index holds, for who may read it."""
    info = store.info
    actor.require(Permission.READ, what=f"index {info.name!r}", tenant=info.tenant, known=info.tags_known)
    return corpus_of(store, snapshot=snapshot if isinstance(snapshot, Snapshot) else None, now=now, actor=actor)


def _indexes(
    store: MemoryStore, plan: Plan, corpus: Corpus, actor: Actor, now: datetime, progress: Progress | None
) -> tuple[Foreseen, SimulatedIndex, SimulatedIndex]:
    """Return what will be proved, and the index as it is and as the plan leaves it then."""
    used = {key: usage.last_at for key, usage in store.used(actor=actor).items()}
    rules = decay_in_force(store)
    will = foreseen(store, plan, corpus, used=used, rules=rules, actor=actor, now=now, progress=progress)
    return will, as_it_is(corpus, used=used, rules=rules), as_planned(corpus, will.plan, used=used, rules=rules)


@dataclass
class _Trial:
    """Questions asked of an index as it is and as it would be."""

    store: MemoryStore
    before: SimulatedIndex
    after: SimulatedIndex
    successors: dict[str, list[str]]
    stand_ins: Mapping[str, str]
    actor: Actor
    now: datetime
    errors: Counter[str] = field(default_factory=Counter)
    kept: Kept = field(default_factory=dict)

    def effects(self, questions: Sequence[Question], progress: Progress | None) -> tuple[QueryEffect, ...]:
        """Return what becomes of the questions, golden ones first, each group with the regressions first."""
        found = self._run(questions, progress)
        return tuple(sorted(found, key=lambda each: (not each.is_golden, not each.regressions)))

    def _run(self, questions: Sequence[Question], progress: Progress | None) -> Iterator[QueryEffect]:
        """Yield what becomes of each question; those that cannot be asked are counted."""
        at_once = max(1, _PRODUCTS // max(1, self.before.rows))
        for start in range(0, len(questions), at_once):
            part = [(each, self._vector(each)) for each in questions[start : start + at_once]]
            self.before.prepare([vector for _, vector in part if vector is not None])
            for place, (question, vector) in enumerate(part, start + 1):
                try:
                    hits = [self._hits(index, question, vector) for index in (self.before, self.after)]
                except MnemoscopeError as error:
                    self.errors[str(error)] += 1
                else:
                    yield judge(question, hits[0], hits[1], self.successors, self.stand_ins)
                if progress:
                    progress(place, len(questions))
        self.before.prepare([])

    def refused(self) -> Iterator[str]:
        """Yield what must be known of the questions that could not be asked."""
        for reason, count in self.errors.items():
            yield f"{count:,} {'query' if count == 1 else 'queries'} could not be asked: {reason}"

    def _vector(self, question: Question) -> np.ndarray | None:
        if question.mode is Mode.TEXT:
            return None
        try:
            return self.store.embed(question.text, actor=self.actor)
        except MnemoscopeError:
            return None  # asking says it again, and counts it

    def _hits(self, index: SimulatedIndex, question: Question, vector: np.ndarray | None) -> list[str]:
        used, _ = mode_of(index, question.text, question.mode, question.k)
        if used is not Mode.TEXT and vector is None:
            vector = self.store.embed(question.text, actor=self.actor)
        ask = Asked(question.text, used, question.k, question.scope, _USUAL, self.now, self.kept)
        return [hit.memory.key for hit in answer(index, ask, vector).hits]


def _part_of(progress: Progress | None, *, before: int = 0, after: int = 0) -> Progress | None:
    """Return what tells of a part of the whole: so much comes before it, and so much after."""
    return None if progress is None else lambda done, total: progress(before + done, before + total + after)


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in figures.items()}
