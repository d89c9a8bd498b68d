"""Plans and records as data: what they refuse, what survives JSON, what a hash and a fingerprint notice."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.curation.plan import Action, Change, Plan, plan_from_json, plan_to_json
from core.errors import ConfigError
from core.memory import to_metadata
from core.memory.record import Record, fingerprint, vector_from_text, vector_to_text
from tests.core.memory_builders import NOW, memories

VECTOR = np.asarray([0.5, -1.0], np.float32)
BEFORE = Record({"content": "The report is due on Friday.", "confidence": 0.9})
AFTER = Record({"content": "The report is due on Monday.", "confidence": 0.9}, VECTOR)

vectors = arrays(np.float32, st.integers(1, 8), elements=st.floats(-1024, 1024, width=32))
values = (
    st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.lists(st.text(max_size=4), min_size=1)
)
metadatas = st.dictionaries(st.text(min_size=1, max_size=8), values, max_size=5)


def make_change(key: str = "a", action: Action = Action.RETIRE, **overrides: Any) -> Change:
    values: dict[str, Any] = {
        "reason": "It is out of date.",
        "policy": "delete",
        "before": None if action is Action.PUT else BEFORE,
        "after": AFTER if action in (Action.PUT, Action.REPLACE) else None,
    }
    return Change(key, action, **(values | overrides))


def make_plan(*changes: Change, **overrides: Any) -> Plan:
    values: dict[str, Any] = {
        "id": "p1",
        "bucket": "memories",
        "index": "agents",
        "title": "Retire what is out of date",
        "policy": "delete",
        "author": "ann",
        "created_at": NOW,
        "changes": changes or (make_change(),),
    }
    return Plan(**(values | overrides))


EVERY = tuple(make_change(str(action), action) for action in Action)


@pytest.mark.parametrize(
    ("action", "overrides"),
    [
        pytest.param(Action.PUT, {"before": BEFORE}, id="a put over something"),
        pytest.param(Action.PUT, {"after": None}, id="a put of nothing"),
        pytest.param(Action.PUT, {"after": BEFORE}, id="a put without a vector"),
        pytest.param(Action.REPLACE, {"before": None}, id="a replacement of nothing"),
        pytest.param(Action.REPLACE, {"after": None}, id="a replacement by nothing"),
        pytest.param(Action.RETIRE, {"before": None}, id="a retirement of nothing"),
        pytest.param(Action.RETIRE, {"after": AFTER}, id="a retirement that leaves something"),
        pytest.param(Action.ERASE, {"before": None}, id="an erasure of nothing"),
    ],
)
def test_a_change_that_says_two_things_is_refused(action: Action, overrides: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="'a'"):
        make_change(action=action, **overrides)


def test_a_plan_changes_a_key_once() -> None:
    with pytest.raises(ConfigError, match="twice"):
        make_plan(make_change("a"), make_change("a", Action.ERASE))


def test_a_plan_has_a_time_zone() -> None:
    with pytest.raises(ConfigError, match="zone"):
        make_plan(created_at=datetime(2026, 3, 1))  # noqa: DTZ001


def test_counts_are_in_the_order_of_the_actions() -> None:
    plan = make_plan(make_change("b"), make_change("c"), make_change("a", Action.PUT))
    assert list(plan.counts.items()) == [(Action.PUT, 1), (Action.RETIRE, 2)]


def test_json_keeps_everything_that_a_plan_says() -> None:
    plan = make_plan(*EVERY, reason="the reason", parameters={"days": 30}, undoes="p0")
    again = plan_from_json(json.loads(json.dumps(plan_to_json(plan))))
    assert again == plan
    assert (again.hash, again.fingerprint) == (plan.hash, plan.fingerprint)
    put = next(change for change in again if change.action is Action.PUT)
    assert put.after is not None
    assert np.array_equal(put.after.vector, VECTOR)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda value: value.update(title="Something else"), id="title"),
        pytest.param(lambda value: value["changes"].pop(), id="a change less"),
        pytest.param(lambda value: value["changes"][0].update(key="z"), id="another key"),
        pytest.param(lambda value: value["changes"][0]["after"]["metadata"].update(content="!"), id="another text"),
        pytest.param(
            lambda value: value["changes"][0]["after"].update(vector=vector_to_text(VECTOR * 2)), id="another vector"
        ),
        pytest.param(lambda value: value.update(author="bob"), id="author"),
    ],
)
def test_a_plan_that_was_changed_after_it_was_made_is_refused(spoil: Any) -> None:
    value = json.loads(json.dumps(plan_to_json(make_plan(*EVERY))))
    spoil(value)
    with pytest.raises(ConfigError, match="hash"):
        plan_from_json(value)
    del value["hash"]  # an edit that is meant
    assert plan_from_json(value).hash != make_plan(*EVERY).hash


@pytest.mark.parametrize(
    "value",
    [
        pytest.param([], id="a list"),
        pytest.param(None, id="null"),
        pytest.param({}, id="empty"),
        pytest.param({"format": 2}, id="a later format"),
        pytest.param(plan_to_json(make_plan()) | {"changes": [{"key": "a"}]}, id="half a change"),
        pytest.param(plan_to_json(make_plan()) | {"changes": "many"}, id="changes that are text"),
        pytest.param(plan_to_json(make_plan()) | {"created_at": "yesterday"}, id="a time that is none"),
        pytest.param(plan_to_json(make_plan()) | {"id": 7}, id="a number for a name"),
    ],
)
def test_what_is_no_plan_is_refused_in_words(value: Any) -> None:
    with pytest.raises(ConfigError):
        plan_from_json(value)


def test_the_fingerprint_is_of_what_was_seen_alone() -> None:
    plan = make_plan(*EVERY)
    assert replace(plan, title="Another", changes=tuple(reversed(plan.changes))).fingerprint == plan.fingerprint
    seen_otherwise = make_change("retire", before=Record({"content": "Something else"}))
    others = tuple(change for change in EVERY if change.key != "retire")
    assert make_plan(*others, seen_otherwise).fingerprint != plan.fingerprint


@given(vectors)
def test_vectors_survive_as_text_to_the_byte(vector: np.ndarray) -> None:
    assert vector_from_text(vector_to_text(vector)).tobytes() == vector.tobytes()


@pytest.mark.parametrize("text", ["", "abc", "!!!!", "AAA="], ids=["nothing", "cut", "no base64", "two bytes"])
def test_text_that_is_no_vector_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="vector"):
        vector_from_text(text)


@given(metadatas, metadatas)
def test_fingerprints_tell_metadata_apart(one: dict[str, Any], other: dict[str, Any]) -> None:
    rounded = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert not rounded or fingerprint(one) == fingerprint(other)
    assert fingerprint(one | {"more": "x"}) != fingerprint(one | {"more": "y"})
    assert fingerprint(one | {"more": True}) != fingerprint(one | {"more": 1})


@given(memories)
def test_a_service_that_keeps_float32_leaves_the_fingerprint(memory: Any) -> None:
    try:
        metadata = to_metadata(memory)
    except Exception as error:
        if type(error).__name__ != "InvalidMemoryError":
            raise
        return
    with np.errstate(over="ignore"):
        stored = {
            name: float(np.float32(value)) if isinstance(value, float) and np.isfinite(np.float32(value)) else value
            for name, value in metadata.items()
        }
    assert fingerprint(stored) == fingerprint(metadata)
