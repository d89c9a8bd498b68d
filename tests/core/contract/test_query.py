"""QueryVectors by vector: topK, order, distances, pages, tokens and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from tests.core.builders import Where, keys_of, make_record, pages, put, query_all
from tests.core.contract.model import Checked
from tests.core.contract.refusal import INVALID_QUERY_VECTOR, constraint, refused
from tests.core.contract.test_listing import flipped

NewIndex = Callable[..., Where]
ASKED = ("returnMetadata", "returnDistance", "returnScores")
EAST: dict[str, Any] = {"float32": [1.0, 0.0]}


@pytest.fixture(scope="module")
def fan(client: Checked) -> Where:
    """Return an index of 450 unit vectors: k0 points east, each next one a little further north."""
    where = {"vectorBucketName": "memories", "indexName": "fan"}
    client.create_index(**where, dataType="float32", dimension=2, distanceMetric="cosine")
    angles = [number / 450 * math.pi for number in range(450)]
    records = [make_record(f"k{n}", [math.cos(a), math.sin(a)], {"n": n}) for n, a in enumerate(angles)]
    put(client, where, *reversed(records))
    return where


@pytest.mark.parametrize("k", [1, 5, 100])
def test_the_nearest_come_first(client: Checked, fan: Where, k: int) -> None:
    response = client.query_vectors(**fan, topK=k, queryVector=EAST, returnDistance=True)
    assert keys_of(response["vectors"]) == [f"k{number}" for number in range(k)]
    assert "nextToken" not in response
    distances = [hit["distance"] for hit in response["vectors"]]
    assert distances == sorted(distances)


@pytest.mark.parametrize(
    ("k", "sizes"),
    [
        pytest.param(101, [100, 1], id="101"),
        pytest.param(200, [100, 100], id="200"),
        pytest.param(450, [100, 100, 100, 100, 50], id="all"),
        pytest.param(10_000, [100, 100, 100, 100, 50], id="more-than-there-are"),
    ],
)
def test_more_than_100_come_in_pages(client: Checked, fan: Where, k: int, sizes: list[int]) -> None:
    found = pages(client.query_vectors, **fan, topK=k, queryVector=EAST)
    assert [len(page["vectors"]) for page in found] == sizes
    assert [key for page in found for key in keys_of(page["vectors"])] == [f"k{number}" for number in range(sum(sizes))]
    assert {page["distanceMetric"] for page in found} == {"cosine"}


@pytest.mark.parametrize(("k", "rule"), [(0, "be between 1 and 10000"), (10_001, "be between 1 and 10000")])
def test_a_wrong_k_is_refused(client: Checked, fan: Where, k: int, rule: str) -> None:
    with refused(message=constraint("/topK", "", rule)):
        client.query_vectors(**fan, topK=k, queryVector=EAST)


def test_k_is_needed(client: Checked, fan: Where) -> None:
    with refused():
        client.query_vectors(**fan, queryVector=EAST)


def test_a_vector_or_a_text_is_needed(client: Checked, fan: Where) -> None:
    with refused(message="Must specify queryVector, queryTexts or both"):
        client.query_vectors(**fan, topK=1)


@pytest.mark.parametrize(
    "vector",
    [[1.0], [1.0] * 3, [], [math.nan, 1.0], [math.inf, 1.0], [1e39, 1.0], [0.0, 0.0], [1e-46, 0.0]],
    ids=["short", "long", "empty", "nan", "inf", "over-float32", "zero", "rounds-to-zero"],
)
def test_a_bad_query_vector_is_refused(client: Checked, fan: Where, vector: list[float]) -> None:
    with refused(message=INVALID_QUERY_VECTOR):
        client.query_vectors(**fan, topK=1, queryVector={"float32": vector})


def test_a_zero_vector_has_a_euclidean_distance(client: Checked, new_index: NewIndex) -> None:
    where = new_index(distanceMetric="euclidean")
    put(client, where, make_record("k", [3, 4]))
    hit = client.query_vectors(**where, topK=1, queryVector={"float32": [0.0, 0.0]}, returnDistance=True)["vectors"][0]
    assert hit == {"key": "k", "distance": 5.0}


@pytest.mark.parametrize(
    ("metric", "stored", "asked", "distance"),
    [
        pytest.param("cosine", [3, 4], [3, 4], 0, id="cosine-self"),
        pytest.param("cosine", [3, 4], [6e-20, 8e-20], 0, id="cosine-any-length"),
        pytest.param("cosine", [0, 2], [5, 0], 1, id="cosine-right-angle"),
        pytest.param("cosine", [-2, 0], [5, 0], 2, id="cosine-opposite"),
        pytest.param("cosine", [1, 1], [1, 0], 1 - math.sqrt(0.5), id="cosine-45-degrees"),
        pytest.param("cosine", [3e38, 3e38], [1, 1], 0, id="cosine-huge"),
        pytest.param("cosine", [1e-40, 0], [1, 0], 0, id="cosine-tiny"),
        pytest.param("euclidean", [3, 4], [3, 4], 0, id="euclidean-self"),
        pytest.param("euclidean", [3, 4], [0, 0], 5, id="euclidean-is-the-root"),
        pytest.param("euclidean", [-1, -1], [2, 3], 5, id="euclidean"),
        pytest.param("euclidean", [3e38, 0], [-3e38, 0], 6e38, id="euclidean-huge"),
    ],
)
def test_distances(client: Checked, new_index: NewIndex, metric: str, stored: Any, asked: Any, distance: float) -> None:
    where = new_index(distanceMetric=metric)
    put(client, where, make_record("k", stored))
    response = client.query_vectors(**where, topK=1, queryVector={"float32": asked}, returnDistance=True)
    assert response["distanceMetric"] == metric
    assert response["vectors"][0]["distance"] == pytest.approx(distance, rel=1e-6, abs=1e-5)
    assert response["vectors"][0]["distance"] >= 0


@pytest.mark.parametrize(
    ("asked", "members"),
    [
        pytest.param({}, {"key"}, id="key-only"),
        pytest.param({"returnDistance": True}, {"key", "distance"}, id="distance"),
        pytest.param({"returnMetadata": True}, {"key", "metadata"}, id="metadata"),
        pytest.param({"returnScores": True}, {"key"}, id="no-scores-without-texts"),
        pytest.param(dict.fromkeys(ASKED, True), {"key", "distance", "metadata"}, id="all"),
    ],
)  # fmt: skip
def test_only_what_is_asked_comes_back(client: Checked, fan: Where, asked: dict[str, bool], members: set[str]) -> None:
    hit = client.query_vectors(**fan, topK=1, queryVector=EAST, **asked)["vectors"][0]
    assert set(hit) == members
    assert hit.get("metadata", {"n": 0}) == {"n": 0}


def test_a_filter_never_costs_a_match(client: Checked, fan: Where) -> None:
    south_west = {"float32": [-1.0, -0.5]}
    found = query_all(client, fan, topK=50, queryVector=south_west, filter={"n": {"$lt": 50}})
    assert sorted(keys_of(found)) == sorted(f"k{number}" for number in range(50))


def test_an_empty_index_answers_nothing(client: Checked, index: Where) -> None:
    assert client.query_vectors(**index, topK=10, queryVector=EAST)["vectors"] == []


def test_equals_come_in_a_fixed_order(client: Checked, index: Where) -> None:
    put(client, index, *(make_record(f"k{number:03}", [0.3, 0.7]) for number in range(250)))
    first = keys_of(query_all(client, index))
    assert sorted(first) == [f"k{number:03}" for number in range(250)]
    assert keys_of(query_all(client, index)) == first


class TestTokens:
    def test_a_token_belongs_to_its_query(self, client: Checked, fan: Where) -> None:
        token = client.query_vectors(**fan, topK=300, queryVector=EAST)["nextToken"]
        others: list[dict[str, Any]] = [
            {"topK": 301, "queryVector": EAST},
            {"topK": 300, "queryVector": {"float32": [1.0, 0.1]}},
            {"topK": 300, "queryVector": EAST, "filter": {"n": {"$gt": 5}}},
        ]
        for other in others:
            with refused(message="Invalid nextToken"):
                client.query_vectors(**fan, **other, nextToken=token)

    def test_what_to_return_may_change(self, client: Checked, fan: Where) -> None:
        token = client.query_vectors(**fan, topK=300, queryVector=EAST)["nextToken"]
        page = client.query_vectors(**fan, topK=300, queryVector=EAST, nextToken=token, returnMetadata=True)
        assert page["vectors"][0] == {"key": "k100", "metadata": {"n": 100}}
        again = client.query_vectors(**fan, topK=300, queryVector=EAST, nextToken=token)
        assert keys_of(again["vectors"]) == keys_of(page["vectors"])

    def test_every_altered_character_is_noticed(self, client: Checked, fan: Where) -> None:
        token = client.query_vectors(**fan, topK=300, queryVector=EAST)["nextToken"]
        for place in range(len(token) - token.count("=") - 1):
            with refused(message="Invalid nextToken"):
                client.query_vectors(**fan, topK=300, queryVector=EAST, nextToken=flipped(token, place))

    def test_pages_go_on_while_others_write(self, client: Checked, index: Where) -> None:
        put(client, index, *(make_record(f"k{number:03}", [1, number]) for number in range(300)))
        first = client.query_vectors(**index, topK=300, queryVector=EAST)
        client.delete_vectors(**index, keys=["k000", "k150"])
        put(client, index, make_record("new", [1, 0.5]))
        rest = pages(client.query_vectors, **index, topK=300, queryVector=EAST, nextToken=first["nextToken"])
        found = keys_of(first["vectors"]) + [key for page in rest for key in keys_of(page["vectors"])]
        assert len(found) == len(set(found))
        assert {f"k{number:03}" for number in range(300)} - set(found) <= {"k000", "k150"}
