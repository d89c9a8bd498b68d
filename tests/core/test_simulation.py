"""The simulated index against the engine itself: the same hits and scores, before a plan and after it was applied."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN
from core.answering import Answer, Asked, answer, mode_of
from core.curation.corpus import corpus_of
from core.curation.plan import Action, Change, Plan
from core.curation.simulation import SimulatedIndex, as_it_is, as_planned
from core.curation.wordindex import WordIndex, WordSearch
from core.memory import Memory
from core.memory.metadata import NON_FILTERABLE
from core.memory.record import Record
from core.memory.status import HIDDEN, STATUS_KEY
from core.models.embedding import HashingEmbedder
from core.recall import Mode, RecallResult, Weights, recall
from core.scope import Scope
from core.store import MemoryStore
from core.vectors.embedded import EmbeddedClient
from tests.core.memory_builders import DAY, NOW, make_catalog, make_memory

WORDS = (
    "report reports reporting Friday planner’s café CAFE naïve the of refund don't 5 42 2026-03-01 漢字仮名 漢字 한국어 "
    "x² ½ a_b I.B.M. ⅷ ꓰ e\u0301te \U0001f600 \u0b72 ǰ ß"
).split()
texts = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)
queries = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
names = st.sampled_from([None, "planner", "support", "café"])
keys = st.sampled_from([f"k{place}" for place in range(24)])
memories = st.builds(
    make_memory,
    keys,
    texts,
    agent_id=names,
    team_id=st.sampled_from([None, "alpha", "beta"]),
    created_at=st.sampled_from([None, NOW - DAY, NOW - 40 * DAY]),
    expires_at=st.sampled_from([None, None, NOW - DAY, NOW, NOW + DAY]),
    confidence=st.sampled_from([None, 0.2, 0.9]),
    recall_count=st.integers(0, 3),
    tags=st.lists(st.sampled_from(["red", "blue"]), max_size=2).map(tuple),
    derived_from=st.lists(keys, max_size=2).map(tuple),
    extra=st.sampled_from([{}, {}, {STATUS_KEY: HIDDEN}, {"rank": 3}, {"rank": "third"}, {"rank": [1, 2]}]),
)
scopes = st.sampled_from(
    [
        Scope(),
        Scope(include_expired=True),
        Scope(agents=("planner",)),
        Scope(teams=("beta", "unknown")),
        Scope(tags=("red",), min_confidence=0.5),
        Scope(created_from=NOW - 2 * DAY),
        Scope(types=("episodic",)),
    ]
)
asked = st.tuples(queries, st.sampled_from(Mode), scopes, st.sampled_from([1, 3, 10, 100]))


def plan_of(store: MemoryStore, changes: Sequence[Change]) -> Plan:
    name = store.info.name
    return Plan("p", store.bucket, name, "Test", "test", "local", NOW, tuple(changes))


def drawn_plan(store: MemoryStore, actions: dict[str, tuple[Action, Memory]]) -> Plan:
    """Return a plan that does to each key what was drawn, as far as it can be done to what is there."""
    there = store.records.get(actions, actor=LOCAL_ADMIN)
    metadata_of, changes = store.metadata_of(), []
    for key, (action, memory) in actions.items():
        before = there.get(key)
        memory = replace(memory, key=key)
        if action in (Action.PUT, Action.REPLACE):
            action = Action.PUT if before is None else Action.REPLACE
            keeps = before is not None and memory.recall_count % 2
            vector = None if keeps else store.embed(memory.content, actor=LOCAL_ADMIN)
            changes.append(Change(key, action, "drawn", "test", before, Record(metadata_of(memory), vector)))
        elif before is not None:
            changes.append(Change(key, action, "drawn", "test", before))
    return plan_of(store, changes)


def carry_out(store: MemoryStore, plan: Plan) -> None:
    """Do what a plan says, in the machine's order."""
    there = store.records.get([change.key for change in plan], actor=LOCAL_ADMIN)
    for wanted in (Action.PUT, Action.REPLACE):
        records = {}
        for change in plan:
            if change.action is wanted and change.after is not None:
                vector = change.after.vector if change.after.vector is not None else there[change.key].vector
                records[change.key] = Record(change.after.metadata, vector)
        store.records.put(records, actor=LOCAL_ADMIN)
    gone = [change.key for change in plan if change.after is None]
    store.records.delete(gone, actor=LOCAL_ADMIN)


def simulated(index: SimulatedIndex, store: MemoryStore, query: str, mode: Mode, scope: Scope, k: int) -> Answer:
    used, _ = mode_of(index, query, mode, k)
    vector = None if used is Mode.TEXT else store.embed(query, actor=LOCAL_ADMIN)
    return answer(index, Asked(query, used, k, scope, Weights(), NOW), vector)


def same(real: RecallResult, found: Answer) -> None:
    assert [hit.memory.key for hit in found.hits] == [hit.memory.key for hit in real.hits]
    assert [hit.memory for hit in found.hits] == [hit.memory for hit in real.hits]
    for name in ("score", "cosine", "bm25"):
        pairs = ((getattr(one, name), getattr(other, name)) for one, other in zip(found.hits, real.hits, strict=True))
        assert all(one == pytest.approx(other, abs=1e-6) if other is not None else one is None for one, other in pairs)
    assert found.considered == real.considered


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(memories, max_size=24),
    st.lists(st.sampled_from([f"k{place}" for place in range(24)]), max_size=4),
    st.dictionaries(keys, st.tuples(st.sampled_from(Action), memories), max_size=8),
    st.lists(asked, min_size=1, max_size=6),
)
def test_a_simulated_recall_is_the_real_one(
    held: list[Memory], dropped: list[str], actions: dict[str, tuple[Action, Memory]], questions: list[Any]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        catalog = make_catalog(Path(directory))
        try:
            store = catalog.create("agents", actor=LOCAL_ADMIN)
            assert store.write(held, actor=LOCAL_ADMIN).failed == ()
            store.records.delete(dropped, actor=LOCAL_ADMIN)
            plan = drawn_plan(store, actions)
            _, corpus = corpus_of(store, snapshot=None, now=NOW, actor=LOCAL_ADMIN)
            before, after = as_it_is(corpus), as_planned(corpus, plan)
            _compare(store, before, questions)
            carry_out(store, plan)
            _compare(store, after, questions)
            _, again = corpus_of(store, snapshot=None, now=NOW, actor=LOCAL_ADMIN)
            _compare(store, as_it_is(again), questions)
        finally:
            catalog.close()


def _compare(store: MemoryStore, index: SimulatedIndex, questions: list[Any]) -> None:
    for query, mode, scope, k in questions:
        real = recall(store, query, actor=LOCAL_ADMIN, now=NOW, k=k, mode=mode, scope=scope, log=False)
        same(real, simulated(index, store, query, mode, scope, k))


def many(count: int, *, seed: int) -> list[Memory]:
    """Return more memories than a pool of candidates holds, some of them alike."""
    drawn, words = random.Random(seed), [f"w{number}" for number in range(120)]
    return [
        make_memory(
            f"m{number}",
            " ".join(drawn.choices(words, k=drawn.randint(1, 12))),
            agent_id=drawn.choice(["planner", "support", None]),
            expires_at=drawn.choice([None, None, NOW - DAY]),
            derived_from=tuple(f"m{drawn.randrange(count)}" for _ in range(drawn.randint(0, 2))),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_lists_that_end_before_the_matches_do_are_the_same(tmp_path: Path, metric: str) -> None:
    client = EmbeddedClient(tmp_path)
    client.create_vector_bucket(vectorBucketName="mnemoscope")
    configuration = {
        "nonFilterableMetadataKeys": list(NON_FILTERABLE),
        "textSearchConfigurations": [{"metadataKey": "content", "language": "en"}],
    }
    client.create_index(
        vectorBucketName="mnemoscope",
        indexName="agents",
        dataType="float32",
        dimension=384,
        distanceMetric=metric,
        metadataConfiguration=configuration,
    )
    client.close()
    with closing(make_catalog(tmp_path)) as catalog:
        store = catalog.open("agents", actor=LOCAL_ADMIN)
        held = many(700, seed=3)
        assert store.write(held, actor=LOCAL_ADMIN).failed == ()
        drawn = random.Random(4)
        actions = {f"m{drawn.randrange(800)}": (drawn.choice(list(Action)), drawn.choice(held)) for _ in range(150)}
        plan = drawn_plan(store, actions)
        questions = [
            (" ".join(drawn.choices(held)[0].content.split()[:3]), mode, scope, k)
            for mode in Mode
            for scope in (Scope(), Scope(agents=("planner",)), Scope(include_expired=True))
            for k in (1, 10, 50)
        ]
        _, corpus = corpus_of(store, snapshot=None, now=NOW, actor=LOCAL_ADMIN)
        before, after = as_it_is(corpus), as_planned(corpus, plan)
        vectors = [store.embed(query, actor=LOCAL_ADMIN) for query, *_ in questions]
        before.prepare(vectors)
        _compare(store, before, questions)
        carry_out(store, plan)
        _compare(store, after, questions)


def test_an_index_of_other_software_is_simulated_with_its_own_filters(tmp_path: Path) -> None:
    client = EmbeddedClient(tmp_path)
    client.create_vector_bucket(vectorBucketName="mnemoscope")
    where = {"vectorBucketName": "mnemoscope", "indexName": "foreign"}
    client.create_index(
        **where,
        dataType="float32",
        dimension=384,
        distanceMetric="cosine",
        metadataConfiguration={"nonFilterableMetadataKeys": ["_page_content"]},
    )
    embedder = HashingEmbedder()
    rows = [
        {
            "key": f"k{number}",
            "data": {"float32": embedder.embed([f"refund rule {number}"])[0].tolist()},
            "metadata": {
                "_page_content": f"refund rule {number}",
                "agent_id": ["planner", "support"][number % 2],
                "created_at": (NOW - number * DAY).isoformat(),
            },
        }
        for number in range(40)
    ]
    client.put_vectors(**where, vectors=rows)
    client.close()
    with closing(make_catalog(tmp_path)) as catalog:
        store = catalog.open("foreign", actor=LOCAL_ADMIN)
        gone = store.records.get(["k3", "k4", "k20"], actor=LOCAL_ADMIN, vectors=False)
        plan = plan_of(store, [Change(key, Action.ERASE, "test", "test", record) for key, record in gone.items()])
        late, early = Scope(created_from=NOW - 9 * DAY), Scope(agents=("support",), created_to=NOW)
        scopes = (Scope(), Scope(agents=("planner",)), late, early)
        questions = [("refund rule 4", Mode.HYBRID, scope, 10) for scope in scopes]
        _, corpus = corpus_of(store, snapshot=None, now=NOW, actor=LOCAL_ADMIN)
        before, after = as_it_is(corpus), as_planned(corpus, plan)
        _compare(store, before, questions)
        carry_out(store, plan)
        _compare(store, after, questions)


def test_a_long_token_is_cut_as_the_engine_cuts_it(tmp_path: Path) -> None:
    long = "a" * 33_000
    with closing(make_catalog(tmp_path)) as catalog:
        store = catalog.create("agents", actor=LOCAL_ADMIN)
        assert store.write([make_memory("a", f"{long}x"), make_memory("b", "short")], actor=LOCAL_ADMIN).failed == ()
        _, corpus = corpus_of(store, snapshot=None, now=NOW, actor=LOCAL_ADMIN)
        _compare(store, as_it_is(corpus), [("short", Mode.TEXT, Scope(), 5)])


def test_words_are_split_again_only_where_the_text_changed() -> None:
    first = WordIndex.of(["one two", None, "three"], language="en")
    second = WordIndex.of(["three", "one two", None, "four"], language="en", former=first, same=np.array([2, 0, -1, -1]))
    fresh = WordIndex.of(["three", "one two", None, "four"], language="en")
    for index in (second, fresh):
        found = WordSearch([index], np.ones(4, np.bool_)).matches("three four two", np.ones(4, np.bool_), 10)
        assert sorted(found.rows.tolist()) == [0, 1, 3]
    assert second.sizes.tolist() == fresh.sizes.tolist() == [1, 2, -1, 1]
