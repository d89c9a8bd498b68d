"""AwsClient over a real connection to our own server: what it sends, what it tells, how it lists a whole index."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import (
    CancelledError,
    ConfigError,
    CredentialsError,
    MissingExtraError,
    NotFoundError,
    UnreachableError,
    ValidationError,
)
from core.vectors.aws import AwsClient
from core.vectors.client import Call
from core.vectors.embedded import EmbeddedClient
from core.vectors.listing import scan_index
from core.vectors.server import RunningServer
from core.vectors.session import require_boto3
from tests.core.builders import BUCKET, list_all, make_index, make_record, put
from tests.core.endpoints import KEY_ID, SECRET, as_somebody, moto_client

_OPTIONS: dict[str, Any] = {"longest_wait": 0.01, "retry_mode": "standard"}


@pytest.fixture(scope="module")
def url(engine: EmbeddedClient) -> Iterator[str]:
    with RunningServer(engine, access_keys={KEY_ID: SECRET}) as server:
        yield server.url


@pytest.fixture(autouse=True)
def somebody(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    as_somebody(monkeypatch)
    return monkeypatch


@pytest.fixture
def calls() -> list[Call]:
    return []


@pytest.fixture
def client(url: str, calls: list[Call]) -> Iterator[AwsClient]:
    made = AwsClient(endpoint_url=url, tracer=calls.append, segments=4, **_OPTIONS)
    yield made
    made.close()


class TestNumbers:
    @pytest.mark.parametrize(
        "vector",
        [
            pytest.param(np.array([0.1, -2.5], np.float32), id="float32"),
            pytest.param(np.array([0.1, -2.5]), id="float64"),
            pytest.param(np.array([1, -2], np.int16), id="integers"),
            pytest.param([np.float32(0.1), np.float64(-2.5)], id="scalars"),
            pytest.param([np.int64(1), 2], id="integer-scalars"),
            pytest.param((1.5, 2), id="tuple"),
            pytest.param(np.array([[0.1, 9.0], [-2.5, 9.0]], np.float32)[:, 0], id="a-view"),
        ],
    )
    def test_whatever_holds_numbers_is_sent_as_plain_ones(
        self, client: AwsClient, engine: EmbeddedClient, vector: Any, request: pytest.FixtureRequest
    ) -> None:
        where = make_index(client, f"numbers-{request.node.callspec.id}")
        metadata = {"n": np.int64(3), "x": np.float32(0.5), "many": np.array([1, 2])}
        client.put_vectors(**where, vectors=[{"key": "k", "data": {"float32": vector}, "metadata": metadata}])
        (stored,) = list_all(engine, where, returnData=True, returnMetadata=True)
        assert stored["data"]["float32"] == np.asarray(vector, np.float32).tolist()
        assert stored["metadata"] == {"n": 3, "x": 0.5, "many": [1, 2]}
        (hit,) = client.query_vectors(**where, topK=1, queryVector={"float32": vector})["vectors"]
        assert hit["key"] == "k"

    @pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e39], ids=["nan", "inf", "minus-inf", "beyond-float32"])
    @pytest.mark.parametrize("kind", [list, np.array], ids=["list", "array"])
    def test_what_is_no_number_is_refused_before_it_is_sent(
        self, client: AwsClient, calls: list[Call], bad: float, kind: Any
    ) -> None:
        where = {"vectorBucketName": BUCKET, "indexName": "nowhere"}
        records = [make_record("good"), {"key": "bad", "data": {"float32": kind([1.0, bad])}}]
        with pytest.raises(ValidationError, match=r"^Invalid record for key 'bad': vector contains NaNs or Infs$"):
            client.put_vectors(**where, vectors=records)
        with pytest.raises(ValidationError, match="Query vector contains invalid values"):
            client.query_vectors(**where, topK=1, queryVector={"float32": kind([1.0, bad])})
        assert calls == []

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            pytest.param(math.nan, "Metadata numbers must be finite", id="nan"),
            pytest.param([1.0, math.inf], "Metadata numbers must be finite", id="inf-in-a-list"),
            pytest.param(10**400, "Metadata numbers must be finite", id="beyond-doubles"),
            pytest.param("\ud800", "Metadata strings must be valid UTF-8", id="half-a-character"),
        ],
    )
    def test_metadata_that_json_cannot_carry(self, client: AwsClient, calls: list[Call], value: Any, said: str) -> None:
        where = {"vectorBucketName": BUCKET, "indexName": "nowhere"}
        with pytest.raises(ValidationError, match=f"^Invalid record for key 'k': {said}$"):
            client.put_vectors(**where, vectors=[make_record(metadata={"a": value})])
        with pytest.raises(ValidationError, match=r"^Invalid filter$"):
            client.query_vectors(**where, topK=1, queryVector={"float32": [1.0]}, filter={"a": {"$eq": value}})
        assert calls == []


class TestTracer:
    def test_each_call_is_told_with_its_bytes(self, client: AwsClient, calls: list[Call]) -> None:
        where = make_index(client, "traced")
        put(client, where, *(make_record(f"k{number}") for number in range(3)))
        list_all(client, where)
        with pytest.raises(NotFoundError):
            client.get_index(vectorBucketName=BUCKET, indexName="nowhere")
        assert [(call.operation, call.items, call.error) for call in calls] == [
            ("CreateIndex", 0, None),
            ("PutVectors", 0, None),
            ("ListVectors", 3, None),
            ("GetIndex", 0, "NotFoundException"),
        ]
        assert all(call.request_bytes > 20 and call.response_bytes >= 2 and call.retries == 0 for call in calls)
        assert calls[1].request_bytes > 3 * len('{"key":"k0","data":{"float32":[1.0,0.0]}}')

    def test_what_boto3_itself_refuses_was_never_sent(self, client: AwsClient, calls: list[Call]) -> None:
        with pytest.raises(ValidationError, match="Unknown parameter"):
            client.get_index(vectorBucketName=BUCKET, indexName="traced", colour="red")
        assert [(call.request_bytes, call.error) for call in calls] == [(0, "ValidationException")]


def test_the_revision_changes_with_every_write(client: AwsClient, engine: EmbeddedClient) -> None:
    where = make_index(client, "revised")
    before = client.revision(**where)
    assert before == engine.revision(**where)
    put(engine, where, make_record())
    assert client.revision(**where) == engine.revision(**where) != before


def test_an_endpoint_without_revisions_tells_none(tmp_path: Path) -> None:
    plain = moto_client(tmp_path)
    client = AwsClient(endpoint_url=plain.meta.endpoint_url, segments=3, **_OPTIONS)
    client.create_vector_bucket(vectorBucketName=BUCKET)
    where = make_index(client)
    put(client, where, make_record("b", metadata={"n": 1}), make_record("a"))
    told: list[int] = []
    assert client.revision(**where) is None
    # moto pays no heed to segments: each of the three brings everything.
    table = client.scan(**where, vectors=True, progress=told.append)
    assert table.schema.metadata is None
    assert sorted(table["$key"].to_pylist()) == ["a", "b"]
    assert max(told) == 2
    client.close()
    plain.close()


_VALUES: dict[str, list[Any]] = {
    "strings": ["a", "", "ü\n\"'{", "b"],
    "integers": [1, -5, 2**53, 2**62],
    "doubles": [0.5, -1e300, 5e-324],
    "integers-and-doubles": [1, 2.5, 3, -7],
    "bools": [True, False],
    "string-lists": [["a"], ["b", "c"]],
    "number-lists": [[1, 2], [3.5]],
    "strings-and-integers": ["a", 1, "b", 2],
    "strings-doubles-integers": [1, 2.0, "x"],
    "lists-and-strings": [["a"], "a", [1, 2.0]],
    "bools-and-integers": [True, 1],
    "beyond-64-bits": [2**63, 1],
}


def _same(one: pa.Table, other: pa.Table) -> None:
    """Compare tables by key: same columns, types, metadata and values."""
    assert one.schema.equals(other.schema, check_metadata=True)
    assert one.sort_by("$key").to_pydict() == other.sort_by("$key").to_pydict()


class TestScan:
    @pytest.mark.parametrize("kind", _VALUES)
    def test_types_are_those_of_the_engine(self, client: AwsClient, engine: EmbeddedClient, kind: str) -> None:
        where = make_index(engine, f"types-{kind}", metadataConfiguration={"nonFilterableMetadataKeys": ["hidden"]})
        values = _VALUES[kind]
        records = [
            make_record(f"k{row}", (row + 1.0, 0.5), {"a": values[row % len(values)], "hidden": values[row % len(values)]})
            for row in range(40)
        ]
        put(engine, where, make_record("bare"), *records, make_record("other", metadata={"b": "only here"}))
        for columns in (None, [], ["a"], ["hidden", "nowhere"]):
            for vectors in (False, True):
                asked: dict[str, Any] = {**where, "columns": columns, "vectors": vectors}
                _same(client.scan(**asked), engine.scan(**asked))

    @given(
        st.lists(
            st.dictionaries(
                st.sampled_from("abc"),
                st.one_of(
                    st.text(st.characters(codec="utf-8"), max_size=3),
                    st.integers(-9, 9),
                    st.floats(-1e6, 1e6),
                    st.booleans(),
                    st.lists(st.integers(0, 3), min_size=1, max_size=2),
                ),
            ),
            max_size=24,
        )
    )
    def test_any_metadata_reads_as_in_the_engine(self, url: str, rows: list[dict[str, Any]]) -> None:
        answers = [
            {"vectors": [{"key": f"k{place}", "metadata": row} for place, row in list(enumerate(rows))[start : start + 5]]}
            for start in range(0, len(rows), 5)
        ] or [{"vectors": []}]
        table = _listed(answers)
        whole = _listed([{"vectors": [vector for answer in answers for vector in answer["vectors"]]}])
        _same(table, whole)
        for place, row in enumerate(rows):
            for name in row:
                assert table.column_names.count(name) == 1, place

    def test_an_empty_index_has_its_dimension(self, client: AwsClient, engine: EmbeddedClient) -> None:
        where = make_index(engine, "empty", dimension=7)
        _same(client.scan(**where, vectors=True), engine.scan(**where, vectors=True))

    def test_many_pages_of_many_segments(self, client: AwsClient, engine: EmbeddedClient, calls: list[Call]) -> None:
        where = make_index(engine, "many")
        put(engine, where, *(make_record(f"k{row}", (1.0, row), {"n": row}) for row in range(6_000)))
        told: list[int] = []
        table = client.scan(**where, vectors=True, progress=told.append)
        _same(table, engine.scan(**where, vectors=True))
        assert (told[-1], told) == (6_000, sorted(told))
        asked = [call.arguments for call in calls if call.operation == "ListVectors"]
        assert {each["segmentIndex"] for each in asked} == {0, 1, 2, 3}
        assert len(asked) >= 8
        assert all(each["segmentCount"] == 4 and each["maxResults"] == 1_000 for each in asked)

    def test_a_cancel_stops_it_between_pages(self, client: AwsClient, engine: EmbeddedClient) -> None:
        where = make_index(engine, "cancelled")
        put(engine, where, *(make_record(f"k{row}") for row in range(6_000)))
        told: list[int] = []
        with pytest.raises(CancelledError, match="'cancelled' was cancelled"):
            client.scan(**where, progress=told.append, cancelled=lambda: bool(told))
        assert told[-1] < 6_000
        with pytest.raises(CancelledError):
            client.scan(**where, cancelled=lambda: True)

    def test_a_failing_segment_fails_the_scan(self) -> None:
        def call(operation: str, arguments: Any, *, stop: threading.Event | None = None) -> dict[str, Any]:
            if operation == "ListVectors" and arguments["segmentIndex"] == 2:
                raise UnreachableError("gone")
            return _answer(operation, [{"vectors": [{"key": "k"}]}], arguments)

        with pytest.raises(UnreachableError, match="gone"):
            _scan(call, segments=4)

    def test_a_record_put_again_meanwhile_counts_once(self) -> None:
        pages = [
            {"vectors": [{"key": "a", "metadata": {"n": 1, "old": "x"}}, {"key": "b", "metadata": {"n": 2}}]},
            {"vectors": []},  # a page may be empty and not the last
            {"vectors": [{"key": "c"}, {"key": "a", "metadata": {"n": 3}}]},
        ]
        table = _listed(pages)
        assert table.to_pydict() == {"$key": ["b", "c", "a"], "n": [2, None, 3]}

    def test_an_endpoint_that_refuses_segments_is_read_without(self) -> None:
        def call(operation: str, arguments: Any, *, stop: threading.Event | None = None) -> dict[str, Any]:
            if "segmentCount" in arguments:
                raise ValidationError("Unknown member segmentCount")
            return _answer(operation, [{"vectors": [{"key": "k"}]}], arguments)

        assert _scan(call, segments=4)["$key"].to_pylist() == ["k"]

    def test_a_missing_index_is_not_found(self, client: AwsClient) -> None:
        with pytest.raises(NotFoundError, match="index could not be found"):
            client.scan(vectorBucketName=BUCKET, indexName="nowhere")


def _answer(operation: str, pages: list[dict[str, Any]], arguments: Any) -> dict[str, Any]:
    if operation == "GetIndex":
        return {"index": {"dimension": 2}, "ResponseMetadata": {"HTTPHeaders": {}}}
    page = int(arguments.get("nextToken", 0))
    return pages[page] | ({"nextToken": str(page + 1)} if page + 1 < len(pages) else {})


def _listed(pages: list[dict[str, Any]]) -> pa.Table:
    return _scan(lambda operation, arguments, *, stop=None: _answer(operation, pages, arguments), segments=1)


def _scan(call: Any, *, segments: int) -> pa.Table:
    return scan_index(
        call,
        {"vectorBucketName": BUCKET, "indexName": "agents"},
        columns=None,
        vectors=False,
        segments=segments,
        revision_header="none",
        progress=None,
        cancelled=None,
    )


class TestSetUp:
    @pytest.mark.parametrize(
        ("version", "enough"),
        [
            ("1.43.11", False),
            ("1.44.4", False),
            ("0.99.99", False),
            ("1.44.5", True),
            ("1.44.10", True),
            ("1.45.0", True),
            ("2.0.0rc1", True),
        ],
    )
    def test_a_boto3_that_is_too_old_is_named_with_the_fix(self, version: str, enough: bool) -> None:
        if enough:
            require_boto3(version)
        else:
            with pytest.raises(MissingExtraError, match=rf"boto3 {version} is too old .*: pip install 'boto3>=1\.44\.5'"):
                require_boto3(version)

    def test_without_a_region_it_says_how(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("AWS_DEFAULT_REGION")
        with pytest.raises(ConfigError, match=r"No region for S3 Vectors: name one, as in s3vectors://BUCKET\?region="):
            AwsClient()
        AwsClient(region="eu-central-1").close()
        AwsClient(endpoint_url="http://127.0.0.1:1").close()  # an endpoint of one's own cares for none
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3VECTORS", "http://127.0.0.1:1")
        AwsClient().close()

    def test_the_environment_names_the_endpoint(self, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3VECTORS", url)
        client = AwsClient(**_OPTIONS)
        assert [bucket["vectorBucketName"] for bucket in client.list_vector_buckets()["vectorBuckets"]] == [BUCKET]
        client.close()

    def test_an_unknown_profile_is_refused_at_once(self) -> None:
        with pytest.raises(CredentialsError, match="nobody"):
            AwsClient(profile="nobody")

    @pytest.mark.parametrize(("name", "value"), [("AWS_SECRET_ACCESS_KEY", "another"), ("AWS_ACCESS_KEY_ID", "AKIDUNKNOWN")])
    def test_credentials_that_are_not_known(self, monkeypatch: pytest.MonkeyPatch, url: str, name: str, value: str) -> None:
        monkeypatch.setenv(name, value)
        client = AwsClient(endpoint_url=url, **_OPTIONS)
        with pytest.raises(CredentialsError, match=r"does not accept these credentials .*aws configure"):
            client.list_vector_buckets()
        client.close()

    def test_no_credentials_at_all(self, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        client = AwsClient(endpoint_url=url, **_OPTIONS)  # asks nothing yet
        with pytest.raises(CredentialsError, match=r"No usable AWS credentials .*AWS_ACCESS_KEY_ID"):
            client.list_vector_buckets()
        client.close()

    @pytest.mark.parametrize(
        ("options", "said"),
        [({"segments": 0}, "segments"), ({"segments": 17}, "segments"), ({"max_attempts": 0}, "max_attempts")],
    )
    def test_settings_that_make_no_sense(self, options: dict[str, int], said: str) -> None:
        with pytest.raises(ConfigError, match=said):
            AwsClient(**options)  # type: ignore[arg-type]

    def test_a_closed_client_is_closed(self, url: str) -> None:
        client = AwsClient(endpoint_url=url, **_OPTIONS)
        client.list_vector_buckets()
        client.close()
        with pytest.raises(UnreachableError, match="closed"):
            client.list_vector_buckets()
