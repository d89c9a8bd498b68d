"""Plans that were edited by hand: what they claim is checked against the journal, what they hold against the index."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.curation.desk import Desk
from core.curation.golden import GoldenQueries, GoldenQuery
from core.curation.plan import Action, Change, Plan, plan_from_json, plan_to_json
from core.curation.reading import plan_from_text
from core.errors import ConfigError, CurationError, NotAllowedError, RegressionError
from core.memory.record import Record
from core.scope import Scope
from tests.core.curation.desks import (
    ADA,
    ANN,
    BOB,
    DIMENSION,
    EVE,
    VERA,
    apply,
    contents,
    edit,
    erase,
    kinds,
    make_desk,
    make_index,
    make_plan,
    make_record,
    make_records,
    put,
    retire,
)
from tests.core.memory_builders import NOW

BEFORE = (NOW - timedelta(days=1)).isoformat()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An index of which ann retired k0 and edited k3, and whose golden query only k1 answers."""
    desk = make_desk(make_index(tmp_path, records=make_records(6)), tmp_path)
    apply(desk, make_plan(desk, *retire(desk, "k0"), edit(desk, "k3", confidence=0.7), id="anns"), actor=ANN)
    GoldenQueries(desk.ledger.documents, desk.stream).save(
        GoldenQuery("numbered", "Memory number 1.", expected=("k1",), k=1, within=1, mode="text")
    )
    return desk


def genuine(desk: Desk) -> Plan:
    return desk.undo_plan("anns", actor=ANN)


def edited(plan: Plan) -> tuple[Change, ...]:
    """Return the changes, of which one brings something else."""
    return tuple(
        replace(change, after=Record({**change.after.metadata, "content": "Forged."}, change.after.vector))
        if change.key == "k0" and change.after
        else change
        for change in plan
    )


FORGED: dict[str, Callable[[Desk], Plan]] = {
    "an undo of nothing": lambda d: make_plan(d, *retire(d, "k1"), policy="undo"),
    "an undo of a plan that is not there": lambda d: make_plan(d, *retire(d, "k1"), policy="undo", undoes="none"),
    "an undo of keys that the plan did not change": lambda d: make_plan(d, *retire(d, "k1"), policy="undo", undoes="anns"),
    "an undo with one change more": lambda d: replace(genuine(d), changes=(*genuine(d).changes, *retire(d, "k1"))),
    "an undo that brings something else": lambda d: replace(genuine(d), changes=edited(genuine(d))),
    "an undo that erases": lambda d: make_plan(d, *erase(d, "k3"), policy="undo", undoes="anns"),
    "another policy that says it undoes": lambda d: make_plan(d, *retire(d, "k1"), undoes="anns"),
    "a restore of nothing": lambda d: make_plan(d, *retire(d, "k1"), policy="restore"),
    "a restore without a moment": lambda d: make_plan(d, *retire(d, "k1"), policy="restore", parameters={"as_of": 7}),
    "a restore of keys that nobody changed": lambda d: make_plan(
        d, *retire(d, "k1"), policy="restore", parameters={"as_of": BEFORE}
    ),
    "a restore that hides whose deeds it takes back": lambda d: replace(
        restore(d), parameters={**restore(d).parameters, "takes_back": []}
    ),
    "a restore that brings something else": lambda d: replace(restore(d), changes=edited(restore(d))),
}


def restore(desk: Desk) -> Plan:
    return desk.restore_plan(NOW - timedelta(days=1), actor=ANN, scope=Scope(include_expired=True))


@pytest.mark.parametrize("forged", FORGED)
def test_a_plan_that_only_says_that_it_takes_back_is_refused(desk: Desk, forged: str) -> None:
    plan, before, entries = FORGED[forged](desk), contents(desk.store), kinds(desk)
    with pytest.raises(CurationError, match="says that it takes back, but"):
        desk.apply(plan, actor=ADA, confirmation=desk.confirmation_for(plan))
    assert (contents(desk.store), kinds(desk)) == (before, entries)
    assert desk.deed("anns", actor=VERA).undone == 0


@pytest.mark.parametrize("make", [genuine, restore], ids=["undo", "restore"])
def test_what_really_takes_back_is_not_measured_also_in_part_and_from_a_file(
    desk: Desk, make: Callable[[Desk], Plan]
) -> None:
    plan = plan_from_json(plan_to_json(make(desk)))
    for number, change in enumerate(plan.changes):
        one = replace(plan, id=f"part-{number}", changes=(change,))
        assert desk.apply(one, actor=ANN).complete
        assert desk.deed(one.id, actor=VERA).unmeasured == f"it is of the kind {plan.policy}"


def test_the_same_changes_under_another_name_are_measured(desk: Desk) -> None:
    with pytest.raises(RegressionError):
        desk.apply(make_plan(desk, *retire(desk, "k1"), policy="redo"), actor=ANN)


def test_whose_deeds_a_plan_takes_back_cannot_be_left_out(desk: Desk) -> None:
    with pytest.raises(NotAllowedError, match="cannot take back what 'ann' did"):
        apply(desk, restore(desk), actor=BOB)
    with pytest.raises(CurationError, match="name all of the plans"):
        apply(desk, FORGED["a restore that hides whose deeds it takes back"](desk), actor=BOB)


@pytest.mark.parametrize(
    ("key", "after", "words"),
    [
        pytest.param(
            "n", Record({"content": "x"}, np.ones(DIMENSION + 1, np.float32)), "must have length 4", id="dimension"
        ),
        pytest.param("n", Record({"content": "x"}, np.full(DIMENSION, np.nan, np.float32)), "NaNs or Infs", id="NaN"),
        pytest.param("n", Record({"content": "x"}, np.zeros(DIMENSION, np.float32)), "zero norm", id="zero vector"),
        pytest.param("n", make_record("x" * 50_000), "at most 40960 bytes", id="metadata too large"),
        pytest.param("n", make_record("x", filled="y" * 3_000), "at most 2048 bytes", id="filterable too large"),
        pytest.param("n", make_record("x", deep={"a": 1}), "must be strings, numbers", id="nested metadata"),
        pytest.param("n", make_record("x", number=float("nan")), "must be finite", id="NaN in metadata"),
        pytest.param("n", make_record("x", number=10**400), "must be finite", id="a huge number"),
        pytest.param("n", make_record("x", said="\ud800"), "valid UTF-8", id="a lone surrogate"),
        pytest.param("", make_record("x"), "between 1 and 1024", id="no key"),
        pytest.param("k" * 1_025, make_record("x"), "between 1 and 1024", id="a long key"),
        pytest.param("\ud800", make_record("x"), "valid UTF-8", id="a key that is no UTF-8"),
    ],
)
def test_what_the_index_cannot_store_is_said_before_anything_is_done(
    desk: Desk, key: str, after: Record, words: str
) -> None:
    plan = make_plan(desk, *retire(desk, "k2"), put(key, after))
    before, entries = contents(desk.store), kinds(desk)
    for call in (desk.preflight, desk.apply):
        with pytest.raises(CurationError, match=words) as refusal:
            call(plan, actor=ANN)
        assert len(str(refusal.value)) < 600
    assert (contents(desk.store), kinds(desk)) == (before, entries)


@pytest.mark.parametrize("key", ["", "k" * 1_025, "\ud800"], ids=["none", "long", "no UTF-8"])
def test_a_key_that_no_memory_can_have_is_refused_also_where_it_goes(desk: Desk, key: str) -> None:
    change = Change(key, Action.RETIRE, "odd", "delete", before=make_record("x"))
    with pytest.raises(CurationError, match="cannot be applied"):
        desk.apply(make_plan(desk, change), actor=ANN)
    assert kinds(desk)[-1] == "ended"


# Plans as text.


def text_of(desk: Desk, **changes: Any) -> str:
    value = plan_to_json(make_plan(desk, *retire(desk, "k2")))
    del value["hash"]
    return json.dumps(value | changes)


@pytest.mark.parametrize(
    ("edit_text", "words"),
    [
        pytest.param(lambda t: t.replace('"action"', '"action": "retire", "action"'), "'action' twice", id="a field twice"),
        pytest.param(lambda t: t.replace("0.5", "NaN"), "NaN for a number", id="NaN"),
        pytest.param(lambda t: t.replace("0.5", "-Infinity"), "-Infinity for a number", id="infinity"),
        pytest.param(lambda t: t.replace("0.5", "[" * 100_000 + "]" * 100_000), "nested too deeply", id="deep"),
        pytest.param(lambda t: "[" * 1_000_000, "nested too deeply", id="only brackets"),
        pytest.param(lambda t: t[:-3], "is no JSON", id="cut off"),
        pytest.param(lambda t: "9" * 10_000, "is no", id="a long number"),
        pytest.param(lambda t: '{"format": "' + "x" * 1_000_000 + '"}', "has format", id="a long format"),
        pytest.param(lambda t: t.replace('"p"', '"\\ud800"'), "no id of a plan", id="surrogate"),
    ],
)
def test_a_text_that_can_be_read_in_two_ways_or_in_none_is_refused(
    desk: Desk, edit_text: Callable[[str], str], words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as refusal:
        plan_from_text(edit_text(text_of(desk)))
    assert len(str(refusal.value)) < 600


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("id", "p; rm -rf ~", id="an id that is a command"),
        pytest.param("id", "-p", id="an id that is an option"),
        pytest.param("id", "../p", id="an id that is a path"),
        pytest.param("id", "p" * 201, id="a long id"),
        pytest.param("id", "", id="no id"),
        pytest.param("undoes", ["x"], id="undoes a list"),
        pytest.param("parameters", [1], id="parameters a list"),
        pytest.param("parameters", {"takes_back": 7}, id="takes back a number"),
        pytest.param("parameters", {"takes_back": [["x"]]}, id="takes back lists"),
        pytest.param("parameters", {"left_out": ["x"]}, id="left out a list"),
        pytest.param("parameters", {"left_out": {"x": 7}}, id="left out for a number"),
        pytest.param("parameters", {"left_out_count": "7"}, id="left out a text"),
        pytest.param("created_at", "0001-01-01T00:00:00+14:00", id="before the first year"),
        pytest.param("created_at", 7, id="a number for a time"),
        pytest.param("changes", {"key": "x"}, id="changes an object"),
        pytest.param("changes", None, id="changes nothing"),
    ],
)
def test_a_plan_of_the_wrong_shape_is_refused_in_words(desk: Desk, name: str, value: Any) -> None:
    with pytest.raises(ConfigError):
        plan_from_text(text_of(desk, **{name: value}))


# A second person.


@pytest.mark.parametrize("name", ["Ada", " ada ", "\uff41da"], ids=["upper case", "spaces", "wide letters"])
def test_nobody_is_a_second_person_by_writing_their_name_otherwise(tmp_path: Path, name: str) -> None:
    desk = make_desk(make_index(tmp_path, records=make_records(2)), tmp_path, second_person=True)
    plan = make_plan(desk, *erase(desk, "k1"))
    desk.approve(plan, actor=replace(ADA, name=name))
    with pytest.raises(CurationError, match="second admin"):
        apply(desk, plan)
    desk.approve(plan, actor=EVE)
    assert apply(desk, plan).complete
