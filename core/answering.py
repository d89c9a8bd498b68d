"""How an index answers: candidates of both halves, their sources, one ranking; of a real index and of a simulated one."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

import numpy as np

from core.candidates import Candidate, Mode
from core.curation.in_force import InForce
from core.errors import ConfigError
from core.exact import Found
from core.index import IndexInfo
from core.lineage import missing_sources
from core.memory.status import is_hidden
from core.recalled import Recalled, RecallResult
from core.scope import Scope
from core.scoring import Kept, Scored, Weights, relevances, score
from core.search import asked
from core.vectors.limits import GET_VECTORS_MAX, QUERY_PAGE_MAX, QUERY_TEXT_CHARS_MAX, TOP_K_MAX

__all__ = [
    "Answer",
    "Answering",
    "Asked",
    "Gathered",
    "Trace",
    "answer",
    "ask",
    "count_for",
    "gather",
    "mode_of",
    "pool_size",
    "recalled_as",
    "trace",
]

# One page of the service; beyond it enough for the other parts of the score to change the order.
_POOL_MIN: Final = QUERY_PAGE_MAX
_POOL_FACTOR: Final = 5


class Answering(Protocol):
    """An index that can be searched, on behalf of somebody who may."""

    @property
    def info(self) -> IndexInfo: ...
    @property
    def has_text(self) -> bool: ...
    def search(self, text: str, vector: np.ndarray | None, *, mode: Mode, k: int, scope: Scope, now: datetime) -> Found:
        """Return the best k of each half that the mode has, merged, the vector list first."""
        ...

    def candidates(self, keys: Iterable[str], *, vector: np.ndarray | None) -> list[Candidate]:
        """Return the memories that exist as candidates, with their exact cosines where there is a vector."""
        ...

    def last_used(self, keys: Collection[str]) -> Mapping[str, datetime]:
        """Return when memories were last recalled by those who use them, by key, as far as the recall log says."""
        ...

    def rules(self) -> InForce:
        """Return the decay rules that rank the index now."""
        ...


@dataclass(frozen=True)
class Asked:
    """What is asked, and how: the mode is one that the index has (see mode_of)."""

    text: str
    mode: Mode
    k: int
    scope: Scope
    weights: Weights
    now: datetime
    kept: Kept | None = None  # see core.scoring.score


@dataclass(frozen=True)
class Answer:
    """The hits, best first, of so many candidates; `queried` is when the last of these came, by the process's clock."""

    hits: tuple[Recalled, ...]
    considered: int
    queried: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Gathered:
    """The candidates that are ranked, of both halves and then sources, and `late` ones: expired or hidden past the filter.

    `recalled` is when the log last saw them used; `queried` is when the last of them came, by the process's clock.
    """

    pool: tuple[Candidate, ...]
    late: tuple[Candidate, ...]
    recalled: Mapping[str, datetime]
    rules: InForce
    queried: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Trace:
    """The result of a recall and what it came from: what was asked in the mode that ran, every candidate, best first."""

    result: RecallResult
    asked: Asked
    gathered: Gathered
    ranked: tuple[Scored, ...]


def pool_size(k: int) -> int:
    """Return how many candidates each half is asked for, for k results."""
    return min(TOP_K_MAX, max(_POOL_MIN, _POOL_FACTOR * k))


def count_for(pool: int) -> int:
    """Return the least k for which each half is asked for so many candidates."""
    return 1 if pool <= _POOL_MIN else -(-pool // _POOL_FACTOR)


def mode_of(index: Answering, query: str, mode: Mode, k: int) -> tuple[Mode, tuple[str, ...]]:
    """Return the mode that a query runs in and what a reader must know of it; raise ConfigError for one without sense."""
    asked(query)
    if not 1 <= k <= TOP_K_MAX:
        raise ConfigError(f"k is {k}: choose from 1 to {TOP_K_MAX:,}.")
    notes = []
    if mode is Mode.HYBRID and not index.has_text:
        mode = Mode.VECTOR
        notes.append("No text index: found by meaning only.")
    if mode is not Mode.TEXT and index.info.embedder is None:
        notes.append(
            "The index does not say which embedder wrote it: if it was another than ours, similarities mean nothing."
        )
    if mode is not Mode.VECTOR and len(query) > QUERY_TEXT_CHARS_MAX:
        notes.append(f"The query has {len(query):,} characters: its words are searched up to {QUERY_TEXT_CHARS_MAX:,}.")
    return mode, tuple(notes)


def answer(index: Answering, ask: Asked, vector: np.ndarray | None) -> Answer:
    """Return what an index answers; the vector is the query's, None in text mode."""
    found = gather(index, ask, vector)
    ranked = _ranked(found, ask)
    return Answer(_hits(ranked, ask.k), len(ranked), found.queried, found.notes)


def gather(index: Answering, ask: Asked, vector: np.ndarray | None) -> Gathered:
    """Return what an index has for a question before it is ranked; the vector is the query's, None in text mode."""
    found = index.search(ask.text, vector, mode=ask.mode, k=pool_size(ask.k), scope=ask.scope, now=ask.now)
    pool = [*found.candidates, *_sources(index, found.candidates, ask, vector)]
    queried = time.perf_counter()
    pool, late = _in_time(pool, ask)
    recalled = index.last_used([candidate.memory.key for candidate in pool])
    rules = index.rules()
    return Gathered(tuple(pool), tuple(late), recalled, rules, queried, (*found.notes, *rules.notes))


def ask(index: Answering, asked: Asked, embed: Callable[[str], np.ndarray]) -> RecallResult:
    """Return what an index answers with how it came about; the mode becomes one that the index has."""
    return trace(index, asked, embed).result


def trace(index: Answering, asked: Asked, embed: Callable[[str], np.ndarray]) -> Trace:
    """Return what an index answers with every candidate, ranked; the mode becomes one that the index has."""
    started = time.perf_counter()
    mode, notes = mode_of(index, asked.text, asked.mode, asked.k)
    asked = replace(asked, mode=mode)
    vector: np.ndarray | None = None if mode is Mode.TEXT else embed(asked.text)
    embedded = time.perf_counter()
    found = gather(index, asked, vector)
    ranked = _ranked(found, asked)
    hits = _hits(ranked, asked.k)
    below = len(ranked) - len(hits)
    result = RecallResult(
        hits=hits,
        query=asked.text,
        mode=mode,
        k=asked.k,
        considered=len(ranked),
        left_out={f"ranked below the first {asked.k}": below} if below else {},
        embed_ms=(embedded - started) * 1e3,
        query_ms=(found.queried - embedded) * 1e3,
        total_ms=(time.perf_counter() - started) * 1e3,
        notes=notes + found.notes,
    )
    return Trace(result, asked, found, tuple(ranked))


def _ranked(found: Gathered, ask: Asked) -> list[Scored]:
    return score(
        found.pool,
        ask.text,
        mode=ask.mode,
        weights=ask.weights,
        now=ask.now,
        decay=found.rules.decay,
        recalled=found.recalled,
        kept=ask.kept,
    )


def _hits(ranked: Sequence[Scored], k: int) -> tuple[Recalled, ...]:
    return tuple(recalled_as(one, rank) for rank, one in enumerate(ranked[:k], start=1))


def _in_time(found: list[Candidate], ask: Asked) -> tuple[list[Candidate], list[Candidate]]:
    """Part off what expired or is hidden though the filter passed it: the service rounds epochs, others may omit them."""
    scope = ask.scope
    passed: list[Candidate] = []
    late: list[Candidate] = []
    for candidate in found:
        memory = candidate.memory
        there = (scope.include_expired or not memory.is_expired(ask.now)) and (scope.include_hidden or not is_hidden(memory))
        (passed if there else late).append(candidate)
    return passed, late


def _sources(index: Answering, found: Sequence[Candidate], ask: Asked, vector: np.ndarray | None) -> list[Candidate]:
    """Return the sources of what was found that neither half found, as far as they are in scope; one call of the service."""
    if not ask.weights.lineage:
        return []
    relevance = relevances(found, mode=ask.mode, weights=ask.weights)
    keys = missing_sources(found, relevance, limit=GET_VECTORS_MAX)
    if not keys:
        return []
    sources = index.candidates(keys, vector=vector)
    return [candidate for candidate in sources if ask.scope.admits(candidate.memory, now=ask.now)]


def recalled_as(one: Scored, rank: int) -> Recalled:
    """Return a scored candidate as what a recall gives back at that rank."""
    found = one.candidate
    return Recalled(
        memory=found.memory,
        score=one.score,
        rank=rank,
        parts=one.parts,
        cosine=found.cosine,
        bm25=found.bm25,
        vector_rank=found.vector_rank,
        text_rank=found.text_rank,
    )
