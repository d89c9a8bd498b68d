"""Taking back: a whole plan, some keys of it, an undo itself, and the index as it was at a moment."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN
from core.curation.desk import Desk
from core.curation.plan import Action, Change
from core.errors import CurationError, NotFoundError, StalePlanError
from core.memory.record import Record
from core.scope import Scope
from tests.core.curation.desks import (
    ADA,
    apply,
    contents,
    edit,
    erase,
    make_desk,
    make_index,
    make_plan,
    make_record,
    make_records,
    moment_of,
    put,
    retire,
)

EVERYTHING = Scope(include_expired=True, include_hidden=True)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(make_index(tmp_path, records=make_records(6)), tmp_path)


def mixed(desk: Desk, plan_id: str = "p") -> None:
    """Apply a plan with one change of each kind that can be taken back."""
    moved = edit(desk, "k3", confidence=0.9)
    assert moved.after is not None
    revectored = Change(
        "k3", Action.REPLACE, "", "edit", moved.before, Record(moved.after.metadata, make_record("other").vector)
    )
    apply(
        desk,
        make_plan(desk, *retire(desk, "k1"), put("new", make_record("new")), edit(desk, "k2", b=1), revectored, id=plan_id),
    )


def test_undo_after_apply_is_the_identity_to_the_byte(desk: Desk) -> None:
    before = contents(desk.store)
    mixed(desk)
    back = desk.undo_plan("p", actor=ADA, reason="a mistake")
    assert (back.undoes, back.title, back.policy, back.author) == ("p", "Undo: A plan", "undo", "ada")
    assert {(change.key, change.action) for change in back} == {
        ("k1", Action.PUT),
        ("new", Action.RETIRE),
        ("k2", Action.REPLACE),
        ("k3", Action.REPLACE),
    }
    apply(desk, back)
    assert contents(desk.store) == before
    deed = desk.deed("p", actor=ADA)
    assert (deed.undone, deed.undone_by, deed.undoable) == (4, (back.id,), False)
    assert all(each.undone for each in desk.changes_of("p", actor=ADA))


def test_a_change_of_the_vector_alone_is_taken_back(desk: Desk) -> None:
    before = contents(desk.store)
    (there,) = desk.store.records.get(["k1"], actor=ADA, vectors=False).values()
    moved = Record(there.metadata, make_record("elsewhere").vector)
    apply(desk, make_plan(desk, Change("k1", Action.REPLACE, "embedded anew", "edit", there, moved)))
    assert contents(desk.store) != before
    apply(desk, desk.undo_plan("p", actor=ADA))
    assert contents(desk.store) == before


def test_an_undo_is_undone_and_so_on(desk: Desk) -> None:
    states = [contents(desk.store)]
    mixed(desk)
    states.append(contents(desk.store))
    plan_id, titles = "p", []
    for number in range(4):
        back = desk.undo_plan(plan_id, actor=ADA)
        apply(desk, back)
        titles.append(back.title)
        assert contents(desk.store) == states[number % 2]
        assert desk.deed("p", actor=ADA).undone == (4 if number % 2 == 0 else 0)
        plan_id = back.id
    assert titles == ["Undo: A plan", "Redo: A plan", "Undo: A plan", "Redo: A plan"]


def test_some_keys_of_a_plan_are_taken_back(desk: Desk) -> None:
    apply(desk, make_plan(desk, *retire(desk, "k1", "k2", "k3")))
    back = desk.undo_plan("p", actor=ADA, keys=["k2", "never"])
    assert back.parameters == {"left_out_count": 1, "left_out": {"never": "is not in the plan"}}
    apply(desk, back)
    assert contents(desk.store).keys() == {"k0", "k2", "k4", "k5"}
    assert [(each.key, each.undone) for each in desk.changes_of("p", actor=ADA)] == [
        ("k1", False),
        ("k2", True),
        ("k3", False),
    ]
    rest = desk.undo_plan("p", actor=ADA)
    assert [change.key for change in rest] == ["k1", "k3"]
    assert rest.parameters["left_out"] == {"k2": "was taken back before"}


def test_what_was_changed_since_stays_as_it_is(desk: Desk) -> None:
    apply(desk, make_plan(desk, *retire(desk, "k1", "k2"), edit(desk, "k3", a=1), edit(desk, "k4", a=1)))
    desk.store.records.put({key: make_record("since") for key in ("k2", "k3")}, actor=LOCAL_ADMIN)
    desk.store.records.delete(["k4"], actor=LOCAL_ADMIN)
    back = desk.undo_plan("p", actor=ADA)
    assert [change.key for change in back] == ["k1"]
    assert back.parameters["left_out"] == {
        "k2": "is there now since",
        "k3": "was changed since",
        "k4": "is gone since",
    }


def test_what_changes_between_planning_the_undo_and_applying_it_makes_it_stale(desk: Desk) -> None:
    apply(desk, make_plan(desk, *retire(desk, "k1")))
    back = desk.undo_plan("p", actor=ADA)
    desk.store.records.put({"k1": make_record("since")}, actor=LOCAL_ADMIN)
    with pytest.raises(StalePlanError):
        apply(desk, back)


def test_two_plans_over_one_key_are_taken_back_in_turn(desk: Desk) -> None:
    before = contents(desk.store)
    apply(desk, make_plan(desk, edit(desk, "k1", a=1), id="first"))
    apply(desk, make_plan(desk, edit(desk, "k1", a=2), id="second"))
    with pytest.raises(CurationError, match="'k1' was changed since"):
        desk.undo_plan("first", actor=ADA)
    for plan_id in ("second", "first"):
        apply(desk, desk.undo_plan(plan_id, actor=ADA))
    assert contents(desk.store) == before


def test_what_was_erased_cannot_come_back(desk: Desk) -> None:
    apply(desk, make_plan(desk, edit(desk, "k1", a=1), edit(desk, "k2", a=1), id="first"))
    apply(desk, make_plan(desk, *erase(desk, "k1"), id="second"))
    assert desk.undo_plan("first", actor=ADA).parameters["left_out"] == {"k1": "was erased"}
    with pytest.raises(CurationError, match="'k1' was erased"):
        desk.undo_plan("second", actor=ADA)


@pytest.mark.parametrize("ask", [Desk.undo_plan, Desk.deed, Desk.changes_of], ids=lambda method: method.__name__)
def test_a_plan_that_was_never_applied_is_not_found(desk: Desk, ask) -> None:
    with pytest.raises(NotFoundError, match="has no plan 'never'"):
        ask(desk, "never", actor=ADA)


# As of a moment.


@settings(max_examples=20)
@given(
    steps=st.lists(
        st.dictionaries(st.sampled_from(["k0", "k1", "k2", "k9"]), st.sampled_from(["retire", "edit"]), min_size=1),
        min_size=1,
        max_size=6,
    ),
    data=st.data(),
)
def test_restoring_a_moment_brings_back_what_was_there_to_the_byte(tmp_path_factory, steps, data) -> None:
    directory = tmp_path_factory.mktemp("restore")
    desk = make_desk(make_index(directory, records=make_records(3)), directory)
    numbers = itertools.count()
    states, times = [contents(desk.store)], [moment_of(desk)]
    for step in steps:
        there = desk.store.records.get(step, actor=ADA, vectors=False)
        changes = [
            put(key, make_record(f"anew {next(numbers)}"))
            if key not in there
            else Change(key, Action.RETIRE, "", "delete", there[key])
            if what == "retire"
            else edit(desk, key, step=next(numbers))
            for key, what in step.items()
        ]
        apply(desk, make_plan(desk, *changes, id=f"step-{next(numbers)}"))
        states.append(contents(desk.store))
        times.append(moment_of(desk))
    moment = data.draw(st.integers(0, len(states) - 1))
    if states[moment] == states[-1]:
        with pytest.raises(CurationError, match="Nothing is to be restored"):
            desk.restore_plan(times[moment], actor=ADA, scope=EVERYTHING, later="retire")
        return
    back = desk.restore_plan(times[moment], actor=ADA, scope=EVERYTHING, later="retire")
    apply(desk, back)
    assert contents(desk.store) == states[moment]
    apply(desk, desk.undo_plan(back.id, actor=ADA))
    assert contents(desk.store) == states[-1]


def test_restoring_keeps_what_came_later_and_stays_in_its_scope(desk: Desk) -> None:
    start = moment_of(desk)
    others = make_record("of another", agent_id="writer")
    apply(desk, make_plan(desk, put("k9", others), *retire(desk, "k1"), id="first"))
    apply(desk, make_plan(desk, *retire(desk, "k2", "k9"), id="second"))
    back = desk.restore_plan(start, actor=ADA, scope=Scope(agents=("planner",), include_expired=True))
    assert [change.key for change in back] == ["k1", "k2"]
    assert back.parameters["takes_back"] == ["first", "second"]
    between = desk.restore_plan(
        desk.history(actor=ADA)[0].at, actor=ADA, scope=Scope(agents=("writer",), include_expired=True)
    )
    assert [change.key for change in between] == ["k9"]


def test_what_was_erased_since_is_left_out_of_a_restore(desk: Desk) -> None:
    start = moment_of(desk)
    apply(desk, make_plan(desk, *retire(desk, "k1"), *erase(desk, "k2")))
    back = desk.restore_plan(start, actor=ADA, scope=EVERYTHING)
    assert [change.key for change in back] == ["k1"]
    assert back.parameters["left_out"] == {"k2": "was erased"}


# A stale plan, made anew.


def test_a_stale_plan_is_made_anew_of_what_still_holds(desk: Desk) -> None:
    by_rule = Change(
        "k5", Action.RETIRE, "expired", "expiry", desk.store.records.get(["k5"], actor=ADA, vectors=False)["k5"]
    )
    plan = make_plan(
        desk,
        *retire(desk, "k1", "k2"),
        edit(desk, "k3", a=1),
        edit(desk, "k4", confidence=0.1),
        put("new", make_record()),
        by_rule,
    )
    (k3,) = desk.store.records.get(["k3"], actor=ADA).values()
    desk.store.records.put(
        {
            "k1": make_record("changed"),
            "k3": Record({**k3.metadata, "recall_count": 9}, k3.vector),
            "k4": make_record("changed", confidence=0.7),
            "k5": make_record("changed"),
            "new": make_record("taken"),
        },
        actor=LOCAL_ADMIN,
    )
    desk.store.records.delete(["k2"], actor=LOCAL_ADMIN)
    anew = desk.replan(plan, actor=ADA)
    assert [change.key for change in anew] == ["k1", "k3"]
    assert anew.parameters["left_out"] == {
        "k2": "is gone",
        "k4": "was changed by somebody else in the same field (confidence)",
        "new": "is there now",
        "k5": "was changed",
    }
    assert anew.id != plan.id
    apply(desk, anew)
    (edited,) = desk.store.records.get(["k3"], actor=ADA).values()
    assert (edited.metadata["a"], edited.metadata["recall_count"]) == (1, 9)


def test_a_plan_of_which_nothing_holds_is_not_made_anew(desk: Desk) -> None:
    plan = make_plan(desk, *retire(desk, "k1"))
    desk.store.records.delete(["k1"], actor=LOCAL_ADMIN)
    with pytest.raises(CurationError, match="holds any more"):
        desk.replan(plan, actor=ADA)
