"""Merging: who survives and why, what it takes over, the plan at a real index and its undo, and what was rejected."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN
from core.curation.decay import effective_confidence
from core.curation.duplicates import Group, MergePolicy, SurvivorRule, content_hash, merged, survivor
from core.curation.duplicates.merge import CERTAIN
from core.curation.duplicates.rejected import Rejections, forget_rejections_with, load_rejections, save_rejections
from core.curation.journal import ANY_VERSION, Kind
from core.curation.merging import duplicates_plan
from core.curation.plan import Action, Plan
from core.errors import ChangedMeanwhileError, ConfigError, NotAllowedError
from core.memory import Memory
from core.memory.status import HIDDEN, STATUS_KEY
from core.store import MemoryStore
from tests.core.curation.desks import ADA, ANN, VERA, apply, contents, erase, make_desk
from tests.core.curation.desks import make_plan as make_plan_of
from tests.core.duplicates.frames import make_pairs
from tests.core.memory_builders import DAY, NOW, make_memory, make_store

TEXT = "The report goes out on Friday."


def make_group(*keys: str, text: str = TEXT) -> Group:
    return Group(keys or ("a", "b"), 1.0, hashes=(content_hash(text),))


def make_plan(store: MemoryStore, *groups: Group, **options: Any) -> Plan:
    return duplicates_plan(store, groups, **({"actor": LOCAL_ADMIN, "now": NOW, "plan_id": "merge"} | options))


@pytest.mark.parametrize(
    ("rule", "wanted", "reason"),
    [
        pytest.param("confidence", "sure", "Highest confidence now: 0.90, the next 0.50.", id="confidence"),
        pytest.param("usage", "used", "Recalled most often: 9 times, the next 1 times.", id="usage"),
        pytest.param("completeness", "full", "Most complete: ", id="completeness"),
        pytest.param("newest", "new", "Newest: 2026-03-01 12:00 UTC, the next 2026-02-28 12:00 UTC.", id="newest"),
        pytest.param("oldest", "old", "Oldest: 2025-11-21 12:00 UTC", id="oldest"),
    ],
)
def test_the_survivor_is_chosen_by_a_rule_that_says_why(rule: str, wanted: str, reason: str) -> None:
    members = [
        make_memory("full", "The report goes out on Friday, as Ann said.", memory_type="procedural", tags=("t",), notes="n"),
        make_memory("new", created_at=NOW),
        make_memory("old", created_at=NOW - 100 * DAY),
        make_memory("sure", memory_type="procedural", confidence=0.9),
        make_memory("used", memory_type="procedural", confidence=0.5, recall_count=1),
    ]
    recalls = {"used": 9, "sure": 1}
    for order in itertools.permutations(members, 5):
        found = survivor(order, rule=rule, now=NOW, recalls=recalls)
        assert found.key == wanted
        assert found.reason.startswith(reason)


def test_ties_are_decided_and_said() -> None:
    found = survivor([make_memory("b"), make_memory("a")], now=NOW)
    assert found.key == "a"
    assert found.reason == "Equally confident; recalled as often; equally complete; equally old; the first by its key."
    apart = [make_memory("b", created_at=NOW), make_memory("a", created_at=NOW + timedelta(seconds=20))]
    assert survivor(apart, rule="newest", now=NOW).reason == "Newest: 2026-03-01 12:00 UTC."
    with pytest.raises(ConfigError, match="'luck'"):
        survivor([make_memory("a")], rule="luck", now=NOW)


BEST = make_memory(
    "a", confidence=0.8, agent_id="x", session_id="1", tags=("one",), recall_count=2, memory_type="procedural"
)
OTHER = make_memory(
    "b",
    confidence=0.5,
    agent_id="y",
    memory_type="procedural",
    created_at=NOW - 5 * DAY,
    tags=("two", "one"),
    recall_count=3,
    last_recalled_at=NOW - DAY,
    source="mail",
    derived_from=("s",),
    expires_at=NOW + DAY,
    extra={"level": 3, "validated_at": "2026-01-01T00:00:00Z"},
)


def test_keeping_the_best_leaves_it_as_it_is_but_for_its_trail() -> None:
    after = merged(make_group(), [BEST, OTHER], policy="keep", now=NOW).after
    assert after.derived_from == ("b", "s")
    assert after.extra == {
        "duplicates": {
            "at": "2026-03-01T12:00:00Z",
            "count": 2,
            "agents": ["x", "y"],
            "first": "2026-02-24T12:00:00Z",
            "last": "2026-02-28T12:00:00Z",
        }
    }
    unchanged = {name for name in vars(BEST) if getattr(after, name) == getattr(BEST, name)}
    assert set(vars(BEST)) - unchanged == {"derived_from", "extra"}


def test_a_union_takes_over_what_the_others_say() -> None:
    after = merged(make_group(), [BEST, OTHER], policy="union", now=NOW).after
    assert (after.tags, after.recall_count, after.last_recalled_at) == (("one", "two"), 5, NOW - DAY)
    assert (after.source, after.expires_at, after.confidence, after.agent_id) == ("mail", None, 0.8, "x")
    assert after.extra["level"] == 3
    assert "validated_at" not in after.extra
    both = [make_memory("a", expires_at=NOW + 2 * DAY), OTHER]
    assert merged(make_group(), both, now=NOW).after.expires_at == NOW + 2 * DAY


def test_witnesses_make_a_memory_surer_and_one_who_repeats_does_not() -> None:
    decision = merged(make_group(), [BEST, OTHER], policy="reinforce", now=NOW)
    assert decision.after.confidence == pytest.approx(1 - 0.2 * 0.5)
    found = effective_confidence(decision.after, now=NOW)
    assert found is not None
    assert found.since == "validated"
    again = make_memory("b", confidence=0.7, agent_id="x", session_id="1", memory_type="procedural")
    assert merged(make_group(), [BEST, again], policy="reinforce", now=NOW).after.confidence == 0.8
    sure = [make_memory(key, confidence=0.98, agent_id=key, memory_type="procedural") for key in "ab"]
    assert merged(make_group(), sure, policy="reinforce", now=NOW).after.confidence == CERTAIN
    nobody = [make_memory("a"), make_memory("b")]
    assert merged(make_group(), nobody, policy="reinforce", now=NOW).after.confidence is None


def test_a_decision_is_refused_for_what_makes_none() -> None:
    with pytest.raises(ConfigError, match="merge policy 'mix'"):
        merged(make_group(), [BEST, OTHER], policy="mix", now=NOW)
    with pytest.raises(ConfigError, match="fewer than two"):
        merged(make_group(), [BEST], now=NOW)
    with pytest.raises(ConfigError, match="no memory 'z'"):
        merged(make_group(), [BEST, OTHER], keep="z", now=NOW)
    assert merged(make_group(), [BEST, OTHER], keep="b", now=NOW).survivor == "b"


members = st.lists(
    st.builds(
        make_memory,
        st.sampled_from("abcdef"),
        confidence=st.none() | st.floats(0, 1),
        agent_id=st.sampled_from(["x", "y", None]),
        created_at=st.none() | st.just(NOW - DAY),
        tags=st.lists(st.sampled_from("tuv"), max_size=2).map(tuple),
        derived_from=st.lists(st.sampled_from("abs"), max_size=2).map(tuple),
        recall_count=st.integers(0, 5),
        expires_at=st.none() | st.integers(1, 9).map(lambda days: NOW + days * DAY),
    ),
    min_size=2,
    max_size=5,
    unique_by=lambda memory: memory.key,
)


@given(members, st.sampled_from(MergePolicy), st.sampled_from(SurvivorRule))
@settings(max_examples=60, deadline=None)
def test_a_merge_loses_nothing_and_decides_the_same_in_any_order(
    every: list[Memory], policy: MergePolicy, rule: SurvivorRule
) -> None:
    group = make_group(*sorted(memory.key for memory in every))
    found = merged(group, every, policy=policy, rule=rule, now=NOW)
    assert merged(group, every[::-1], policy=policy, rule=rule, now=NOW) == found
    assert {found.survivor, *found.retired} == {memory.key for memory in every}
    wanted = {key for memory in every for key in (memory.key, *memory.derived_from)} - {found.survivor}
    (best,) = (memory for memory in every if memory.key == found.survivor)
    assert wanted == set(found.after.derived_from)
    assert found.after.content == best.content
    if policy is not MergePolicy.KEEP:
        assert set(found.after.tags) == {tag for memory in every for tag in memory.tags}
        assert found.after.recall_count == sum(memory.recall_count for memory in every)
    if policy is not MergePolicy.REINFORCE:
        assert found.after.confidence == best.confidence


def test_a_plan_replaces_the_survivor_and_retires_the_others_in_its_favour(tmp_path: Path) -> None:
    store = make_store(
        tmp_path, make_memory("a", confidence=0.4), make_memory("b", confidence=0.9), make_memory("c", "Other.")
    )
    plan = make_plan(store, make_group())
    assert [(change.key, change.action, change.replaced_by) for change in plan] == [
        ("b", Action.REPLACE, None),
        ("a", Action.RETIRE, "b"),
    ]
    assert plan.title == "Merge 2 memories that say the same into 1"
    assert plan.policy == "duplicates"
    assert "Highest confidence now" in plan.changes[0].reason
    before = contents(store)
    desk = make_desk(store, tmp_path)
    desk.apply(plan, actor=ADA, measured=False)
    assert set(contents(store)) == {"b", "c"}
    (after,) = store.get(["b"], actor=LOCAL_ADMIN).values()
    assert after.derived_from == ("a",)
    desk.apply(desk.undo_plan(plan.id, actor=ADA), actor=ADA, measured=False)
    assert contents(store) == before


@pytest.mark.parametrize(
    ("changed", "options", "why"),
    [
        pytest.param({"extra": {STATUS_KEY: HIDDEN}}, {}, "is hidden", id="hidden"),
        pytest.param({"extra": {STATUS_KEY: "quarantined"}}, {}, "has the status 'quarantined'", id="quarantined"),
        pytest.param({"extra": {STATUS_KEY: "in_conflict"}}, {}, "has the status 'in_conflict'", id="in-conflict"),
        pytest.param({"expires_at": NOW - DAY}, {}, "its time is over", id="over"),
        pytest.param({"content": "The report goes out on Monday."}, {}, "its text changed since", id="changed"),
        pytest.param({}, {"avoid": {"b": "is disputed"}}, "is disputed", id="avoided"),
        pytest.param(None, {}, "is not there", id="gone"),
    ],
)
def test_what_may_not_be_merged_is_left_out(
    tmp_path: Path, changed: dict[str, Any] | None, options: dict[str, Any], why: str
) -> None:
    others = [] if changed is None else [make_memory("b", **({"content": TEXT} | changed))]
    store = make_store(tmp_path, make_memory("a"), make_memory("c"), *others)
    plan = make_plan(store, make_group("a", "b", "c"), **options)
    assert {change.key for change in plan} == {"a", "c"}
    assert plan.parameters["left_out"] == {"b": why}
    alone = make_plan(store, make_group("a", "b"), **options)
    assert len(alone) == 0
    assert alone.parameters["left_out"] == {"b": why, "a": "nothing is left to merge it with"}


def test_a_chosen_survivor_stays_and_a_memory_is_merged_once(tmp_path: Path) -> None:
    store = make_store(tmp_path, *(make_memory(key) for key in "abcd"))
    first = make_group("a", "b")
    plan = make_plan(store, first, make_group("b", "c", "d"), keep={first.keys: "b"})
    assert [(change.key, change.replaced_by) for change in plan] == [("b", None), ("a", "b"), ("c", None), ("d", "c")]
    assert plan.changes[0].reason.endswith("Chosen by hand.")


def test_a_rejection_is_remembered_until_a_text_changes(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    documents = make_desk(store, tmp_path).ledger.documents
    assert load_rejections(store, documents, actor=VERA) == Rejections()
    pairs = make_pairs({("a", "b"): 0.9, ("a", "c"): 0.9, ("b", "c"): 0.9}, same=[("x", "y")])
    rejected = Rejections().rejecting(Group(("a", "b"), 0.9, hashes=("b", "a")), by="ann", at=NOW, reason="two reports")
    rejected = rejected.rejecting(Group(("x", "y"), 1.0, hashes=("x",)), by="ann", at=NOW)
    save_rejections(store, documents, rejected, actor=ANN, expected=None)
    found = load_rejections(store, documents, actor=VERA)
    assert found.every == rejected.every
    left = found.without(pairs)
    assert {(pair.first, pair.second) for pair in left.pairs} == {("a", "c"), ("b", "c")}
    assert left.same == ()
    assert found.rejects(["b", "a"]) == rejected.every[0]
    assert found.rejects(["a", "c"]) is None
    assert len(found.forgetting(["a", "b"]).without(pairs).pairs) == 3
    with pytest.raises(ChangedMeanwhileError):
        save_rejections(store, documents, found, actor=ANN, expected=None)
    with pytest.raises(NotAllowedError):
        save_rejections(store, documents, found, actor=VERA, expected=ANY_VERSION)
    with pytest.raises(ConfigError, match="no content hashes"):
        Rejections().rejecting(Group(("a", "b"), 0.9), by="ann", at=NOW)
    assert forget_rejections_with(documents, store.stream, ["a"]) == 1
    assert [each.hashes for each in load_rejections(store, documents, actor=VERA).every] == [("x",)]
    documents.put(store.stream, "duplicates", "rejected", {"format": 9})
    with pytest.raises(ConfigError, match="format 9"):
        load_rejections(store, documents, actor=VERA)


def test_a_rejection_is_erased_with_its_text(tmp_path: Path) -> None:
    texts = {"a": "The vault is blue.", "b": "The vault is bluish.", "c": "The gate is open."}
    store = make_store(tmp_path, *(make_memory(key, text) for key, text in texts.items()))
    desk = make_desk(store, tmp_path)
    hashes = {key: content_hash(text) for key, text in texts.items()}
    rejected = Rejections()
    for both in ("ab", "bc"):
        keys = tuple(both)
        rejected = rejected.rejecting(Group(keys, 0.9, hashes=tuple(hashes[key] for key in keys)), by="ann", at=NOW)
    save_rejections(store, desk.ledger.documents, rejected, actor=ANN)
    assert apply(desk, make_plan_of(desk, *erase(desk, "a"))).complete
    left = load_rejections(store, desk.ledger.documents, actor=VERA).every
    assert [each.hashes for each in left] == [tuple(sorted([hashes["b"], hashes["c"]]))]
    purged = [entry.body for entry in desk.ledger.journal.entries(desk.stream) if entry.kind is Kind.PURGED]
    assert [body["rejections"] for body in purged if "rejections" in body] == [1]
