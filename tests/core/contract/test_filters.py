"""Filters: every operator with every kind of value, and every form that is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.core.builders import Where, keys_of, make_record, put, query_all
from tests.core.contract.model import Checked
from tests.core.contract.refusal import INVALID_FILTER, NON_FILTERABLE, refused

# One record for each kind of value of the key `a`; `none` lacks it.
ROWS: dict[str, dict[str, Any]] = {
    "x": {"a": "x"},
    "xyz": {"a": "xyz", "b": "y"},
    "empty": {"a": ""},
    "digit": {"a": "1"},
    "iso": {"a": "2026-11-23T00:00:00Z"},
    "1": {"a": 1},
    "1.0": {"a": 1.0, "b": "y"},
    "2.5": {"a": 2.5},
    "-3": {"a": -3},
    "0": {"a": 0},
    "true": {"a": True},
    "false": {"a": False},
    "words": {"a": ["x", "y"]},
    "numbers": {"a": [1, 7]},
    "none": {"b": "x", "a.b": "dotted"},
    "bare": {},
}
STRINGS = {"x", "xyz", "empty", "digit", "iso"}
NUMBERS = {"1", "1.0", "2.5", "-3", "0"}
ABSENT = {"none", "bare"}
ALL = set(ROWS)


@pytest.fixture(scope="module")
def rows(client: Checked) -> Where:
    """Return an index of ROWS whose key `content` is not filterable."""
    where = {"vectorBucketName": "memories", "indexName": "rows"}
    configuration = {"nonFilterableMetadataKeys": ["content"]}
    client.create_index(
        **where, dataType="float32", dimension=2, distanceMetric="cosine", metadataConfiguration=configuration
    )
    put(client, where, *(make_record(key, metadata=metadata | {"content": "c"}) for key, metadata in ROWS.items()))
    return where


def found(client: Checked, where: Where, filter_: Any) -> set[str]:
    return set(keys_of(query_all(client, where, filter=filter_)))


MATCHES = [
    # $eq, and the bare value that means it
    pytest.param({"a": "x"}, {"x", "words"}, id="bare-string"),
    pytest.param({"a": 1}, {"1", "1.0", "numbers"}, id="bare-number"),
    pytest.param({"a": True}, {"true"}, id="bare-true"),
    pytest.param({"a": False}, {"false"}, id="bare-false"),
    pytest.param({"a": {"$eq": "x"}}, {"x", "words"}, id="eq-string"),
    pytest.param({"a": {"$eq": ""}}, {"empty"}, id="eq-empty-string"),
    pytest.param({"a": {"$eq": "1"}}, {"digit"}, id="eq-string-is-no-number"),
    pytest.param({"a": {"$eq": 1.0}}, {"1", "1.0", "numbers"}, id="eq-number"),
    pytest.param({"a": {"$eq": 0}}, {"0"}, id="eq-0-is-not-false"),
    pytest.param({"a": {"$eq": -3}}, {"-3"}, id="eq-negative"),
    pytest.param({"a": {"$eq": True}}, {"true"}, id="eq-true-is-not-1"),
    pytest.param({"a": {"$eq": "X"}}, set(), id="eq-case"),
    pytest.param({"a": {"$eq": 7}}, {"numbers"}, id="eq-element"),
    pytest.param({"zz": "x"}, set(), id="eq-absent"),
    pytest.param({"a": 2**80}, set(), id="eq-huge"),
    pytest.param({"a": "\U0010ffff"}, set(), id="eq-unicode"),
    # $ne: the exact negation, absent keys match
    pytest.param({"a": {"$ne": "x"}}, ALL - {"x", "words"}, id="ne-string"),
    pytest.param({"a": {"$ne": 1}}, ALL - {"1", "1.0", "numbers"}, id="ne-number"),
    pytest.param({"a": {"$ne": True}}, ALL - {"true"}, id="ne-true"),
    pytest.param({"a": {"$ne": "never"}}, ALL, id="ne-unknown-value"),
    pytest.param({"zz": {"$ne": "x"}}, ALL, id="ne-absent"),
    # ranges: numbers only, lists and others never match
    pytest.param({"a": {"$gt": 1}}, {"2.5"}, id="gt"),
    pytest.param({"a": {"$gte": 1}}, {"1", "1.0", "2.5"}, id="gte"),
    pytest.param({"a": {"$lt": 1}}, {"-3", "0"}, id="lt"),
    pytest.param({"a": {"$lte": 1.0}}, {"-3", "0", "1", "1.0"}, id="lte"),
    pytest.param({"a": {"$gt": -1e300}}, NUMBERS, id="gt-everything"),
    pytest.param({"a": {"$lt": 2**80}}, NUMBERS, id="lt-huge"),
    pytest.param({"a": {"$gte": 0, "$lt": 2}}, {"0", "1", "1.0"}, id="two-operators"),
    pytest.param({"zz": {"$gt": 0}}, set(), id="gt-absent"),
    # $in, $nin
    pytest.param({"a": {"$in": ["x", 2.5]}}, {"x", "words", "2.5"}, id="in-mixed"),
    pytest.param({"a": {"$in": [1]}}, {"1", "1.0", "numbers"}, id="in-number"),
    pytest.param({"a": {"$in": [True, False]}}, {"true", "false"}, id="in-bools"),
    pytest.param({"a": {"$in": ["x", "x", "y"]}}, {"x", "words"}, id="in-repeats"),
    pytest.param({"a": {"$in": ["never"]}}, set(), id="in-unknown"),
    pytest.param({"a": {"$nin": ["x", 1]}}, ALL - {"x", "words", "1", "1.0", "numbers"}, id="nin"),
    pytest.param({"a": {"$nin": ["never"]}}, ALL, id="nin-unknown"),
    pytest.param({"zz": {"$nin": ["x"]}}, ALL, id="nin-absent"),
    # $exists
    pytest.param({"a": {"$exists": True}}, ALL - ABSENT, id="exists"),
    pytest.param({"a": {"$exists": False}}, ABSENT, id="exists-not"),
    pytest.param({"zz": {"$exists": False}}, ALL, id="exists-never"),
    pytest.param({"zz": {"$exists": True}}, set(), id="exists-nowhere"),
    pytest.param({"a": {"$exists": True, "$ne": "x"}}, ALL - ABSENT - {"x", "words"}, id="exists-and-ne"),
    # $startsWith
    pytest.param({"a": {"$startsWith": "x"}}, {"x", "xyz"}, id="starts-with"),
    pytest.param({"a": {"$startsWith": "xy"}}, {"xyz"}, id="starts-with-more"),
    pytest.param({"a": {"$startsWith": ""}}, STRINGS, id="starts-with-nothing"),
    pytest.param({"a": {"$startsWith": "X"}}, set(), id="starts-with-case"),
    pytest.param({"a": {"$startsWith": "2026-11"}}, {"iso"}, id="starts-with-month"),
    # $and, $or
    pytest.param({"$and": [{"a": "xyz"}, {"b": "y"}]}, {"xyz"}, id="and"),
    pytest.param({"$and": [{"b": "y"}]}, {"xyz", "1.0"}, id="and-of-one"),
    pytest.param({"$or": [{"a": "xyz"}, {"b": "x"}]}, {"xyz", "none"}, id="or"),
    pytest.param({"$or": [{"a": 2.5}]}, {"2.5"}, id="or-of-one"),
    pytest.param({"$and": [{"b": "y"}, {"$or": [{"a": 1}, {"a": 2.5}]}]}, {"1.0"}, id="nested"),
    pytest.param({"$or": [{"$and": [{"a": {"$gt": 0}}, {"a": 1}]}, {"a.b": "dotted"}]}, {"1", "1.0", "none"}, id="or-and"),
    pytest.param({"$or": [{"zz": {"$gt": 1}}, {"zz": {"$exists": False}}]}, ALL, id="not-expired"),
    pytest.param({"$and": [{"$and": [{"$and": [{"$or": [{"$and": [{"a": 0}]}]}]}]}]}, {"0"}, id="deep"),
    # keys
    pytest.param({"a.b": "dotted"}, {"none"}, id="dotted-key-is-literal"),
    pytest.param({"b": {"$eq": "y"}}, {"xyz", "1.0"}, id="other-key"),
    pytest.param({"": {"$exists": False}}, ALL, id="empty-key"),
]  # fmt: skip


@pytest.mark.parametrize(("filter_", "keys"), MATCHES)
def test_a_filter_finds(client: Checked, rows: Where, filter_: dict[str, Any], keys: set[str]) -> None:
    assert found(client, rows, filter_) == keys


REFUSED = [
    pytest.param({}, id="empty"),
    pytest.param({"a": 1, "b": 2}, id="two-keys"),
    pytest.param({"$and": [{"a": 1, "b": 2}]}, id="two-keys-inside"),
    pytest.param({"$and": [{"a": 1}], "$or": [{"b": 2}]}, id="and-beside-or"),
    pytest.param({"$and": [{"a": 1}], "b": 2}, id="and-beside-key"),
    pytest.param({"a": None}, id="null"),
    pytest.param({"a": {"$eq": None}}, id="eq-null"),
    pytest.param({"a": {}}, id="empty-condition"),
    pytest.param({"a": []}, id="bare-empty-list"),
    pytest.param({"a": ["x"]}, id="bare-list"),
    pytest.param({"a": {"$eq": ["x"]}}, id="eq-list"),
    pytest.param({"a": {"$eq": {"b": 1}}}, id="eq-object"),
    pytest.param({"a": {"b": 1}}, id="nested-key"),
    pytest.param({"a": {"$eq": 1, "b": 2}}, id="operator-beside-key"),
    pytest.param({"a": {"$in": []}}, id="in-empty"),
    pytest.param({"a": {"$nin": []}}, id="nin-empty"),
    pytest.param({"a": {"$in": "x"}}, id="in-string"),
    pytest.param({"a": {"$in": [None]}}, id="in-null"),
    pytest.param({"a": {"$in": [["x"]]}}, id="in-list"),
    pytest.param({"a": {"$exists": 1}}, id="exists-number"),
    pytest.param({"a": {"$exists": "true"}}, id="exists-string"),
    pytest.param({"a": {"$startsWith": 1}}, id="starts-with-number"),
    pytest.param({"a": {"$startsWith": ["x"]}}, id="starts-with-list"),
    pytest.param({"a": {"$regex": "x"}}, id="unknown-operator"),
    pytest.param({"a": {"$not": {"$eq": 1}}}, id="not"),
    pytest.param({"$not": {"a": 1}}, id="top-not"),
    pytest.param({"$eq": 1}, id="operator-without-key"),
    pytest.param({"$nor": [{"a": 1}]}, id="nor"),
    pytest.param({"$and": []}, id="and-empty"),
    pytest.param({"$or": []}, id="or-empty"),
    pytest.param({"$and": {"a": 1}}, id="and-object"),
    pytest.param({"$or": [{}]}, id="or-of-empty"),
    pytest.param({"$or": [{"a": 1}, None]}, id="or-of-null"),
    pytest.param({"$or": ["a"]}, id="or-of-string"),
    pytest.param({"a": {"$gt": math.nan}}, id="gt-nan"),
    pytest.param({"a": {"$eq": math.inf}}, id="eq-infinity"),
    pytest.param({"a": {"$gt": 10**400}}, id="gt-beyond-doubles"),
]


@pytest.mark.parametrize("filter_", REFUSED)
def test_a_wrong_filter_is_refused(client: Checked, rows: Where, filter_: dict[str, Any]) -> None:
    with refused(message=INVALID_FILTER):
        found(client, rows, filter_)


@pytest.mark.parametrize("operator", ["$gt", "$gte", "$lt", "$lte"])
@pytest.mark.parametrize(
    "operand",
    ["2026-11-23T00:00:00Z", "5", True, None, [1], {"a": 1}],
    ids=["iso", "digits", "bool", "null", "list", "object"],
)
def test_a_range_takes_numbers_only(client: Checked, rows: Where, operator: str, operand: Any) -> None:
    with refused(message=INVALID_FILTER):
        found(client, rows, {"a": {operator: operand}})


@pytest.mark.parametrize(
    "filter_",
    [
        pytest.param({"content": "c"}, id="bare"),
        pytest.param({"content": {"$exists": True}}, id="exists"),
        pytest.param({"content": {"$startsWith": "c"}}, id="starts-with"),
        pytest.param({"$and": [{"a": 1}, {"$or": [{"content": "c"}]}]}, id="nested"),
    ],
)
def test_a_non_filterable_key_is_refused(client: Checked, rows: Where, filter_: dict[str, Any]) -> None:
    with refused(message=NON_FILTERABLE):
        found(client, rows, filter_)


def constraints(count: int) -> list[Any]:
    each = [{"a": number} for number in range(count)]
    return [
        pytest.param({"$or": each}, id=f"or-{count}"),
        pytest.param({"a": {"$in": list(range(count))}}, id=f"in-{count}"),
        pytest.param({"$or": [{"a": {"$in": list(range(60))}}, *each[: count - 60]]}, id=f"in-and-or-{count}"),
        pytest.param({"a": {"$nin": [str(number) for number in range(count - 1)], "$ne": "q"}}, id=f"nin-and-ne-{count}"),
    ]


@pytest.mark.parametrize("filter_", constraints(100))
def test_100_constraints(client: Checked, rows: Where, filter_: dict[str, Any]) -> None:
    assert found(client, rows, filter_)


@pytest.mark.parametrize("filter_", constraints(101))
def test_101_constraints_are_refused(client: Checked, rows: Where, filter_: dict[str, Any]) -> None:
    with refused(message=INVALID_FILTER):
        found(client, rows, filter_)


def test_a_bottomless_filter_is_refused(client: Checked, rows: Where) -> None:
    filter_: dict[str, Any] = {"a": 1}
    for _ in range(200):
        filter_ = {"$and": [filter_]}
    with refused(message=INVALID_FILTER):
        found(client, rows, filter_)


def test_a_filter_on_an_empty_index(client: Checked, index: Where) -> None:
    assert found(client, index, {"a": {"$exists": False}}) == set()
    with refused(message=INVALID_FILTER):
        found(client, index, {})


def test_a_filter_works_with_texts_too(client: Checked, index: Where) -> None:
    client.update_metadata_configuration(**index, add={"textSearchConfigurations": [{"metadataKey": "t"}]})
    put(client, index, *(make_record(f"k{n}", metadata={"t": "same words", "n": n}) for n in range(9)))
    texts = [{"metadataKey": "t", "text": "words"}]
    assert set(keys_of(query_all(client, index, queryTexts=texts, filter={"n": {"$gt": 5}}))) == {"k6", "k7", "k8"}
    with refused(message=INVALID_FILTER):
        query_all(client, index, queryTexts=texts, filter={"n": None})
