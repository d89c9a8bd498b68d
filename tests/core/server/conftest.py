"""A running server with one bucket and one index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.vectors.server import RunningServer
from tests.core.builders import BUCKET, Where, make_index, make_record, put
from tests.core.server.clients import KEY_ID, SECRET, make_boto3


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("store"), access_keys={KEY_ID: SECRET}) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[Any]:
    made = make_boto3(server.url)
    made.create_vector_bucket(vectorBucketName=BUCKET)
    yield made
    made.close()


@pytest.fixture(scope="module")
def where(client: Any) -> Where:
    """Return an index with one record, 'k'."""
    found = make_index(client, metadataConfiguration={"textSearchConfigurations": [{"metadataKey": "content"}]})
    put(client, found, make_record("k", metadata={"content": "cat"}))
    return found


@pytest.fixture
def url(server: RunningServer, where: Where) -> str:
    return server.url
