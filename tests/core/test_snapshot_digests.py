"""Digests are of values: the same for equal content in any order and form, others for other content."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.snapshots.digests import content_digest, row_digests, vector_digests
from core.vectors.arrow import typed
from core.vectors.client import KEY_COLUMN

texts = st.text(st.characters(codec="utf-8"), max_size=8)
# Beside a fraction a scan rounds integers beyond 2⁵³: such a record counts as changed, and is read again.
numbers = st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9)
values = (
    texts | numbers | st.booleans() | st.lists(texts, min_size=1, max_size=3) | st.lists(numbers, min_size=1, max_size=3)
)
records = st.dictionaries(
    st.text("abc", min_size=1, max_size=2), st.dictionaries(st.sampled_from("xyz"), values), min_size=1
)


def digests_of(records):
    """Return the digests by key of what a scan would return for these records."""
    columns = {name: typed([metadata.get(name) for metadata in records.values()]) for name in "xyz"}
    fields = [pa.field(KEY_COLUMN, pa.string())]
    fields += [pa.field(name, column.array.type, metadata=column.field_metadata) for name, column in columns.items()]
    arrays = [pa.array(list(records)), *(column.array for column in columns.values())]
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    return dict(zip(table[KEY_COLUMN].to_pylist(), row_digests(table).tolist(), strict=True))


@given(given_=records, more=records)
def test_a_record_has_the_same_digest_whatever_is_beside_it(given_, more):
    alone = digests_of(given_)
    beside = digests_of({f"-{key}": value for key, value in more.items()} | given_)
    assert {key: beside[key] for key in alone} == alone


DIFFERENT = [
    {},
    {"x": 1},
    {"x": 2},
    {"x": True},
    {"x": False},
    {"x": "1"},
    {"x": ""},
    {"x": ["1"]},
    {"x": [1]},
    {"x": ["a", "b"]},
    {"x": ["b", "a"]},
    {"x": ["ab"]},
    {"x": ["", "ab"]},
    {"x": 2**53},
    {"x": 2**53 + 1},
    {"y": 1},
    {"x": 1, "y": 1},
    {"x": "a", "y": "b"},
    {"x": "b", "y": "a"},
]


def test_other_content_has_another_digest():
    found = [digests_of({"k": metadata})["k"] for metadata in DIFFERENT]
    assert len(set(found)) == len(DIFFERENT)


@pytest.mark.parametrize(
    ("one", "other"),
    [pytest.param(1, 1.0, id="whole"), pytest.param(0.0, -0.0, id="zero"), pytest.param([1], [1.0], id="list")],
)
def test_one_number_written_in_two_ways_is_one(one, other):
    assert digests_of({"k": {"x": one}}) == digests_of({"k": {"x": other}})


def test_all_rows_together_have_a_digest_in_any_order():
    digests = row_digests(pa.table({KEY_COLUMN: ["a", "b", "c"]}))
    assert content_digest(digests) == content_digest(digests[::-1])
    assert len({content_digest(digests), content_digest(digests[:2]), content_digest(np.zeros(0, np.uint64))}) == 3


def test_vectors_have_digests_too():
    matrix = np.random.default_rng(0).normal(size=(5_000, 3)).astype(np.float32)
    found = vector_digests(matrix)
    assert len(set(found.tolist())) == 5_000
    matrix[4_500, 2] += 1e-6
    assert np.flatnonzero(vector_digests(matrix) != found).tolist() == [4_500]
