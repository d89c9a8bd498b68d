"""A session with one tenant's server never gets what is another tenant's, whatever it calls and names."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.mcp.sessions import agent_session
from tests.core.memory_builders import make_catalog

TENANTS = ("acme", "globex")
TEXTS = ("The refund limit is 500.", "Invoices go out on Friday.")


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    """Yield the session of each tenant, and the keys of its memories."""
    catalog = make_catalog(tmp_path_factory.mktemp("tenants"))
    with ExitStack() as stack:
        made = {}
        for tenant in TENANTS:
            agent = stack.enter_context(agent_session(catalog, agent="ann", tenant=tenant, shared="commons"))
            keys = [agent.answer("remember", text=f"{text} ({tenant})", task="q3", tags=["t"])["key"] for text in TEXTS]
            agent.answer("task_add", task="q3", subtasks=[f"ask ({tenant})"])
            agent.answer("procedure_store", name="refund", steps=[f"pay ({tenant})"], when="a refund is due")
            made[tenant] = agent, keys
        yield made


QUERIES = st.sampled_from([*TEXTS, *TENANTS, "ask (globex)", "user-memory-globex", "tenant:acme"])
NAMES = st.sampled_from(["q3", "refund", "user-memory-acme", "../user-memory-globex", "t", "ann"])
WHERE = st.sampled_from(["own", "shared", "both"])
CALLS = st.one_of(
    st.tuples(st.just("recall"), st.fixed_dictionaries(
        {"query": QUERIES, "where": WHERE, "k": st.integers(1, 50)}, optional={"task": NAMES, "tag": NAMES})),
    st.tuples(st.just("context"), st.fixed_dictionaries(
        {"query": QUERIES, "where": WHERE, "budget_tokens": st.integers(50, 4_000)}, optional={"task": NAMES})),
    st.tuples(st.just("resume"), st.fixed_dictionaries({"task": NAMES, "about": QUERIES, "where": WHERE})),
    st.tuples(st.just("task_board"), st.fixed_dictionaries({"task": NAMES, "shared": st.booleans()})),
    st.tuples(st.just("procedure_find"), st.fixed_dictionaries({"query": QUERIES, "shared": st.booleans()})),
)  # fmt: skip
SMUGGLED = st.dictionaries(
    st.sampled_from(["tenant", "index", "agent", "role", "store", "actor"]), st.sampled_from([*TENANTS, "admin"]), max_size=2
)


@settings(max_examples=120)
@given(tenant=st.sampled_from(TENANTS), call=CALLS, smuggled=SMUGGLED)
def test_no_call_gives_what_is_anothers(sessions, tenant, call, smuggled):
    agent, _ = sessions[tenant]
    tool, asked = call
    result = agent.call(tool, **asked, **smuggled)
    assert not smuggled or result.is_error
    said = repr(result.content) + repr(result.structured_content)
    for repeated in asked.values():
        said = said.replace(str(repeated), "")
    assert not [other for other in TENANTS if other != tenant and f"({other})" in said]


def test_what_is_ones_own_is_found(sessions):
    for tenant, (agent, keys) in sessions.items():
        found = agent.answer("recall", query="refund limit", where="both", k=50)["memories"]
        assert {*keys} <= {each["key"] for each in found}
        assert all(f"({tenant})" in each["text"] for each in found)


def test_no_report_reaches_anothers_memories(sessions):
    (agent, own), (_, others) = sessions["acme"], sessions["globex"]
    assert "has no memory" in agent.refusal("report_conflict", key=own[0], other_key=others[0])
    assert "has no memory" in agent.refusal("report_conflict", key=others[0], other_key=others[1], shared=True)
