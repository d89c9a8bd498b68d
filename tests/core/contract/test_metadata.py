"""Metadata: value types, the number of keys and the sizes by AWS's own measure."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from core.vectors.validation import metadata_bytes
from tests.core.builders import Where, list_all, make_record, put
from tests.core.contract.model import Checked
from tests.core.contract.refusal import refused

NewIndex = Callable[..., Where]
FILTERABLE = "Filterable metadata must have at most 2048 bytes"
ALL = "Metadata object must have at most 40960 bytes"
TOO_MANY = "Metadata object must have at most 50 keys"
KINDS = "Metadata values must be strings, numbers, booleans, or arrays"
ITEMS = "Metadata array values must be strings or numbers"
EMPTY = "Empty arrays are not allowed in metadata"


@pytest.fixture
def hidden(new_index: NewIndex) -> Where:
    """Return an index whose keys `content` and `notes` are not filterable."""
    return new_index(metadataConfiguration={"nonFilterableMetadataKeys": ["content", "notes"]})


GOOD_VALUES = [
    pytest.param("text", id="string"),
    pytest.param("", id="empty-string"),
    pytest.param("naïve 𝄞 \x00 \u202e", id="unicode"),
    pytest.param(1, id="integer"),
    pytest.param(-0.5, id="float"),
    pytest.param(0, id="zero"),
    pytest.param(1.7976931348623157e308, id="largest-double"),
    pytest.param(2**53, id="2-to-the-53"),
    pytest.param(1764000000.123, id="epoch"),
    pytest.param(True, id="true"),
    pytest.param(False, id="false"),
    pytest.param(["a"], id="one-string"),
    pytest.param(["a", "", "a"], id="strings"),
    pytest.param([1], id="one-number"),
    pytest.param([1, 2.5, -3], id="numbers"),
]


@pytest.mark.parametrize("key", ["field", "content"])
@pytest.mark.parametrize("value", GOOD_VALUES)
def test_a_value_comes_back_as_it_was(client: Checked, hidden: Where, key: str, value: Any) -> None:
    put(client, hidden, make_record(metadata={key: value}))
    for found in (
        client.get_vectors(**hidden, keys=["k"], returnMetadata=True)["vectors"],
        list_all(client, hidden, returnMetadata=True),
    ):
        assert found[0]["metadata"] == {key: value}
        assert isinstance(found[0]["metadata"][key], bool) == isinstance(value, bool)
        assert isinstance(found[0]["metadata"][key], str) == isinstance(value, str)


@pytest.mark.parametrize("value", [2**63, 2**64 - 1, 2**64, -(2**63) - 1, [2**70, 1]], ids=str)
def test_an_integer_beyond_64_bits_is_a_double(client: Checked, index: Where, value: Any) -> None:
    put(client, index, make_record(metadata={"n": value}))
    found = client.get_vectors(**index, keys=["k"], returnMetadata=True)["vectors"][0]["metadata"]["n"]
    assert found == pytest.approx(value)


@pytest.mark.parametrize("key", ["field", "content"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param(None, KINDS, id="null"),
        pytest.param({}, KINDS, id="empty-object"),
        pytest.param({"a": 1}, KINDS, id="object"),
        pytest.param([], EMPTY, id="empty-list"),
        pytest.param([True], ITEMS, id="bools"),
        pytest.param(["a", 1], ITEMS, id="mixed"),
        pytest.param([1, True], ITEMS, id="number-and-bool"),
        pytest.param([None], ITEMS, id="list-of-null"),
        pytest.param([["a"]], ITEMS, id="list-of-lists"),
        pytest.param([{"a": 1}], ITEMS, id="list-of-objects"),
        pytest.param(math.nan, None, id="nan"),
        pytest.param(-math.inf, None, id="infinity"),
        pytest.param([1.0, math.nan], None, id="list-with-nan"),
        pytest.param(10**400, None, id="integer-beyond-doubles"),
        pytest.param([10**400], None, id="list-with-integer-beyond-doubles"),
        pytest.param("\ud800", None, id="lone-surrogate"),
        pytest.param(["a", "\udfff"], None, id="list-with-lone-surrogate"),
    ],
)
def test_a_bad_value_is_refused(client: Checked, hidden: Where, key: str, value: Any, message: str | None) -> None:
    with refused(message=message and f"Invalid record for key 'bad': {message}"):
        put(client, hidden, make_record("good"), make_record("bad", metadata={key: value}))
    assert list_all(client, hidden) == []


@pytest.mark.parametrize("metadata", [[], "", "x", 0, [["a", 1]]], ids=repr)
def test_metadata_is_an_object(client: Checked, index: Where, metadata: Any) -> None:
    with refused():
        client.put_vectors(**index, vectors=[make_record() | {"metadata": metadata}])


def test_empty_metadata_is_none(client: Checked, index: Where) -> None:
    put(client, index, make_record("a", metadata={}), make_record("b"))
    assert [vector["metadata"] for vector in list_all(client, index, returnMetadata=True)] == [{}, {}]


@pytest.mark.parametrize("name", ["a.b", "a b", "", "é", "a" * 200, "\n", "'", '"', "A"], ids=repr)
def test_an_odd_key_is_a_key(client: Checked, index: Where, name: str) -> None:
    put(client, index, make_record(metadata={name: "v", "other": 1}))
    assert list_all(client, index, returnMetadata=True)[0]["metadata"] == {name: "v", "other": 1}


def test_50_keys_and_51(client: Checked, hidden: Where) -> None:
    put(client, hidden, make_record(metadata={f"k{number}": number for number in range(50)}))
    with refused(message=f"Invalid record for key 'k': {TOO_MANY}"):
        put(client, hidden, make_record(metadata={f"k{number}": number for number in range(51)}))
    with refused(message=TOO_MANY):  # non-filterable keys count too
        put(client, hidden, make_record(metadata={"content": "x"} | {f"k{number}": number for number in range(50)}))


# By the measure 4 + Σ (8 + key + value), what fills 2,048 bytes of filterable metadata to the last one, and one byte more.
FULL = [
    pytest.param({"a": "x" * 2035}, {"a": "x" * 2036}, id="string"),
    pytest.param({"a": "é" * 1017 + "x"}, {"a": "é" * 1018}, id="utf-8"),
    pytest.param({"k" * 1000: "x" * 1036}, {"k" * 1001: "x" * 1036}, id="key"),
    pytest.param({"é" * 500: "x" * 1036}, {"é" * 500 + "k": "x" * 1036}, id="utf-8-key"),
    pytest.param({"n": 1.5, "a": "x" * 2022}, {"n": 1, "a": "x" * 2023}, id="number-is-4"),
    pytest.param({"b": True, "a": "x" * 2026}, {"b": False, "a": "x" * 2027}, id="bool-is-0"),
    pytest.param({"l": ["x", "yz"], "a": "x" * 2015}, {"l": ["x", "yz"], "a": "x" * 2016}, id="strings"),
    pytest.param({"l": [1, 2, 3], "a": "x" * 2002}, {"l": [1, 2, 3], "a": "x" * 2003}, id="numbers"),
]


@pytest.mark.parametrize(("full", "over"), FULL)
def test_filterable_metadata_to_the_last_byte(
    client: Checked, hidden: Where, full: dict[str, Any], over: dict[str, Any]
) -> None:
    assert metadata_bytes(full) == 2048
    assert metadata_bytes(over) in (2049, 2050)  # 2050: two bytes of one character
    put(client, hidden, make_record(metadata=full | {"content": "not counted " * 100}))
    with refused(message=f"Invalid record for key 'k': {FILTERABLE}"):
        put(client, hidden, make_record(metadata=over))


@pytest.mark.parametrize(
    ("full", "over"),
    [
        pytest.param({"content": "x" * 40_941}, {"content": "x" * 40_942}, id="one-key"),
        pytest.param({"content": "é" * 20_470 + "x"}, {"content": "é" * 20_471}, id="utf-8"),
        pytest.param(
            {"content": "x" * 30_000, "notes": "y" * 9_000, "a": "z" * 1_919},
            {"content": "x" * 30_000, "notes": "y" * 9_000, "a": "z" * 1_920},
            id="both-kinds",
        ),
        pytest.param({"content": [1] * 5_117}, {"content": [1] * 5_118}, id="numbers"),
    ],
)
def test_all_metadata_to_the_last_byte(client: Checked, hidden: Where, full: dict[str, Any], over: dict[str, Any]) -> None:
    assert 40_952 < metadata_bytes(full) <= 40_960 < metadata_bytes(over)
    put(client, hidden, make_record(metadata=full))
    assert list_all(client, hidden, returnMetadata=True)[0]["metadata"] == full
    with refused(message=f"Invalid record for key 'k': {ALL}"):
        put(client, hidden, make_record(metadata=over))
