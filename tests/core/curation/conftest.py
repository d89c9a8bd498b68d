"""What the tests of curation share: places for ledgers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.core.aws_environment import isolate_aws
from tests.core.curation.ledger_places import S3, Directory, Place
from tests.core.s3_endpoint import S3Endpoint
from tests.core.snapshot_builders import Clock


@pytest.fixture(scope="package")
def s3_endpoint() -> Iterator[S3Endpoint]:
    endpoint = S3Endpoint()
    yield endpoint
    endpoint.close()


@pytest.fixture
def s3(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: Clock) -> Iterator[S3]:
    isolate_aws(monkeypatch, tmp_path)
    endpoint: S3Endpoint = request.getfixturevalue("s3_endpoint")
    place = S3(endpoint, f"ledger-{uuid4().hex}", clock, versioned=getattr(request, "param", False))
    yield place
    place.close()


@pytest.fixture(params=["sqlite", "s3", "s3-versioned"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: Clock) -> Iterator[Place]:
    """A place for a ledger, of each sort."""
    made: Place
    if request.param == "sqlite":
        made = Directory(tmp_path, clock)
    else:
        isolate_aws(monkeypatch, tmp_path)
        endpoint: S3Endpoint = request.getfixturevalue("s3_endpoint")
        made = S3(endpoint, f"ledger-{uuid4().hex}", clock, versioned=request.param == "s3-versioned")
    yield made
    made.close()
