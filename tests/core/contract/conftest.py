"""The clients that the contract is held against, and indexes of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.vectors.embedded import EmbeddedClient
from tests.core.builders import BUCKET, Where, make_index
from tests.core.contract.model import Checked
from tests.core.contract.moto import MotoChecked, skip_gaps
from tests.core.endpoints import aws_client, moto_client
from tests.core.server.clients import served

# Each makes a client over an empty service; the directory is for those that live on a disk.
CLIENTS: dict[str, Callable[[Path], Any]] = {
    "embedded": EmbeddedClient,
    "boto3": served,
    "aws": aws_client,
    "moto": moto_client,
}

_numbers = itertools.count(1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what moto does not do."""
    skip_gaps(config, items)


@pytest.fixture(scope="module", params=[pytest.param(make, id=name) for name, make in CLIENTS.items()])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checked]:
    """Return a client whose answers are held against boto3's model; it has one bucket, BUCKET."""
    made = request.param(tmp_path_factory.mktemp("store"))
    made.create_vector_bucket(vectorBucketName=BUCKET)
    yield MotoChecked(made) if request.param is moto_client else Checked(made)
    made.close()


@pytest.fixture
def new_bucket(client: Checked) -> Callable[..., str]:
    """Return what makes a bucket of a new name."""

    def make(**arguments: Any) -> str:
        name = f"bucket-{next(_numbers)}"
        client.create_vector_bucket(vectorBucketName=name, **arguments)
        return name

    return make


@pytest.fixture
def new_index(client: Checked) -> Callable[..., Where]:
    """Return what makes an index of a new name in BUCKET."""
    return lambda **overrides: make_index(client, f"index-{next(_numbers)}", **overrides)


@pytest.fixture
def index(new_index: Callable[..., Where]) -> Where:
    """Return an empty index: 2 dimensions, cosine."""
    return new_index()
