"""Planners: delete, hide, edit and validate, over our indexes and others'; each plan applied and taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.access import LOCAL_ADMIN, Actor, Role
from core.curation.decay import STATED_KEY, VALIDATED_KEY, decide_decay, effective_confidence
from core.curation.deletion import plan_deletion
from core.curation.desk import open_desk
from core.curation.editing import plan_edit, plan_validation
from core.curation.hiding import plan_hiding
from core.curation.plan import Action, Plan, plan_from_json, plan_to_json
from core.curation.planning import read_whole
from core.errors import InvalidMemoryError, NotAllowedError
from core.memory import Memory
from core.memory.fields import iso
from core.memory.status import HIDDEN, STATUS_KEY, is_hidden, status_of
from core.recall import recall
from core.scope import Scope
from core.store import MemoryStore
from tests.core.foreign_records import make_foreign_store
from tests.core.memory_builders import DAY, NOW, make_memory, make_store

COMMON: dict[str, Any] = {"actor": LOCAL_ADMIN, "now": NOW, "plan_id": "p1"}
VIEWER = Actor("vera", Role.VIEWER)
TENANTS = Actor("ann", Role.ADMIN, frozenset({"acme"}))


def some(count: int = 6) -> list[Memory]:
    return [make_memory(f"k{n}", f"Fact {n} of the report.", agent_id=f"a{n % 2}", tags=("x",)) for n in range(count)]


def applied(store: MemoryStore, plan: Plan, **options: Any) -> None:
    """Apply a plan that came through JSON, as a reviewed file does."""
    report = open_desk(store).apply(plan_from_json(plan_to_json(plan)), actor=LOCAL_ADMIN, **options)
    assert report.complete
    assert set(report.done) == {change.key for change in plan}


def undone(store: MemoryStore, plan: Plan) -> None:
    desk = open_desk(store)
    assert desk.apply(desk.undo_plan(plan.id, actor=LOCAL_ADMIN), actor=LOCAL_ADMIN).complete


def contents(store: MemoryStore) -> dict[str, Any]:
    return store.records.get(sorted(store.frame(actor=LOCAL_ADMIN)["key"]), actor=LOCAL_ADMIN)


def keys(plan: Plan) -> list[str]:
    return sorted(change.key for change in plan)


@pytest.mark.parametrize("whole", [False, True], ids=["by-pages", "from-a-snapshot"])
@pytest.mark.parametrize(
    ("which", "found"),
    [
        pytest.param(["k1", "k3", "k1", "gone"], ["k1", "k3"], id="keys"),
        pytest.param(Scope(agents=("a1",)), ["k1", "k3", "k5"], id="scope"),
        pytest.param(Scope(agents=("nobody",)), [], id="nothing"),
    ],
)
def test_deletion(tmp_path: Path, which: Any, found: list[str], whole: bool) -> None:
    store = make_store(tmp_path, *some())
    snapshot = read_whole(store, actor=LOCAL_ADMIN) if whole else None
    plan = plan_deletion(store, which, snapshot=snapshot, reason="tidy", **COMMON)
    assert keys(plan) == found
    assert {change.action for change in plan} <= {Action.RETIRE}
    assert {change.reason for change in plan} <= {"tidy"}
    assert plan.title == f"Retire {len(found)} memor{'y' if len(found) == 1 else 'ies'}"
    assert plan.parameters.get("left_out") == ({"gone": "is not there"} if isinstance(which, list) else None)
    before = contents(store)
    if found:
        applied(store, plan)
        assert sorted(contents(store)) == sorted(before.keys() - set(found))
        undone(store, plan)
    assert contents(store) == before


def test_an_erasure_is_another_action(tmp_path: Path) -> None:
    store = make_store(tmp_path, *some())
    plan = plan_deletion(store, ["k1"], erase=True, **COMMON)
    assert (plan.counts, plan.policy, plan.title) == ({Action.ERASE: 1}, "erase", "Erase 1 memory")


def test_a_sampled_snapshot_does_not_miss_the_rest(tmp_path: Path) -> None:
    store = make_store(tmp_path, *some())

    class Sample:
        table = read_whole(store, actor=LOCAL_ADMIN).table.slice(0, 2)
        frame = read_whole(store, actor=LOCAL_ADMIN).frame.head(2)
        rows, total = 2, 6

    assert len(plan_deletion(store, Scope(), snapshot=Sample(), **COMMON)) == 6


def test_hidden_memories_leave_recall_and_come_back(tmp_path: Path) -> None:
    store = make_store(tmp_path, *some())
    before = contents(store)
    plan = plan_hiding(store, ["k1", "k2"], **COMMON)
    assert plan.counts == {Action.REPLACE: 2}
    assert all(change.after is not None and change.after.vector is None for change in plan)
    applied(store, plan)
    found = {hit.memory.key for hit in recall(store, "Fact of the report", actor=LOCAL_ADMIN, now=NOW).hits}
    assert found == {"k0", "k3", "k4", "k5"}
    scope = Scope(include_hidden=True)
    assert len(recall(store, "Fact of the report", actor=LOCAL_ADMIN, now=NOW, scope=scope).hits) == 6
    hidden = store.get(["k1"], actor=LOCAL_ADMIN)["k1"]
    assert (is_hidden(hidden), status_of(hidden)) == (True, HIDDEN)
    assert list(store.frame(actor=LOCAL_ADMIN).dropna(subset=["status"])["key"]) == ["k1", "k2"]
    again = plan_hiding(store, ["k1", "k3"], actor=LOCAL_ADMIN, now=NOW, plan_id="p2")
    assert (keys(again), again.parameters["left_out"]) == (["k3"], {"k1": "is hidden already"})
    applied(store, plan_hiding(store, Scope(include_hidden=True), hidden=False, actor=LOCAL_ADMIN, now=NOW, plan_id="p3"))
    assert contents(store) == before


def test_a_record_without_room_cannot_be_hidden(tmp_path: Path) -> None:
    store = make_store(tmp_path, make_memory("full", extra={"pad": "x" * 1_880}))
    plan = plan_hiding(store, ["full"], **COMMON)
    assert len(plan) == 0
    assert "cannot be marked as hidden: " in plan.parameters["left_out"]["full"]


def test_memories_of_others_are_hidden_and_edited_in_their_own_shape(tmp_path: Path) -> None:
    rows = {f"k{n}": {"_page_content": f"Fact {n}", "who": "ann", "level": n} for n in range(3)}
    store = make_foreign_store(tmp_path, rows)
    before = contents(store)
    hide = plan_hiding(store, ["k1"], **COMMON)
    applied(store, hide)
    assert contents(store)["k1"].metadata == {**rows["k1"], STATUS_KEY: HIDDEN}
    assert {hit.memory.key for hit in recall(store, "Fact", actor=LOCAL_ADMIN, now=NOW).hits} == {"k0", "k2"}
    edit = plan_edit(store, {"k0": {"level": 7, "who": None, "content": "Another"}}, actor=LOCAL_ADMIN, now=NOW, plan_id="e")
    applied(store, edit)
    assert contents(store)["k0"].metadata == {"_page_content": "Another", "level": 7}
    undone(store, edit)
    undone(store, hide)
    assert contents(store) == before


def test_a_new_text_gets_a_new_vector_and_other_edits_keep_it(tmp_path: Path) -> None:
    store = make_store(tmp_path, *some())
    before = contents(store)
    edits: dict[str, dict[str, Any]] = {
        "k0": {"content": "Something else altogether."},
        "k1": {"tags": ["a", "b"], "memory_type": "procedural", "expires_at": "2027-01-01T00:00:00Z", "level": [1, 2]},
        "k2": {"tags": ["x"]},
        "gone": {"notes": "?"},
    }
    plan = plan_edit(store, edits, **COMMON)
    assert keys(plan) == ["k0", "k1"]
    assert plan.parameters["left_out"] == {"gone": "is not there", "k2": "would not change"}
    applied(store, plan)
    after = contents(store)
    expected = store.embedder().embed(["Something else altogether."])[0]
    np.testing.assert_allclose(after["k0"].vector, expected, atol=1e-6)
    assert after["k1"].vector.tobytes() == before["k1"].vector.tobytes()
    memory = store.get(["k1"], actor=LOCAL_ADMIN)["k1"]
    assert (memory.tags, memory.memory_type, memory.extra) == (("a", "b"), "procedural", {"level": [1, 2]})
    assert memory.expires_at == NOW.replace(year=2027, month=1, day=1, hour=0)
    assert after["k1"].metadata["expires_at_epoch"] == memory.expires_at.timestamp()
    undone(store, plan)
    assert contents(store) == before


@pytest.mark.parametrize(
    ("values", "said"),
    [
        pytest.param({"confidence": 2}, "confidence 2 must be a number from 0 to 1", id="share"),
        pytest.param({"expires_at": "soon"}, "expires_at 'soon' ", id="time"),
        pytest.param({"content": " "}, "its text would be empty", id="empty"),
        pytest.param({"expires_at_epoch": 3}, "expires_at_epoch cannot be edited", id="epoch"),
        pytest.param({"mnemoscope_status": "x"}, "mnemoscope_status cannot be edited", id="status"),
        pytest.param({"level": float("nan")}, "holds NaN", id="nan"),
        pytest.param({"tags": ["x" * 3_000]}, "filterable metadata has", id="too-long"),
    ],
)
def test_a_value_that_no_memory_can_have_is_refused(tmp_path: Path, values: dict[str, Any], said: str) -> None:
    store = make_store(tmp_path, *some(1))
    with pytest.raises(InvalidMemoryError, match=said):
        plan_edit(store, {"k0": values}, **COMMON)


def test_a_confidence_that_is_stated_anew_counts_from_now(tmp_path: Path) -> None:
    old = make_memory("k", memory_type="episodic", confidence=0.9, created_at=NOW - 60 * DAY)
    faded = decide_decay(old, now=NOW, write_back=True).after
    assert faded is not None
    store = make_store(tmp_path, faded)
    applied(store, plan_edit(store, {"k": {"confidence": 0.8}}, **COMMON))
    memory = store.get(["k"], actor=LOCAL_ADMIN)["k"]
    found = effective_confidence(memory, now=NOW)
    assert found is not None
    assert (found.value, found.since) == (0.8, "validated")
    assert STATED_KEY not in memory.extra


def test_what_is_still_true_is_as_sure_as_on_its_first_day(tmp_path: Path) -> None:
    store = make_store(tmp_path, make_memory("k", memory_type="episodic", confidence=0.9, created_at=NOW - 60 * DAY))
    plan = plan_validation(store, ["k"], **COMMON)
    assert plan.title == "Confirm that 1 memory still holds true"
    applied(store, plan)
    memory = store.get(["k"], actor=LOCAL_ADMIN)["k"]
    found = effective_confidence(memory, now=NOW)
    assert found is not None
    assert (found.value, memory.extra[VALIDATED_KEY], memory.confidence) == (0.9, iso(NOW), 0.9)
    everywhere = plan_validation(store, Scope(), actor=LOCAL_ADMIN, now=NOW + DAY, plan_id="p2")
    assert keys(everywhere) == ["k"]


@pytest.mark.parametrize("planner", [plan_deletion, plan_hiding, plan_validation])
@pytest.mark.parametrize("which", [["k1"], Scope()], ids=["keys", "scope"])
def test_a_viewer_may_plan_and_another_tenant_may_not(tmp_path: Path, planner: Any, which: Any) -> None:
    store = make_store(tmp_path, *some(), tenant="globex")
    assert len(planner(store, which, actor=VIEWER, now=NOW, plan_id="p")) > 0
    with pytest.raises(NotAllowedError, match="another tenant's"):
        planner(store, which, actor=TENANTS, now=NOW, plan_id="p")
