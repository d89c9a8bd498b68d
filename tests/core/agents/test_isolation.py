"""A tenant's agent never gets what is another tenant's, whatever it calls, however it filters and whatever it names."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN, Actor, Role
from core.agents import Where
from core.candidates import Mode
from core.errors import ConfigError, MnemoscopeError, NotAllowedError
from core.memory import Memory
from core.scope import Scope
from tests.core.agents.builders import make_agent
from tests.core.memory_builders import NOW, make_catalog

TENANTS = ("acme", "globex", "initech")
# Keys and texts that are alike in all tenants: nothing but the index tells them apart.
TEXTS = ("The refund limit is 500.", "Invoices go out on Friday.", "Deploy only on Thursday.")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    made = make_catalog(tmp_path_factory.mktemp("tenants"))
    make_agent(made, "lead", index="commons").remember("Everybody reads this: refunds go out on Friday.", kind="semantic")
    for tenant in TENANTS:
        agent = make_agent(made, "ann", tenant=tenant, shared="commons")
        same = [Memory(f"k{place}", f"{text} ({tenant})", "semantic", agent_id="ann", team_id="alpha", task_id="q3",
                       created_at=NOW, tags=("t",)) for place, text in enumerate(TEXTS)]  # fmt: skip
        agent.places.own.write(same, actor=agent.actor)
        agent.task("q3").add(f"part of {tenant}")
        agent.procedures().store("refund", [f"ask {tenant}"], when="a refund is asked for")
    return made


SCOPES = st.builds(
    Scope,
    teams=st.sampled_from([(), ("alpha",), ("unknown",)]),
    agents=st.sampled_from([(), ("ann",), ("bob",)]),
    tasks=st.sampled_from([(), ("q3",)]),
    types=st.sampled_from([(), ("semantic",), ("procedural", "episodic")]),
    tags=st.sampled_from([(), ("t",), ("procedure",)]),
    include_expired=st.booleans(),
    include_hidden=st.booleans(),
)
CALLS = st.sampled_from(["recall", "context", "resume", "procedures", "task", "get", "neighbours", "memories", "shared"])


def said(agent, call, *, query, scope, mode, where, k):
    """Return everything that a call gives back, as text."""
    match call:
        case "recall":
            return repr(agent.recall(query, k=k, where=where, scope=scope, mode=mode))
        case "context":
            return repr(agent.context(query, budget_tokens=4_000, k=k, where=where, scope=scope))
        case "resume":
            return repr(agent.resume("q3", about=query, where=where))
        case "procedures":
            return repr(agent.procedures().best(query)) + repr(agent.procedures().get("refund"))
        case "task":
            return repr(agent.task("q3").board())
        case "get":
            return repr(agent.places.own.get(["k0", "k1", "k2"], actor=agent.actor))
        case "neighbours":
            return repr(agent.places.own.neighbours("k0", k=k, actor=agent.actor))
        case "memories":
            return repr([*agent.places.own.memories(actor=agent.actor)])
        case _:
            return repr([*agent.places.of(Where.BOTH)[1].memories(actor=agent.actor)])


@settings(max_examples=150)
@given(
    tenant=st.sampled_from(TENANTS),
    call=CALLS,
    scope=SCOPES,
    mode=st.sampled_from([*Mode]),
    where=st.sampled_from([*Where]),
    query=st.sampled_from([*TEXTS, *TENANTS, "part of globex", "ask acme"]),
    k=st.integers(1, 30),
)
def test_no_call_gives_what_is_anothers(catalog, tenant, call, scope, mode, where, query, k):
    agent = make_agent(catalog, "ann", tenant=tenant, shared="commons")
    found = said(agent, call, query=query, scope=scope, mode=mode, where=where, k=k)
    found = found.replace(repr(query), "")  # a recall repeats its question
    others = [other for other in TENANTS if other != tenant]
    assert [other for other in others if f"({other})" in found or f"of {other}" in found or f"ask {other}" in found] == []
    if call == "memories":
        assert f"({tenant})" in found, "the test looks for what is there"


@settings(max_examples=60)
@given(
    tenant=st.none() | st.sampled_from(TENANTS),
    index=st.sampled_from([None, "commons", *(f"user-memory-{name}" for name in TENANTS)]),
    shared=st.sampled_from([None, "commons", *(f"user-memory-{name}" for name in TENANTS)]),
    rights=st.sampled_from([None, frozenset(), frozenset({"acme"}), frozenset(TENANTS)]),
)
def test_no_agent_opens_anothers_index(catalog, tenant, index, shared, rights):
    actor = Actor("service", Role.REVIEWER, rights)
    with suppress(MnemoscopeError):
        agent = make_agent(catalog, "eve", tenant=tenant, index=index, shared=shared, actor=actor, create=False)
        assert agent.places.own.info.tenant == tenant
        assert rights is None or tenant is None or tenant in rights
        assert agent.places.shared is None or agent.places.shared.info.tenant is None
        for other in TENANTS:
            if other != tenant and agent.actor.tenants is not None:
                with pytest.raises(NotAllowedError):
                    catalog.open(f"user-memory-{other}", actor=agent.actor)


def test_both_indexes_are_ranked_as_one(catalog):
    agent = make_agent(catalog, "ann", tenant="acme", shared="commons")
    found = agent.recall("what does everybody read of refunds", where=Where.BOTH, k=10)
    assert set(found.index_of.values()) == {"user-memory-acme", "commons"}
    assert [hit.score for hit in found.hits] == sorted((hit.score for hit in found.hits), reverse=True)
    assert any(hit.memory.content.startswith("Everybody reads this") for hit in found.hits)
    assert {hit.memory.key for hit in found.hits} == set(found.index_of)
    assert set(agent.recall("refund on Friday").index_of.values()) == {"user-memory-acme"}


def test_each_index_logs_its_own_part_of_a_recall(tmp_path):
    catalog = make_catalog(tmp_path)
    agent = make_agent(catalog, "ann", tenant="acme", shared="commons")
    own, common = agent.remember("A secret of acme."), agent.remember("What all know.", shared=True)
    agent.context("what is known", budget_tokens=1_000, where=Where.BOTH)
    catalog.archive.close()
    logged = [catalog.archive.recalls.recent(f"mnemoscope/{name}") for name in ("user-memory-acme", "commons")]
    assert [[entry.keys for entry in entries] for entries in logged] == [[(own.key,)], [(common.key,)]]
    assert [[entry.context_keys for entry in entries] for entries in logged] == [[(own.key,)], [(common.key,)]]
    assert {entry.actor for entries in logged for entry in entries} == {"ann"}


def test_a_shared_index_has_to_be_named(tmp_path):
    agent = make_agent(make_catalog(tmp_path), "ann")
    with pytest.raises(ConfigError, match="given no shared index"):
        agent.remember("For all.", shared=True)
    with pytest.raises(ConfigError, match="Name the agent's index"):
        make_agent(make_catalog(tmp_path), "ann", index=None)


def test_who_may_only_read_writes_nothing(tmp_path):
    make_agent(make_catalog(tmp_path), "lead", actor=LOCAL_ADMIN)
    viewer = make_agent(make_catalog(tmp_path), "eve", actor=Actor("eve", Role.VIEWER), create=False)
    procedures, task = viewer.procedures(), viewer.task("q3")
    for write in (lambda: viewer.remember("x"), lambda: task.claim("a"), lambda: procedures.store("p", ["a"])):
        with pytest.raises(NotAllowedError):
            write()
