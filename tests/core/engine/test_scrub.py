"""Scrubbing an index: the files change, what they hold does not."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import NotFoundError, StorageReadOnlyError
from core.vectors.client import Scrubbing
from core.vectors.embedded import EmbeddedClient
from tests.core.builders import make_client

WHERE = {"vectorBucketName": "bucket", "indexName": "team"}
DIMENSION = 8


def record(key: str, text: str) -> dict[str, Any]:
    vector = np.random.default_rng(len(text) + ord(key[-1])).standard_normal(DIMENSION).astype(np.float32)
    return {"key": key, "data": {"float32": vector}, "metadata": {"_content": text, "agent_id": f"agent-{text.split()[0]}"}}


def filled(directory: Path, count: int = 40) -> EmbeddedClient:
    client = make_client(directory)
    client.create_vector_bucket(vectorBucketName="bucket")
    client.create_index(
        **WHERE,
        dataType="float32",
        dimension=DIMENSION,
        distanceMetric="cosine",
        metadataConfiguration={
            "nonFilterableMetadataKeys": ["_content"],
            "textSearchConfigurations": [{"metadataKey": "_content", "language": "en"}],
        },
    )
    client.put_vectors(**WHERE, vectors=[record(f"k{number}", f"common word{number}") for number in range(count)])
    client.put_vectors(**WHERE, vectors=[record("k1", "replaced common"), record("k3", "zanzibar common")])
    client.delete_vectors(**WHERE, keys=["k2", "k3"])
    return client


def answers(client: EmbeddedClient) -> Mapping[str, Any]:
    text = [{"metadataKey": "_content", "text": "common"}]
    query = {"topK": 100, "returnMetadata": True}
    return {
        "list": client.list_vectors(**WHERE, returnData=True, returnMetadata=True)["vectors"],
        "vector": client.query_vectors(**WHERE, **query, queryVector={"float32": [1.0] * DIMENSION}, returnDistance=True),
        "text": client.query_vectors(**WHERE, **query, queryTexts=text, returnScores=True),
        "filtered": client.query_vectors(
            **WHERE, **query, queryVector={"float32": [1.0] * DIMENSION}, filter={"agent_id": "agent-replaced"}
        ),
        "revision": client.revision(**WHERE),
    }


def found(directory: Path, word: bytes) -> bool:
    return any(word in path.read_bytes() for path in directory.rglob("*") if path.is_file())


@pytest.mark.parametrize("queried", [False, True], ids=["unread", "read-before"])
def test_it_takes_out_what_was_deleted_and_nothing_else(tmp_path: Path, queried: bool) -> None:
    with closing(filled(tmp_path)) as client:
        before = answers(client) if queried else {}
        assert found(tmp_path, b"zanzibar")
        client.scrub(**WHERE)
        assert not found(tmp_path, b"zanzibar")
        assert not found(tmp_path, b'word3"')
        assert found(tmp_path, b"word5")
        scrubbed = answers(client)
        assert before in ({}, scrubbed)
        client.put_vectors(**WHERE, vectors=[record("new", "common again")])
        client.delete_vectors(**WHERE, keys=["new"])
        client.scrub(**WHERE)
    with closing(make_client(tmp_path)) as again:
        after = answers(again)
        assert {**after, "revision": None} == {**scrubbed, "revision": None}


def test_an_index_without_records_is_scrubbed(tmp_path: Path) -> None:
    with closing(filled(tmp_path, count=4)) as client:
        client.delete_vectors(**WHERE, keys=["k0", "k1"])
        client.scrub(**WHERE)
        assert answers(client)["list"] == []
        assert not found(tmp_path, b"word0")
        assert not list(tmp_path.rglob("snapshot-*"))


def test_another_process_reads_on(tmp_path: Path) -> None:
    with closing(filled(tmp_path)) as client, closing(make_client(tmp_path)) as other:
        before = answers(other)
        client.scrub(**WHERE)
        assert answers(other) == before
        other.put_vectors(**WHERE, vectors=[record("new", "common again")])
        assert "new" in {each["key"] for each in answers(client)["list"]}


def test_it_is_refused_where_nothing_may_be_written_and_where_there_is_nothing(tmp_path: Path) -> None:
    with closing(filled(tmp_path)) as client:
        assert isinstance(client, Scrubbing)
        with pytest.raises(NotFoundError):
            client.scrub(vectorBucketName="bucket", indexName="none")
    with closing(EmbeddedClient(tmp_path, read_only=True)) as reader, pytest.raises(StorageReadOnlyError):
        reader.scrub(**WHERE)
