"""Recall through a cache: the same arguments, the same answer with its explanations, the same entry in the log."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from core.access import Actor, Permission
from core.candidates import Mode
from core.operate.cache.question import Question
from core.operate.cache.semantic import Place, SemanticCache
from core.operate.recalls import Channel, as_logged
from core.recall import recall
from core.recalled import RecallResult
from core.scope import Scope
from core.scoring import Weights
from core.store import MemoryStore

__all__ = ["recall_through"]

_EVERYTHING: Final = Scope()
_DEFAULT: Final = Weights()


def recall_through(
    cache: SemanticCache | None,
    store: MemoryStore,
    query: str,
    *,
    actor: Actor,
    now: datetime,
    k: int = 10,
    mode: Mode = Mode.HYBRID,
    scope: Scope = _EVERYTHING,
    weights: Weights = _DEFAULT,
    channel: Channel = "agent",
    log: bool = True,
) -> RecallResult:
    """Return what core.recall.recall returns, from the cache where it has it; without a cache it is a recall.

    The very text is looked for before it is embedded, which costs more than all the rest. A note says what came from the
    cache; the explanations of an answer to a near query are those of that query.
    """
    started = time.perf_counter()
    asked: dict[str, Any] = {"k": k, "mode": mode, "scope": scope, "weights": weights}
    if cache is None:
        return recall(store, query, actor=actor, now=now, channel=channel, log=log, **asked)
    info = store.info
    actor.require(Permission.READ, what=f"index {info.name!r}", tenant=info.tenant, known=info.tags_known)
    question = Question((store,), info.tenant, actor, query, None, **asked)
    place = cache.begin(question)
    found = None if place is None else cache.same(place, question, now=now)
    if found is None:
        found = _embedded(cache, place, question, actor, now)
    found = replace(found, total_ms=(time.perf_counter() - started) * 1e3)
    if log and store.archive:
        store.archive.recalls.append(as_logged(found, store.stream, at=now, actor=actor.name, channel=channel, scope=scope))
    return found


def _embedded(cache: SemanticCache, place: Place | None, question: Question, actor: Actor, now: datetime) -> RecallResult:
    """Return the answer to a near query, else that of a recall, which is kept."""
    store, query = question.stores[0], question.text
    asked: dict[str, Any] = {"k": question.k, "scope": question.scope, "weights": question.weights, "log": False}
    started = time.perf_counter()
    wordless = not query.strip()  # the recall says what is wrong with it
    vector = None if question.mode is Mode.TEXT or wordless else store.embed(query, actor=actor)
    spent = (time.perf_counter() - started) * 1e3
    if place is not None and vector is not None:
        near = cache.near(place, question, vector, now=now)
        if near is not None:
            return replace(near, embed_ms=spent)
    found = recall(store, query, actor=actor, now=now, mode=question.mode, vector=vector, **asked)
    found = replace(found, embed_ms=spent)
    if place is not None:
        cache.missed(question)
        cache.put(place, question, found, vector=vector, now=now)
    return found
