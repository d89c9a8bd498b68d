"""Recall: the memories that answer a query, each with every part of its score."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import numpy as np

from core.access import Actor
from core.calls import boto3_call, cli_call
from core.candidates import Candidate, Mode
from core.context import ContextBlock, context_block
from core.errors import ConfigError
from core.exact import Seen
from core.lineage import missing_sources
from core.recalled import Recalled, RecallResult
from core.scope import Scope
from core.scoring import Scored, ScorePart, Weights, relevances, score
from core.search import asked
from core.store import MemoryStore
from core.vectors.limits import GET_VECTORS_MAX, QUERY_PAGE_MAX, QUERY_TEXT_CHARS_MAX, TOP_K_MAX

__all__ = [
    "ContextBlock",
    "Mode",
    "RecallResult",
    "Recalled",
    "ScorePart",
    "Weights",
    "boto3_call",
    "cli_call",
    "context_block",
    "pool_size",
    "recall",
]

_EVERYTHING: Final = Scope()
_DEFAULT: Final = Weights()
# One page of the service; beyond it enough for the other parts of the score to change the order.
_POOL_MIN: Final = QUERY_PAGE_MAX
_POOL_FACTOR: Final = 5


def pool_size(k: int) -> int:
    """Return how many candidates each half is asked for, for k results."""
    return min(TOP_K_MAX, max(_POOL_MIN, _POOL_FACTOR * k))


def recall(
    store: MemoryStore,
    query: str,
    *,
    actor: Actor,
    now: datetime,
    k: int = 10,
    mode: Mode = Mode.HYBRID,
    scope: Scope = _EVERYTHING,
    weights: Weights = _DEFAULT,
    snapshot: Seen | None = None,
) -> RecallResult:
    """Return the k best memories for a query within a scope; a snapshot with vectors may spare a scan (see store.search)."""
    started = time.perf_counter()
    notes, used = _notes(store, query, mode, k)
    vector: np.ndarray | None = None if used is Mode.TEXT else store.embed(query, actor=actor)
    embedded = time.perf_counter()
    found = store.search(
        text=query, vector=vector, mode=used, k=pool_size(k), scope=scope, now=now, actor=actor, snapshot=snapshot
    )
    pool = found.candidates
    pool += _sources(store, pool, vector, mode=used, scope=scope, weights=weights, now=now, actor=actor)
    queried = time.perf_counter()
    ranked = score(_in_time(pool, scope, now), query, mode=used, weights=weights, now=now)
    hits = tuple(_recalled(one, rank) for rank, one in enumerate(ranked[:k], start=1))
    below = len(ranked) - len(hits)
    return RecallResult(
        hits=hits,
        query=query,
        mode=used,
        k=k,
        considered=len(ranked),
        left_out={f"ranked below the first {k}": below} if below else {},
        embed_ms=(embedded - started) * 1e3,
        query_ms=(queried - embedded) * 1e3,
        total_ms=(time.perf_counter() - started) * 1e3,
        notes=notes + found.notes,
    )


def _in_time(found: list[Candidate], scope: Scope, now: datetime) -> list[Candidate]:
    """Leave out what expired though the filter passed it: another writer may omit the epochs, the service round them."""
    return [candidate for candidate in found if scope.include_expired or not candidate.memory.is_expired(now)]


def _sources(
    store: MemoryStore,
    found: Sequence[Candidate],
    vector: np.ndarray | None,
    *,
    mode: Mode,
    scope: Scope,
    weights: Weights,
    now: datetime,
    actor: Actor,
) -> list[Candidate]:
    """Return the sources of what was found that neither half found, as far as they are in scope; one call of the service."""
    if not weights.lineage:
        return []
    keys = missing_sources(found, relevances(found, mode=mode, weights=weights), limit=GET_VECTORS_MAX)
    if not keys:
        return []
    sources = store.candidates(keys, vector=vector, actor=actor)
    return [candidate for candidate in sources if scope.admits(candidate.memory, now=now)]


def _notes(store: MemoryStore, query: str, mode: Mode, k: int) -> tuple[tuple[str, ...], Mode]:
    """Return what a reader must know of how the query runs, and the mode; raise ConfigError for one that makes no sense."""
    asked(query)
    if not 1 <= k <= TOP_K_MAX:
        raise ConfigError(f"k is {k}: choose from 1 to {TOP_K_MAX:,}.")
    notes = []
    if mode is Mode.HYBRID and not store.has_text:
        mode = Mode.VECTOR
        notes.append("No text index: found by meaning only.")
    if mode is not Mode.TEXT and store.info.embedder is None:
        notes.append(
            "The index does not say which embedder wrote it: if it was another than ours, similarities mean nothing."
        )
    if mode is not Mode.VECTOR and len(query) > QUERY_TEXT_CHARS_MAX:
        notes.append(f"The query has {len(query):,} characters: its words are searched up to {QUERY_TEXT_CHARS_MAX:,}.")
    return tuple(notes), mode


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
