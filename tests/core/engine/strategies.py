"""Random metadata, filters and records, from small alphabets so that they meet."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

FIELDS = ("a", "b", "c.d", "é")
HIDDEN = ("content", "notes")

words = st.sampled_from(["", "x", "xy", "xyz", "X", "1", "true", "é", "a\x00b"]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=6
)
# Doubles hold these integers exactly; the service keeps numbers as doubles.
numbers = (
    st.sampled_from([0, 1, 1.0, -1, 2.5, 1e-300, 1e300, 2**53, -0.0])
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
)
scalars = words | numbers | st.booleans()
values = scalars | st.lists(words, min_size=1, max_size=3) | st.lists(numbers, min_size=1, max_size=3)


def metadata(*, hidden: bool = False) -> st.SearchStrategy[dict[str, Any]]:
    """Return metadata under a few fields, non-filterable ones too if asked."""
    return st.dictionaries(st.sampled_from(FIELDS + (HIDDEN if hidden else ())), values, max_size=4)


_conditions = st.one_of(
    st.fixed_dictionaries({"$eq": scalars}),
    st.fixed_dictionaries({"$ne": scalars}),
    st.fixed_dictionaries({"$in": st.lists(scalars, min_size=1, max_size=4)}),
    st.fixed_dictionaries({"$nin": st.lists(scalars, min_size=1, max_size=4)}),
    st.fixed_dictionaries({"$exists": st.booleans()}),
    st.fixed_dictionaries({"$startsWith": words}),
    st.fixed_dictionaries(
        {}, optional={"$gt": numbers, "$gte": numbers, "$lt": numbers, "$lte": numbers, "$ne": scalars}
    ).filter(bool),
    scalars,
)
_simple = st.builds(lambda field, condition: {field: condition}, st.sampled_from((*FIELDS, "never")), _conditions)
filters = st.recursive(
    _simple,
    lambda inner: st.builds(
        lambda operator, children: {operator: children},
        st.sampled_from(["$and", "$or"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)

keys = st.sampled_from([f"k{number}" for number in range(12)]) | st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1, max_size=3
)
# Few values, so that equal vectors and equal distances are common; none of them all zero.
components = st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 1e-3])
vectors = st.lists(components, min_size=3, max_size=3).filter(any)
records = st.builds(
    lambda key, vector, metadata: {"key": key, "data": {"float32": vector}, "metadata": metadata},
    keys,
    vectors,
    metadata(hidden=True),
)
batches = st.lists(records, min_size=1, max_size=8, unique_by=lambda record: record["key"])
