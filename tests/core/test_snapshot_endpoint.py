"""Snapshots over boto3 and our own endpoint: the law of the difference, the revision that the endpoint tells, the sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN
from core.analysis.snapshot import Snapshots
from core.vectors.aws import AwsClient
from core.vectors.client import Call
from core.vectors.embedded import EmbeddedClient
from core.vectors.server import RunningServer
from tests.core.aws_environment import KEY, SECRET, isolate_aws
from tests.core.snapshot_builders import Clock, Service, refreshed, rows_of, shown
from tests.core.test_snapshot import keys, metadata


class Untold:
    """A client of a service that tells no revision, as AWS."""

    def __init__(self, client: AwsClient) -> None:
        self.client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def revision(self, **where: str) -> None:
        return None

    def scan(self, **arguments: Any) -> Any:
        table = self.client.scan(**arguments)
        return table.replace_schema_metadata({k: v for k, v in table.schema.metadata.items() if k != b"revision"})


class Remote(Service):
    """An index behind an endpoint; `calls` are those of the AWS client."""

    def __init__(self, directory: Path, url: str, *, name: str, told: bool, segments: int = 4) -> None:
        super().__init__(directory, name=name)
        self.calls: list[Call] = []
        client = AwsClient(region="us-east-1", endpoint_url=url, tracer=self.calls.append, segments=segments)
        self.aws = client
        self.catalog._client = client if told else Untold(client)
        self.catalog._inventory._client = self.catalog._client

    def close(self) -> None:
        self.aws.close()
        self.engine.close()


@pytest.fixture
def endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    isolate_aws(monkeypatch, tmp_path)
    engine = EmbeddedClient(tmp_path / "service")
    with RunningServer(engine, access_keys={KEY: SECRET}) as server:
        yield tmp_path / "service", server.url
    engine.close()


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    told=st.booleans(),
    rounds=st.lists(
        st.tuples(st.dictionaries(keys, metadata, max_size=6), st.lists(keys, max_size=3), st.booleans()), max_size=4
    ),
)
def test_over_an_endpoint_too_a_snapshot_by_difference_is_one_read_afresh(endpoint, tmp_path_factory, told, rounds):
    base = tmp_path_factory.mktemp("law")
    service, clock = Remote(endpoint[0], endpoint[1], name=f"i-{base.name}", told=told), Clock()
    snapshots = Snapshots(base / "cache", clock=clock)
    for put, deleted, restart in rounds:
        clock.pass_(1)
        service.put(put)
        if deleted:
            service.delete(*deleted)
        if restart:
            snapshots = Snapshots(base / "cache", clock=clock)
        service.calls.clear()
        found = refreshed(snapshots, service.store, vectors=True)
        assert service.count("GetVectors") <= len(put)
        fresh = shown(Snapshots(None, clock=clock), service.store, vectors=True)
        assert rows_of(found) == rows_of(fresh)
        assert found.revision == fresh.revision
    service.close()


def test_a_revision_that_the_endpoint_tells_spares_the_listing(endpoint, tmp_path):
    service = Remote(endpoint[0], endpoint[1], name="told", told=True)
    service.put({"k": {"content": "one"}})
    snapshots = Snapshots(tmp_path / "cache")
    first = shown(snapshots, service.store)
    assert first.revision == service.store.revision()
    service.calls.clear()
    assert shown(snapshots, service.store).table is first.table
    assert service.count("ListVectors") == 0
    service.put({"new": {"content": "two"}})
    assert shown(snapshots, service.store).rows == 2
    service.close()


def test_a_sample_is_of_every_segment(endpoint, tmp_path):
    service = Remote(endpoint[0], endpoint[1], name="large", told=False, segments=4)
    service.put({f"k{n:05}": {"content": "x" * 300} for n in range(20_000)})
    found = shown(Snapshots(tmp_path / "cache", max_rows=4_000), service.store)
    assert 4_000 <= found.rows < 9_000
    assert found.sampled
    sample = set(found.table["$key"].to_pylist())
    for segment in range(4):
        page = service.engine.list_vectors(**service.where, segmentCount=4, segmentIndex=segment, maxResults=100)
        assert sample & {record["key"] for record in page["vectors"]}
    assert shown(Snapshots(None), service.catalog.open("large", actor=LOCAL_ADMIN)).total == 20_000
    service.close()
