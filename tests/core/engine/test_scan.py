"""Law: a scan is what listing and getting would return, as one table with the promised column types."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import NotFoundError, ValidationError
from core.vectors.client import KEY_COLUMN, VECTOR_COLUMN
from core.vectors.embedded import EmbeddedClient
from tests.core.builders import Where, list_all, make_client, make_index, make_record, put
from tests.core.engine import strategies

_numbers = itertools.count()
HIDDEN = {"nonFilterableMetadataKeys": list(strategies.HIDDEN)}
steps = st.lists(
    st.tuples(st.sampled_from([f"k{number}" for number in range(8)]), st.none() | strategies.metadata(hidden=True)),
    max_size=12,
)


def value_of(table: pa.Table, column: str, row: int) -> Any:
    value = table.column(column)[row].as_py()
    encoded = (table.schema.field(column).metadata or {}).get(b"encoding") == b"json"
    return json.loads(value) if encoded and value is not None else value


def kind_of(value: Any) -> str:
    if isinstance(value, list):
        return "list of string" if isinstance(value[0], str) else "list of number"
    return "bool" if isinstance(value, bool) else "string" if isinstance(value, str) else "number"


TYPES = {
    "string": [pa.string()],
    "bool": [pa.bool_()],
    "number": [pa.int64(), pa.float64()],
    "list of string": [pa.list_(pa.string())],
    "list of number": [pa.list_(pa.float64())],
}


def check_scan(client: EmbeddedClient, where: Where) -> None:
    """Compare a scan of everything with a listing of everything."""
    table = client.scan(**where, vectors=True)
    listed = {vector["key"]: vector for vector in list_all(client, where, returnData=True, returnMetadata=True)}
    keys = table.column(KEY_COLUMN).to_pylist()
    assert sorted(keys) == sorted(listed)
    fields = {name for vector in listed.values() for name in vector["metadata"]}
    assert table.schema.names == [KEY_COLUMN, *sorted(fields), VECTOR_COLUMN]
    assert table.schema.metadata == {b"revision": (client.revision(**where) or "").encode()}
    for row, key in enumerate(keys):
        found = {name: value_of(table, name, row) for name in fields}
        assert {name: value for name, value in found.items() if value is not None} == listed[key]["metadata"]
        assert table.column(VECTOR_COLUMN)[row].as_py() == listed[key]["data"]["float32"]
    for name in fields:
        values = [vector["metadata"][name] for vector in listed.values() if name in vector["metadata"]]
        check_type(table.schema.field(name), values)


def check_type(field: pa.Field, values: list[Any]) -> None:
    kinds = {kind_of(value) for value in values}
    if len(kinds) == 1:
        assert field.type in TYPES[kinds.pop()], (field, values)
        assert not field.metadata
        assert field.type != pa.int64() or all(value == int(value) for value in values)
    else:
        assert (field.type, field.metadata) == (pa.string(), {b"encoding": b"json"}), (field, values)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=steps, second=steps)
def test_a_scan_is_what_a_listing_returns(quick_path: Path, small_thresholds: None, first: Any, second: Any) -> None:
    client, other = make_client(quick_path), EmbeddedClient(quick_path)
    where = make_index(client, f"index-{next(_numbers)}", metadataConfiguration=HIDDEN)
    for writer, history in ((client, first), (other, second)):
        for key, metadata in history:
            if metadata is None:
                writer.delete_vectors(**where, keys=[key])
            else:
                put(writer, where, make_record(key, metadata=metadata))
        check_scan(client, where)
        check_scan(other, where)
    client.close()
    reopened = EmbeddedClient(quick_path)
    check_scan(reopened, where)
    reopened.delete_index(**where)
    for each in (reopened, other):
        each.close()


@pytest.mark.parametrize("field", ["a", "content"])
@pytest.mark.parametrize(
    ("values", "type_", "encoded"),
    [
        pytest.param(["x", "y"], pa.string(), False, id="string"),
        pytest.param([1, -2], pa.int64(), False, id="int"),
        pytest.param([1, 2.5], pa.float64(), False, id="int-and-float"),
        pytest.param([1.5], pa.float64(), False, id="float"),
        pytest.param([2**63, 1], pa.float64(), False, id="beyond-int64"),
        pytest.param([True, False], pa.bool_(), False, id="bool"),
        pytest.param([["x"], ["y", "z"]], pa.list_(pa.string()), False, id="strings"),
        pytest.param([[1], [2.5, 3]], pa.list_(pa.float64()), False, id="numbers"),
        pytest.param(["x", 1], pa.string(), True, id="string-and-number"),
        pytest.param([True, 1], pa.string(), True, id="bool-and-number"),
        pytest.param(["x", ["x"]], pa.string(), True, id="string-and-list"),
        pytest.param([["x"], [1]], pa.string(), True, id="both-lists"),
    ],
)
def test_a_column_has_the_type_of_its_values(
    tmp_path: Path, field: str, values: list[Any], type_: pa.DataType, encoded: bool
) -> None:
    client = make_client(tmp_path)
    where = make_index(client, metadataConfiguration=HIDDEN)
    put(
        client,
        where,
        *(make_record(f"k{n}", metadata={field: value}) for n, value in enumerate(values)),
        make_record("bare"),
    )
    found = client.scan(**where, columns=[field]).schema.field(field)
    assert (found.type, found.metadata) == (type_, {b"encoding": b"json"} if encoded else None)
    client.delete_vectors(**where, keys=["k0"])
    if len(values) > 1 and kind_of(values[1]) in TYPES:
        check_type(client.scan(**where, columns=[field]).schema.field(field), values[1:])
    client.close()


@pytest.mark.parametrize(
    "columns", [[], ["a"], ["content", "a"], ["never"], ["a", "never", "content"], ["gone", "hidden"]], ids=str
)
@pytest.mark.parametrize("vectors", [False, True])
def test_only_the_asked_columns(tmp_path: Path, columns: list[str], vectors: bool) -> None:
    client = make_client(tmp_path)
    where = make_index(client, metadataConfiguration={"nonFilterableMetadataKeys": ["content", "hidden"]})
    put(
        client,
        where,
        make_record("x", metadata={"gone": 1, "hidden": 2}),
        make_record("y", metadata={"a": 1, "content": "c"}),
    )
    client.scan(**where)
    client.delete_vectors(**where, keys=["x"])
    table = client.scan(**where, columns=columns, vectors=vectors)
    assert table.schema.names == [KEY_COLUMN, *columns, *([VECTOR_COLUMN] if vectors else [])]
    for name in {"never", "gone", "hidden"} & set(columns):
        assert table.schema.field(name).type == pa.string()
        assert table.column(name).null_count == 1
    client.close()


def test_an_empty_index_is_an_empty_table(tmp_path: Path) -> None:
    client = make_client(tmp_path)
    where = make_index(client, dimension=5)
    table = client.scan(**where, columns=["a"], vectors=True)
    assert (table.num_rows, table.schema.names) == (0, [KEY_COLUMN, "a", VECTOR_COLUMN])
    assert table.schema.field(VECTOR_COLUMN).type == pa.list_(pa.float32(), 5)
    assert client.scan(**where).schema.names == [KEY_COLUMN]
    client.close()


@pytest.mark.parametrize("name", [KEY_COLUMN, VECTOR_COLUMN])
def test_no_metadata_key_takes_a_columns_name(tmp_path: Path, name: str) -> None:
    client = make_client(tmp_path)
    where = make_index(client)
    with pytest.raises(ValidationError, match="reserved"):
        put(client, where, make_record(metadata={name: "x"}))
    client.close()


def test_a_missing_index_is_not_found(tmp_path: Path) -> None:
    client = make_client(tmp_path)
    for call in (client.scan, client.revision):
        with pytest.raises(NotFoundError):
            call(vectorBucketName="memories", indexName="nothing")
    client.close()


def test_a_revision_changes_with_every_write_and_only_then(tmp_path: Path) -> None:
    client, other = make_client(tmp_path), EmbeddedClient(tmp_path)
    where = make_index(client)
    seen = [client.revision(**where)]
    for write in (
        lambda: put(other, where, make_record("a"), make_record("b")),
        lambda: put(client, where, make_record("a", [0, 1])),
        lambda: other.delete_vectors(**where, keys=["b"]),
        lambda: (client.delete_index(**where), make_index(client)),
    ):
        write()
        seen.append(client.revision(**where))
        assert seen[-1] == other.revision(**where)
    assert len(set(seen)) == len(seen)
    client.delete_vectors(**where, keys=["never"])
    assert client.revision(**where) == seen[-1]
    client.close()
    other.close()
