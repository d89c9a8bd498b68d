"""ListVectors: pages, the 1 MB stop, segments and tokens."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from tests.core.builders import Where, keys_of, list_all, make_record, pages, put
from tests.core.contract.model import Checked
from tests.core.contract.refusal import constraint, refused

NewIndex = Callable[..., Where]
MEGABYTE = 1_048_576


@pytest.fixture(scope="module")
def shelf(client: Checked) -> Where:
    """Return an index of 1,203 records."""
    where = {"vectorBucketName": "memories", "indexName": "shelf"}
    client.create_index(**where, dataType="float32", dimension=2, distanceMetric="cosine")
    put(client, where, *(make_record(f"k{number}", [1, number], {"n": number}) for number in range(1_203)))
    return where


ALL_KEYS = sorted(f"k{number}" for number in range(1_203))


@pytest.mark.parametrize(
    ("asked", "sizes"),
    [
        pytest.param({}, [500, 500, 203], id="default-500"),
        pytest.param({"maxResults": 1_000}, [1_000, 203], id="1000"),
        pytest.param({"maxResults": 401}, [401, 401, 401], id="exact-thirds"),
        pytest.param({"maxResults": 600, "returnData": True}, [600, 600, 3], id="600"),
    ],
)
def test_pages_hold_each_record_once(client: Checked, shelf: Where, asked: dict[str, Any], sizes: list[int]) -> None:
    found = pages(client.list_vectors, **shelf, **asked)
    assert [len(page["vectors"]) for page in found] == sizes
    assert sorted(key for page in found for key in keys_of(page["vectors"])) == ALL_KEYS


def test_pages_of_one(client: Checked, index: Where) -> None:
    put(client, index, *(make_record(f"k{number}") for number in range(7)))
    assert sorted(keys_of(list_all(client, index, maxResults=1))) == [f"k{number}" for number in range(7)]


def test_an_empty_index_is_one_empty_page(client: Checked, index: Where) -> None:
    assert (
        pages(client.list_vectors, **index) == [{"vectors": []}] or pages(client.list_vectors, **index)[0]["vectors"] == []
    )


@pytest.mark.parametrize("size", [0, 1_001, -5])
def test_a_wrong_page_size_is_refused(client: Checked, index: Where, size: int) -> None:
    rule = "be between 1 and 1000, inclusive"
    with refused(message=constraint("/maxResults", "", rule)):
        client.list_vectors(**index, maxResults=size)


@pytest.mark.parametrize("asked", [{"returnMetadata": True}, {"returnMetadata": True, "returnData": True}], ids=str)
def test_a_page_stops_at_1_mb(client: Checked, new_index: NewIndex, asked: dict[str, bool]) -> None:
    where = new_index(metadataConfiguration={"nonFilterableMetadataKeys": ["content"]})
    put(client, where, *(make_record(f"k{number}", metadata={"content": "x" * 40_000}) for number in range(60)))
    found = pages(client.list_vectors, **where, **asked)
    sizes = [sum(40_000 + len(vector["key"]) for vector in page["vectors"]) for page in found]
    assert all(size <= MEGABYTE for size in sizes)
    assert all(size > MEGABYTE - 3 * 40_000 for size in sizes[:-1])
    assert sorted(key for page in found for key in keys_of(page["vectors"])) == sorted(f"k{number}" for number in range(60))
    assert len(client.list_vectors(**where)["vectors"]) == 60  # what is not returned does not count


def test_vectors_count_towards_the_1_mb(client: Checked, new_index: NewIndex) -> None:
    where = new_index(dimension=4_096)
    put(client, where, *(make_record(f"k{number}", [1.0] * 4_096) for number in range(100)))
    found = pages(client.list_vectors, **where, returnData=True)
    assert len(found) >= 2
    assert sum(len(page["vectors"]) for page in found) == 100


@pytest.mark.parametrize("count", [1, 2, 3, 16])
def test_segments_part_the_index(client: Checked, shelf: Where, count: int) -> None:
    parts = [
        keys_of(list_all(client, shelf, segmentCount=count, segmentIndex=number, maxResults=100)) for number in range(count)
    ]
    assert sorted(key for part in parts for key in part) == ALL_KEYS
    assert all(part for part in parts)


def test_a_record_stays_in_its_segment(client: Checked, index: Where) -> None:
    put(client, index, *(make_record(f"k{number}") for number in range(40)))
    before = [set(keys_of(list_all(client, index, segmentCount=4, segmentIndex=number))) for number in range(4)]
    put(client, index, *(make_record(f"k{number}", [0, 1]) for number in range(0, 40, 3)))
    assert [set(keys_of(list_all(client, index, segmentCount=4, segmentIndex=number))) for number in range(4)] == before


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        pytest.param({"segmentCount": 17, "segmentIndex": 0}, "/segmentCount", id="17"),
        pytest.param({"segmentCount": 0, "segmentIndex": 0}, "/segmentCount", id="0"),
        pytest.param({"segmentCount": 16, "segmentIndex": 16}, "/segmentIndex", id="index-16"),
        pytest.param({"segmentCount": 2, "segmentIndex": -1}, "/segmentIndex", id="index-below-0"),
        pytest.param(
            {"segmentCount": 2, "segmentIndex": 2}, "segmentIndex 2 must be less than segmentCount 2", id="index-is-count"
        ),
        pytest.param({"segmentCount": 2}, "Must specify both segmentCount and segmentIndex", id="no-index"),
        pytest.param({"segmentIndex": 0}, "Must specify both segmentCount and segmentIndex", id="no-count"),
    ],
)
def test_wrong_segments_are_refused(client: Checked, index: Where, asked: dict[str, int], message: str) -> None:
    with refused(message=message):
        client.list_vectors(**index, **asked)


def test_what_stays_is_listed_while_others_come_and_go(client: Checked, index: Where) -> None:
    put(client, index, *(make_record(f"k{number:02}") for number in range(30)))
    first = client.list_vectors(**index, maxResults=10)
    client.delete_vectors(**index, keys=[first["vectors"][0]["key"], first["vectors"][9]["key"], "k25"])
    put(client, index, make_record("new"), make_record("k15", [0, 1]))
    rest = pages(client.list_vectors, **index, maxResults=10, nextToken=first["nextToken"])
    seen = {*keys_of(first["vectors"]), *(key for page in rest for key in keys_of(page["vectors"]))}
    assert {f"k{number:02}" for number in range(30)} - {"k25"} <= seen


def flipped(token: str, place: int) -> str:
    """Return the token with one character changed to another of its alphabet."""
    return token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]


class TestTokens:
    def token(self, client: Checked, where: Where, **asked: Any) -> str:
        token: str = client.list_vectors(**where, maxResults=10, **asked)["nextToken"]
        return token

    def test_the_page_size_may_change(self, client: Checked, shelf: Where) -> None:
        page = client.list_vectors(**shelf, maxResults=1_000, nextToken=self.token(client, shelf), returnMetadata=True)
        assert len(page["vectors"]) == 1_000

    def test_every_altered_character_is_noticed(self, client: Checked, shelf: Where) -> None:
        token = self.token(client, shelf)
        for place in range(len(token) - token.count("=") - 1):
            with refused(message="Invalid nextToken"):
                client.list_vectors(**shelf, nextToken=flipped(token, place))

    @pytest.mark.parametrize(
        "token",
        [
            pytest.param("x", id="short"),
            pytest.param("not a token", id="words"),
            pytest.param("é", id="not-ascii"),
            pytest.param(base64.b64encode(b"{}").decode(), id="other-json"),
            pytest.param(base64.b64encode(b"[1,2,3]").decode(), id="other-list"),
            pytest.param(base64.b64encode(b"\xff\xfe").decode(), id="no-text"),
            pytest.param("A" * 2_048, id="long"),
        ],
    )
    def test_a_foreign_token_is_refused(self, client: Checked, shelf: Where, token: str) -> None:
        with refused(message="Invalid nextToken"):
            client.list_vectors(**shelf, nextToken=token)

    def test_of_another_index(self, client: Checked, shelf: Where, index: Where) -> None:
        put(client, index, *(make_record(f"k{number}") for number in range(20)))
        with refused(message="Invalid nextToken"):
            client.list_vectors(**shelf, nextToken=self.token(client, index))

    def test_of_another_segment(self, client: Checked, shelf: Where) -> None:
        token = self.token(client, shelf, segmentCount=2, segmentIndex=0)
        with refused(message="Invalid nextToken"):
            client.list_vectors(**shelf, segmentCount=2, segmentIndex=1, nextToken=token)
        with refused(message="Invalid nextToken"):
            client.list_vectors(**shelf, nextToken=token)

    def test_of_another_operation(self, client: Checked, shelf: Where) -> None:
        query: dict[str, Any] = {"topK": 200, "queryVector": {"float32": [1.0, 0.0]}}
        token = client.query_vectors(**shelf, **query)["nextToken"]
        with refused(message="Invalid nextToken"):
            client.list_vectors(**shelf, nextToken=token)
        with refused(message="Invalid nextToken"):
            client.query_vectors(**shelf, **query, nextToken=self.token(client, shelf))
