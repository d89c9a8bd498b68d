"""The cache over real stores: what it finds, what it must not find, and that what it gives is what a recall gives."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN, Actor, Role
from core.curation.decay import DEFAULT_DECAY
from core.errors import ConfigError, NotAllowedError
from core.memory import Memory
from core.operate.cache import Question, SemanticCache, recall_through
from core.operate.cache.entry import Entry, read_entry, write_entry
from core.operate.cache.in_process import InProcess
from core.operate.cache.shelf import Kept
from core.recall import Mode, RecallResult, Weights, recall
from core.scope import Scope
from core.store import MemoryStore
from tests.core.memory_builders import DAY, NOW, make_catalog, make_memory, make_store, memories

SECOND = timedelta(seconds=1)
TTL = 300
STORY = (
    make_memory("friday", "The quarterly report goes out on Friday."),
    make_memory("refund", "Customers get a refund within five days.", agent_id="support", confidence=0.4),
    make_memory("soon", "The report template moves soon.", expires_at=NOW + 20 * SECOND),
    make_memory("spoken", "I promised the report for next week.", extra={"mood": "calm", "n": 3}),
)


@pytest.fixture
def cache() -> SemanticCache:
    return SemanticCache(InProcess(ttl=TTL), ttl=TTL)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> MemoryStore:
    return make_store(tmp_path_factory.mktemp("store"), *STORY)


def ask(cache: SemanticCache | None, store: MemoryStore, query: str = "quarterly report", **options: Any) -> RecallResult:
    return recall_through(cache, store, query, **({"actor": LOCAL_ADMIN, "now": NOW, "k": 3} | options))


def cached(result: RecallResult) -> bool:
    return any(note.startswith("From the cache: ") for note in result.notes)


def content(result: RecallResult) -> RecallResult:
    return dataclasses.replace(result, embed_ms=0.0, query_ms=0.0, total_ms=0.0, notes=())


@pytest.mark.parametrize("mode", Mode)
def test_a_hit_is_what_the_recall_gave(cache: SemanticCache, store: MemoryStore, mode: Mode) -> None:
    first = ask(cache, store, mode=mode)
    again = ask(cache, store, mode=mode, now=NOW + SECOND)
    plain = recall(store, "quarterly report", actor=LOCAL_ADMIN, now=NOW, k=3, mode=mode, log=False)
    assert (cached(first), cached(again)) == (False, True)
    assert content(first) == content(again) == content(plain)
    origins = [[hit.memory.origin for hit in result.hits] for result in (again, plain)]
    assert origins[0] == origins[1] != [None] * len(plain.hits)
    assert [sum(part.contribution for part in hit.parts) for hit in again.hits] == pytest.approx(
        [hit.score for hit in again.hits]
    )
    counts = cache.counts(store)
    assert counts is not None
    assert (counts.exact, counts.near, counts.missed, counts.hit_rate) == (1, 0, 1, 0.5)


OTHERWISE: list[Any] = [
    pytest.param({"k": 2}, id="k"),
    pytest.param({"mode": Mode.VECTOR}, id="mode"),
    pytest.param({"scope": Scope(agents=("support",))}, id="scope"),
    pytest.param({"scope": Scope(created_from=NOW - DAY)}, id="a time of the scope"),
    pytest.param({"scope": Scope(created_from=NOW - DAY + timedelta(microseconds=1))}, id="a microsecond of it"),
    pytest.param({"weights": Weights(recency=0.5)}, id="weights"),
    pytest.param({"actor": Actor("ann", Role.VIEWER)}, id="role"),
    pytest.param({"actor": Actor("ann", Role.ADMIN, frozenset({"acme"}))}, id="tenants"),
    pytest.param({"now": NOW - SECOND}, id="an earlier moment"),
    pytest.param({"now": NOW + timedelta(seconds=TTL)}, id="after the time to live"),
    pytest.param({"now": NOW + 20 * SECOND}, id="after a memory of it expired"),
    pytest.param({"query": "quarterly refund"}, id="another query"),
]


@pytest.mark.parametrize("options", OTHERWISE)
def test_what_differs_is_another_question(cache: SemanticCache, store: MemoryStore, options: dict[str, Any]) -> None:
    ask(cache, store)
    assert cached(ask(cache, store, actor=Actor("bob", Role.ADMIN)))
    assert not cached(ask(cache, store, **({"query": "quarterly report"} | options)))


def test_rules_that_rank_are_part_of_the_question(cache: SemanticCache, store: MemoryStore) -> None:
    assert store.archive is not None
    ask(cache, store)
    store.archive.rules.renew(store.stream, dataclasses.replace(DEFAULT_DECAY, floor=0.5))
    try:
        assert not cached(ask(cache, store))
    finally:
        store.archive.rules.renew(store.stream, DEFAULT_DECAY)


def test_every_kind_of_write_ends_what_was_kept(cache: SemanticCache, tmp_path: Path) -> None:
    store = make_store(tmp_path, *STORY)
    with closing(make_catalog(tmp_path)) as others:  # another connection, as of another process
        theirs = others.open("agents", actor=LOCAL_ADMIN)
        writes: list[Callable[[], Any]] = [
            lambda: theirs.write([make_memory("new", "The quarterly report is late.")], actor=LOCAL_ADMIN),
            lambda: theirs.write([make_memory("new", "The quarterly report is early.")], actor=LOCAL_ADMIN),
            lambda: theirs.records.delete(["new"], actor=LOCAL_ADMIN),
        ]
        for write in writes:
            ask(cache, store)
            assert cached(ask(cache, store))
            write()
            fresh = ask(cache, store)
            assert not cached(fresh)
            assert content(fresh) == content(recall(store, "quarterly report", actor=LOCAL_ADMIN, now=NOW, k=3, log=False))


class Meanwhile(InProcess):
    """A shelf on which something happens between the look and the keeping."""

    happens: Callable[[], Any] = staticmethod(lambda: None)

    def get(self, group: str, exact: str) -> bytes | None:
        found = super().get(group, exact)
        if found is None:
            self.happens()
        return found


def test_a_write_while_it_is_computed_makes_it_worthless(tmp_path: Path) -> None:
    store, shelf = make_store(tmp_path, *STORY), Meanwhile(ttl=TTL)
    cache = SemanticCache(shelf, ttl=TTL)
    shelf.happens = lambda: store.write([make_memory("new", "The quarterly report is late.")], actor=LOCAL_ADMIN)
    ask(cache, store)
    shelf.happens = lambda: None
    assert not cached(ask(cache, store))
    assert cached(ask(cache, store))


def test_who_may_not_read_gets_nothing_of_the_cache(cache: SemanticCache, tmp_path: Path) -> None:
    store = make_store(tmp_path, *STORY, name="user-memory-acme")
    assert ask(cache, store).hits
    with pytest.raises(NotAllowedError, match="another tenant's"):
        ask(cache, store, actor=Actor("eve", Role.ADMIN, frozenset({"globex"})))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=12))
@settings(max_examples=25)
def test_no_tenant_ever_gets_what_is_anothers(tenants: dict[str, MemoryStore], asked: list[tuple[str, str]]) -> None:
    cache = SemanticCache(InProcess(ttl=TTL), ttl=TTL, distance=1.0)
    for who, whose in asked:
        actor = Actor("agent", Role.REVIEWER, frozenset({who}))
        if who != whose:
            with pytest.raises(NotAllowedError):
                ask(cache, tenants[whose], actor=actor)
            continue
        found = ask(cache, tenants[whose], actor=actor)
        assert {hit.memory.key for hit in found.hits} == {f"secret of {whose}"}


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> dict[str, MemoryStore]:
    catalog, stores = make_catalog(tmp_path_factory.mktemp("tenants")), {}
    for name in "abc":
        stores[name] = catalog.create(f"user-memory-{name}", actor=LOCAL_ADMIN)
        stores[name].write([make_memory(f"secret of {name}", "The quarterly report.")], actor=LOCAL_ADMIN)
    return stores


SAME_DIRECTION = np.eye(1, 384, dtype=np.float32)[0]
PAIRS = [
    pytest.param("When does the report go out?", "When is the report going out?", True, id="the same in other words"),
    pytest.param("May we deploy on Friday?", "May we not deploy on Friday?", False, id="a negation"),
    pytest.param("May we deploy on Friday?", "May we deploy on Monday?", False, id="another day"),
    pytest.param("What was done before the launch?", "What was done after the launch?", False, id="an opposite"),
    pytest.param("What has Alice told Bob?", "What has Bob told Alice?", False, id="roles"),
    pytest.param("What is the status of JOB-17?", "What is the status of JOB-18?", False, id="an identifier"),
    pytest.param("Why did Nate choose the colour?", "When did Nate choose the colour?", False, id="a question word"),
    pytest.param("Is the limit 20 or more?", "Is the limit 30 or more?", False, id="a number"),
]


@pytest.mark.parametrize(("kept", "asked", "hit"), PAIRS)
def test_near_queries_share_an_answer_unless_they_say_something_else(
    store: MemoryStore, kept: str, asked: str, hit: bool
) -> None:
    cache = SemanticCache(InProcess(ttl=TTL), ttl=TTL)
    first = _question(store, kept)
    assert cache.find(first, now=NOW) is None
    cache.keep(first, recall(store, kept, actor=LOCAL_ADMIN, now=NOW, k=3, log=False), now=NOW)
    found = cache.find(_question(store, asked), now=NOW + SECOND)
    assert (found is not None) is hit
    if found is not None:
        assert found.query == asked
        assert "at a distance of 0.000" in found.notes[-1]
        assert kept not in repr(found.notes)


@pytest.mark.parametrize("name", ["MNEMOSCOPE_REDACT_QUERIES", "distance"])
def test_without_texts_or_distance_only_the_same_words_are_found(
    store: MemoryStore, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = InProcess(ttl=TTL)
    cache = SemanticCache(shelf, ttl=TTL, distance=0.0 if name == "distance" else 0.05)
    if name != "distance":
        monkeypatch.setenv(name, "1")
    kept = _question(store, "When does the report go out?")
    cache.find(kept, now=NOW)
    cache.keep(kept, recall(store, kept.text, actor=LOCAL_ADMIN, now=NOW, k=3, log=False), now=NOW)
    assert cache.find(_question(store, "When is the report going out?"), now=NOW) is None
    assert cache.find(_question(store, kept.text), now=NOW) is not None
    if name != "distance":
        assert kept.text not in repr(vars(shelf))


def _question(store: MemoryStore, text: str) -> Question:
    vector = SAME_DIRECTION[: store.info.dimension]
    return Question((store,), None, LOCAL_ADMIN, text, vector, Mode.HYBRID, 3, Scope(), Weights())


def test_what_was_not_looked_for_is_not_kept(cache: SemanticCache, store: MemoryStore) -> None:
    question = _question(store, "quarterly report")
    cache.keep(question, recall(store, question.text, actor=LOCAL_ADMIN, now=NOW, log=False), now=NOW)
    assert cache.state().answers == 0


def test_a_question_without_sense_is_refused_as_a_recall_refuses_it(cache: SemanticCache, store: MemoryStore) -> None:
    for options in ({"query": " "}, {"k": 0}):
        with pytest.raises(ConfigError):
            ask(cache, store, **options)


def test_recalls_from_the_cache_are_logged(cache: SemanticCache, tmp_path: Path) -> None:
    store = make_store(tmp_path, *STORY)
    assert store.archive is not None
    for number in range(3):
        ask(cache, store, now=NOW + number * SECOND)
    ask(cache, store, log=False)
    store.archive.recalls.flush()
    logged = store.archive.recalls.recent(store.stream)
    assert [entry.query for entry in logged] == ["quarterly report"] * 3
    assert len({entry.hits for entry in logged}) == 1
    assert logged[0].channel == "agent"


DAMAGE: list[Any] = [
    pytest.param(lambda body: b"", id="nothing"),
    pytest.param(lambda body: body[:-1], id="cut off"),
    pytest.param(lambda body: b"[" * 100_000, id="deep"),
    pytest.param(lambda body: b"{}", id="no fields"),
    pytest.param(lambda body: body.replace(b'"rank":1', b'"rank":"1"'), id="a field of another type"),
    pytest.param(lambda body: body.replace(b'"rank":1', b'"rank":1,"more":1'), id="a field more"),
    pytest.param(lambda body: body.replace(b'"group":"', b'"group":"x'), id="of another group"),
    pytest.param(lambda body: b"\x80\x04\x95cos\nsystem\n", id="a pickle"),
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_answer_is_a_miss(store: MemoryStore, damage: Callable[[bytes], bytes]) -> None:
    class Damaged(InProcess):
        def get(self, group: str, exact: str) -> bytes | None:
            body = super().get(group, exact)
            return None if body is None else damage(body)

    cache = SemanticCache(Damaged(ttl=TTL), ttl=TTL)
    before = ask(cache, store)
    after = ask(cache, store)
    assert not cached(after)
    assert content(after) == content(before)


@given(memories)
@settings(max_examples=40)
def test_any_memory_comes_back_as_it_was(odd: list[MemoryStore], memory: Memory) -> None:
    (store,) = odd
    if store.write([memory], actor=LOCAL_ADMIN).failed:
        return
    found = recall(
        store, "anything", actor=LOCAL_ADMIN, now=NOW, scope=Scope(include_expired=True, include_hidden=True), log=False
    )
    again = read_entry(write_entry(Entry("g", NOW, None, found)), store.memory_of)
    assert again == Entry("g", NOW, None, found)
    store.records.delete([memory.key], actor=LOCAL_ADMIN)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> list[MemoryStore]:
    return [make_store(tmp_path_factory.mktemp("odd"))]


def test_answers_of_a_service_that_tells_no_revision_are_kept_nowhere_but_on_a_server(store: MemoryStore) -> None:
    class Untold(MemoryStore):
        def revision(self) -> str | None:
            return None

    untold = Untold(store._client, bucket=store.bucket, info=store.info, uri=store.uri, embedder_factory=store._factory)
    cache = SemanticCache(InProcess(ttl=TTL), ttl=TTL)
    assert not any(cached(ask(cache, untold)) for _ in range(3))
    counts = cache.counts(untold)
    assert counts is not None
    assert (counts.unsure, counts.missed) == (3, 0)


def test_the_distance_of_a_kept_query_is_named() -> None:
    assert Kept("x", None, 0.25).distance == 0.25
