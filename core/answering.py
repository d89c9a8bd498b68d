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

__all__ = ["Answer", "Answering", "Asked", "answer", "ask", "mode_of", "pool_size"]

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


def pool_size(k: int) -> int:
    """Return how many candidates each half is asked for, for k results."""
    return min(TOP_K_MAX, max(_POOL_MIN, _POOL_FACTOR * k))


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
    found = index.search(ask.text, vector, mode=ask.mode, k=pool_size(ask.k), scope=ask.scope, now=ask.now)
    pool = found.candidates
    pool += _sources(index, pool, ask, vector)
    queried = time.perf_counter()
    pool = _in_time(pool, ask)
    recalled = index.last_used([candidate.memory.key for candidate in pool])
    rules = index.rules()
    ranked = score(
        pool,
        ask.text,
        mode=ask.mode,
        weights=ask.weights,
        now=ask.now,
        decay=rules.decay,
        recalled=recalled,
        kept=ask.kept,
    )
    hits = tuple(_recalled(one, rank) for rank, one in enumerate(ranked[: ask.k], start=1))
    return Answer(hits, len(ranked), queried, (*found.notes, *rules.notes))


def ask(index: Answering, asked: Asked, embed: Callable[[str], np.ndarray]) -> RecallResult:
    """Return what an index answers with how it came about; the mode becomes one that the index has."""
    started = time.perf_counter()
    mode, notes = mode_of(index, asked.text, asked.mode, asked.k)
    vector: np.ndarray | None = None if mode is Mode.TEXT else embed(asked.text)
    embedded = time.perf_counter()
    found = answer(index, replace(asked, mode=mode), vector)
    below = found.considered - len(found.hits)
    return RecallResult(
        hits=found.hits,
        query=asked.text,
        mode=mode,
        k=asked.k,
        considered=found.considered,
        left_out={f"ranked below the first {asked.k}": below} if below else {},
        embed_ms=(embedded - started) * 1e3,
        query_ms=(found.queried - embedded) * 1e3,
        total_ms=(time.perf_counter() - started) * 1e3,
        notes=notes + found.notes,
    )


def _in_time(found: list[Candidate], ask: Asked) -> list[Candidate]:
    """Leave out what expired or is hidden though the filter passed it: the service rounds epochs, others may omit them."""
    scope = ask.scope
    return [
        candidate
        for candidate in found
        if (scope.include_expired or not candidate.memory.is_expired(ask.now))
        and (scope.include_hidden or not is_hidden(candidate.memory))
    ]


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


def _recalled(one: Scored, rank: int) -> Recalled:
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
