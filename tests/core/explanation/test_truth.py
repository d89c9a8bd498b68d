"""Explanations are true: every displayed part, the order and every count are computed again here, from the raw records."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as running
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN
from core.candidates import Mode
from core.explanation import Inquiry, Settings, beside, inquire, pipeline, scoped, waterfall
from core.memory import Memory
from core.recall import recall
from core.scope import Scope
from core.store import MemoryStore
from tests.core.explanation.world import QUESTIONS, settings_of, vector_of, world
from tests.core.memory_builders import DAY, NOW, make_store

SEEDS = (1, 2)
QUICK = running(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SHORT = 100  # what each half is asked for, at least


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Mapping[int, MemoryStore]:
    return {seed: make_store(tmp_path_factory.mktemp("s") / "s", *world(seed)) for seed in SEEDS}


@pytest.fixture(scope="module")
def inquiries(stores: Mapping[int, MemoryStore]) -> Mapping[tuple[int, str], Inquiry]:
    return {(seed, text): inquire(stores[seed], text, actor=LOCAL_ADMIN, now=NOW) for seed in SEEDS for text in QUESTIONS}


def bm25_of(store: MemoryStore, text: str, scope: Scope) -> dict[str, float]:
    """Return what the engine says of the words, which is its own raw figure."""
    found = store.query(text=text, mode=Mode.TEXT, k=10_000, scope=scope, now=NOW, actor=LOCAL_ADMIN)
    return {one.memory.key: one.bm25 for one in found if one.bm25 is not None}


def within(memory: Memory, scope: Scope) -> bool:
    """Say again, in plain words, whether a scope admits a memory."""
    if scope.agents and (memory.agent_id or "unknown") not in scope.agents:
        return False
    if scope.types and memory.memory_type not in scope.types:
        return False
    if scope.min_confidence is not None and (memory.confidence is None or memory.confidence < scope.min_confidence):
        return False
    if scope.created_from is not None and (memory.created_at is None or memory.created_at < scope.created_from):
        return False
    expired = memory.expires_at is not None and memory.expires_at <= NOW
    return (scope.include_expired or not expired) and (scope.include_hidden or "mnemoscope_status" not in memory.extra)


def sure(memory: Memory) -> float:
    """Return what is left of the stated confidence: it falls to 0.05 by the half-life of the type; 0.5 if unstated."""
    stated, half_life = memory.confidence, {"episodic": 30.0, "semantic": 180.0}.get(memory.memory_type or "")
    if stated is None or memory.created_at is None or half_life is None:
        return 0.5 if stated is None else stated
    days = (NOW - memory.created_at).total_seconds() / 86_400
    return min(stated, 0.05) + (stated - min(stated, 0.05)) * 2.0 ** (-days / half_life)


def expected(memories: list[Memory], bm25: Mapping[str, float], text: str, asked: Settings) -> dict[str, dict[str, float]]:
    """Return the contribution of each part of each candidate by the documented formula, with numpy alone."""
    weights, mode = asked.weights, asked.mode
    pool = [each for each in memories if within(each, asked.scope)]
    if mode is Mode.TEXT:
        lent_to = {source for each in pool if each.key in bm25 for source in each.derived_from} if weights.lineage else set()
        pool = [each for each in pool if each.key in bm25 or each.key in lent_to]
    question = np.array(vector_of(text))
    cosine = {each.key: float(np.dot(vector_of(each.content), question)) for each in pool}
    best_cosine = max(cosine.values(), default=0.0) if mode is not Mode.TEXT else 0.0
    words = {each.key: bm25.get(each.key, 0.0) if mode is not Mode.VECTOR else 0.0 for each in pool}
    best_words = max(words.values(), default=0.0)
    share = {Mode.VECTOR: 0.0, Mode.TEXT: 1.0, Mode.HYBRID: weights.text_share}[mode]

    def relative(value: float, best: float) -> float:
        return value / best if value > 0 and best > 0 else 0.0

    relevance = {
        key: (1 - share) * (relative(cosine[key], best_cosine) if mode is not Mode.TEXT else 0.0)
        + share * relative(words[key], best_words)
        for key in cosine
    }
    lent = dict.fromkeys(cosine, 0.0)
    for each in pool:
        for source in set(each.derived_from) - {each.key}:
            if source in lent:
                lent[source] = max(lent[source], relevance[each.key] / len(set(each.derived_from)))
    asked_words = set(re.findall(r"[^\W_]+", text.lower()))
    values: dict[str, dict[str, float]] = {}
    for each in pool:
        name = set(re.findall(r"[^\W_]+", (each.agent_id or "").lower()))
        said = set(re.findall(r"[^\W_]+", each.content.lower()))
        days = max((NOW - each.created_at).total_seconds() / 86_400, 0) if each.created_at else math.inf
        values[each.key] = {
            "similarity": (1 + cosine[each.key]) / (1 + best_cosine) if mode is not Mode.TEXT else 0.0,
            "words": relative(words[each.key], best_words),
            "author": len((name & asked_words) - said) / len(name) if name & asked_words else 0.0,
            "lineage": lent[each.key],
            "recency": 2.0 ** (-days / weights.half_life_days),
            "reinforcement": each.recall_count / (each.recall_count + 3),
            "confidence": sure(each),
        }
    raw = {
        "similarity": weights.relevance * (1 - share),
        "words": weights.relevance * share,
        **{name: getattr(weights, name) for name in ("author", "lineage", "recency", "reinforcement", "confidence")},
    }
    for name in ("author", "lineage"):
        if not any(each[name] for each in values.values()):
            del raw[name]
    raw.pop({Mode.VECTOR: "words", Mode.TEXT: "similarity"}.get(mode, ""), None)
    total = sum(raw.values())
    return {key: {name: each[name] * weight / total for name, weight in raw.items()} for key, each in values.items()}


@QUICK
@given(seed=st.sampled_from(SEEDS), text=st.sampled_from(QUESTIONS), asked=settings_of)
def test_every_part_and_the_order_follow_from_the_raw_records(
    seed: int, text: str, asked: Settings, stores: Mapping[int, MemoryStore], inquiries: Mapping[Any, Inquiry]
) -> None:
    found = inquiries[seed, text].explain(asked)
    memories = world(seed)
    assert len(memories) <= SHORT  # so that every one in scope is a candidate
    told = expected(memories, bm25_of(stores[seed], text, asked.scope), text, asked)
    assert set(found.ranks) == set(told)
    scores = {}
    for one in found.ranked:
        key, parts = one.candidate.memory.key, {part.name: part for part in one.parts}
        assert sum(part.weight for part in one.parts) == pytest.approx(1)
        for name, contribution in told[key].items():
            assert parts[name].contribution == pytest.approx(contribution, abs=2e-6), (key, name)
            assert parts[name].contribution == pytest.approx(parts[name].weight * parts[name].value)
        assert set(parts) == set(told[key])
        assert one.score == pytest.approx(sum(part.contribution for part in one.parts))
        scores[key] = math.fsum(told[key].values())
    ordered = [one.candidate.memory.key for one in found.ranked]
    for better, worse in pairwise(ordered):
        assert scores[better] >= scores[worse] - 5e-6


@QUICK
@given(seed=st.sampled_from(SEEDS), text=st.sampled_from(QUESTIONS), asked=settings_of)
def test_the_stages_count_what_is_there(
    seed: int, text: str, asked: Settings, stores: Mapping[int, MemoryStore], inquiries: Mapping[Any, Inquiry]
) -> None:
    found = inquiries[seed, text].explain(asked)
    frame = stores[seed].frame(actor=LOCAL_ADMIN)
    stages = {each.name: each for each in pipeline(found, scoped(frame, asked.scope, now=NOW))}
    memories = world(seed)
    inside = [each.key for each in memories if within(each, asked.scope)]
    assert stages["index"].count == len(memories)
    assert stages["filtered"].count == len(inside)
    assert sum(each.count for each in stages["filtered"].dropped) == len(memories) - len(inside)
    bm25 = bm25_of(stores[seed], text, asked.scope)
    if asked.mode is not Mode.TEXT:
        assert stages["meaning"].count == len(inside)
    if asked.mode is not Mode.VECTOR:
        assert stages["words"].count == len(bm25)
    assert stages["fused"].count == len(found.ranked)
    assert stages["ranked"].count == min(asked.k, len(found.ranked))
    assert sum(each.count for each in stages["ranked"].dropped) == max(0, len(found.ranked) - asked.k)
    assert stages["budget"].count == len(found.block.used)
    assert found.block.tokens <= asked.budget


@QUICK
@given(seed=st.sampled_from(SEEDS), text=st.sampled_from(QUESTIONS), asked=settings_of)
def test_an_explanation_is_of_the_recall_that_an_agent_gets(
    seed: int, text: str, asked: Settings, stores: Mapping[int, MemoryStore], inquiries: Mapping[Any, Inquiry]
) -> None:
    found = inquiries[seed, text].explain(asked)
    options = {"k": asked.k, "mode": asked.mode, "scope": asked.scope, "weights": asked.weights}
    real = recall(stores[seed], text, actor=LOCAL_ADMIN, now=NOW, log=False, **options)
    assert found.result.hits == real.hits
    assert found.result.left_out == real.left_out


def test_a_waterfall_ends_at_the_score_and_the_distances_add_up(inquiries: Mapping[Any, Inquiry]) -> None:
    hits = inquiries[1, QUESTIONS[0]].explain(Settings()).result.hits
    for hit in hits:
        steps = waterfall(hit)
        assert steps[0].start == 0
        assert steps[-1].end == pytest.approx(hit.score)
        assert all(after.start == before.end for before, after in pairwise(steps))
        apart = [step.apart or 0.0 for step in beside(hit, hits[-1])]
        assert math.fsum(apart) == pytest.approx(hit.score - hits[-1].score)


def test_what_was_asked_is_not_asked_again(tmp_path: Path) -> None:
    store = make_store(tmp_path, *world(1))
    inquiry = inquire(store, QUESTIONS[0], actor=LOCAL_ADMIN, now=NOW)
    first = inquiry.explain(Settings())
    store.write([Memory("later", QUESTIONS[0], created_at=NOW - DAY)], actor=LOCAL_ADMIN)
    assert inquiry.explain(Settings(k=3)).result.hits == first.result.hits[:3]
    assert inquire(store, QUESTIONS[0], actor=LOCAL_ADMIN, now=NOW).explain(Settings()).hit("later")
