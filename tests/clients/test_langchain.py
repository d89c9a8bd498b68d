"""langchain-aws' AmazonS3Vectors, with LangChain's standard suite for vector stores."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from langchain_aws.vectorstores import AmazonS3Vectors
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_tests.integration_tests import VectorStoreIntegrationTests

MISSING_IDS = "langchain-aws raises ValueError for an id that is not there (s3_vectors/base.py, get_by_ids)"


class TestStandardSuite(VectorStoreIntegrationTests):
    """Every test of the suite, each with an empty index of its own."""

    @pytest.fixture
    def vectorstore(self, bucket: str, index_name: str) -> Iterator[AmazonS3Vectors]:
        # The class makes its index at the first write, and the suite searches before it writes.
        embedding = self.get_embeddings()
        boto3.client("s3vectors").create_index(
            vectorBucketName=bucket,
            indexName=index_name,
            dataType="float32",
            dimension=len(embedding.embed_query("?")),
            distanceMetric="cosine",
        )
        store = AmazonS3Vectors(vector_bucket_name=bucket, index_name=index_name, embedding=embedding)
        yield store
        store.delete()

    @pytest.mark.xfail(reason=MISSING_IDS, raises=ValueError)
    def test_get_by_ids_missing(self, vectorstore: AmazonS3Vectors) -> None:
        super().test_get_by_ids_missing(vectorstore)

    @pytest.mark.xfail(reason=MISSING_IDS, raises=ValueError)
    async def test_get_by_ids_missing_async(self, vectorstore: AmazonS3Vectors) -> None:
        await super().test_get_by_ids_missing_async(vectorstore)


FILMS = [
    Document("Star Wars", id="key1", metadata={"genre": "scifi", "year": 1977, "tags": ["space", "war"]}),
    Document("Jurassic Park", id="key2", metadata={"genre": "scifi", "year": 1993, "seen": True}),
    Document("Finding Nemo", id="key3", metadata={"genre": "family", "year": 2003, "rating": 8.25}),
]


@pytest.fixture(params=["cosine", "euclidean"])
def films(request: pytest.FixtureRequest, bucket: str, index_name: str) -> Iterator[AmazonS3Vectors]:
    """Return three films in an index that the class made itself."""
    store = AmazonS3Vectors.from_texts(
        [film.page_content for film in FILMS],
        DeterministicFakeEmbedding(size=16),
        [film.metadata for film in FILMS],
        ids=[film.id for film in FILMS],
        vector_bucket_name=bucket,
        index_name=index_name,
        distance_metric=request.param,
        non_filterable_metadata_keys=["_page_content"],
    )
    yield store
    store.delete()


def test_documents_come_back_as_they_were(films):
    assert films.get_by_ids(["key3", "key1", "key3"]) == [FILMS[2], FILMS[0], FILMS[2]]


def test_the_index_is_made_as_asked(films):
    found = films.client.get_index(vectorBucketName=films.vector_bucket_name, indexName=films.index_name)["index"]
    assert (found["dimension"], found["distanceMetric"]) == (16, films.distance_metric)
    assert found["metadataConfiguration"]["nonFilterableMetadataKeys"] == ["_page_content"]


def test_a_text_is_nearest_to_itself(films):
    (found, distance), *others = films.similarity_search_with_score("Jurassic Park", k=3)
    assert found == FILMS[1]
    assert distance == pytest.approx(0, abs=1e-3)
    assert len(others) == 2
    assert all(further > distance for _, further in others)


@pytest.mark.parametrize(
    ("condition", "titles"),
    [
        pytest.param({"genre": {"$eq": "family"}}, {"Finding Nemo"}, id="equal"),
        pytest.param({"genre": "scifi"}, {"Star Wars", "Jurassic Park"}, id="bare value"),
        pytest.param({"$and": [{"genre": "scifi"}, {"year": {"$gte": 1990}}]}, {"Jurassic Park"}, id="and, range"),
        pytest.param({"$or": [{"tags": "war"}, {"rating": 8.25}]}, {"Star Wars", "Finding Nemo"}, id="or, list, float"),
        pytest.param({"seen": {"$exists": True}}, {"Jurassic Park"}, id="exists"),
        pytest.param({"year": {"$in": [1977, 2003]}}, {"Star Wars", "Finding Nemo"}, id="in"),
    ],
)
def test_filters(films, condition, titles):
    assert {found.page_content for found in films.similarity_search("space", k=3, filter=condition)} == titles


async def test_a_retriever_finds_asynchronously(films):
    found = await films.as_retriever(search_kwargs={"k": 1, "filter": {"genre": "family"}}).ainvoke("fish")
    assert found == [FILMS[2]]


def test_more_documents_than_one_call_carries(bucket, index_name):
    store = AmazonS3Vectors(vector_bucket_name=bucket, index_name=index_name, embedding=DeterministicFakeEmbedding(size=8))
    texts = [f"text {number}" for number in range(450)]
    ids = store.add_texts(texts, [{"number": number} for number in range(450)])
    assert [found.page_content for found in store.get_by_ids(ids)] == texts
    assert len(store.similarity_search("text", k=100)) == 100
    store.delete(ids[:449])
    assert store.similarity_search("text", k=100) == [Document("text 449", id=ids[449], metadata={"number": 449})]
    store.delete()
    with pytest.raises(store.client.exceptions.NotFoundException):
        store.similarity_search("text")


def test_deleted_documents_are_gone(films):
    films.delete(["key1", "never there"])
    with pytest.raises(ValueError, match="'key1' not found"):
        films.get_by_ids(["key1"])
    assert {found.id for found in films.similarity_search("space", k=3)} == {"key2", "key3"}


def test_what_the_service_refuses_arrives_as_its_error(films):
    words = "Metadata values must be strings, numbers, booleans, or arrays"
    with pytest.raises(films.client.exceptions.ValidationException, match=words):
        films.add_texts(["x"], [{"nested": {"not": "allowed"}}])
