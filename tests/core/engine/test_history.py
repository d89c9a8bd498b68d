"""Law: after any history of calls by two connections, everything read equals a plain dictionary's answer."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.errors import NotFoundError
from core.vectors.embedded import EmbeddedClient
from tests.core.builders import Where, keys_of, list_all, make_client, make_index, query_all
from tests.core.engine import strategies
from tests.core.engine.oracle import Shelf

sides = st.sampled_from([0, 1])


class Histories(RuleBasedStateMachine):
    """Two clients on one directory, and the dictionary that they should agree with."""

    base: Path  # where each run makes its directory

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(dir=self.base))
        self.clients = [make_client(self.directory), EmbeddedClient(self.directory)]
        self.where: Where = {}
        self.shelf = Shelf()

    @initialize(cosine=st.booleans())
    def begin(self, cosine: bool) -> None:
        metric = "cosine" if cosine else "euclidean"
        configuration = {"nonFilterableMetadataKeys": list(strategies.HIDDEN)}
        self.where = make_index(self.clients[0], dimension=3, distanceMetric=metric, metadataConfiguration=configuration)
        self.shelf = Shelf(cosine)

    @rule(side=sides, records=strategies.batches)
    def put(self, side: int, records: list[dict[str, Any]]) -> None:
        self.clients[side].put_vectors(**self.where, vectors=records)
        for record in records:
            self.shelf.put(record)

    @rule(side=sides, keys=st.lists(strategies.keys, min_size=1, max_size=6))
    def delete(self, side: int, keys: list[str]) -> None:
        self.clients[side].delete_vectors(**self.where, keys=keys)
        for key in keys:
            self.shelf.delete(key)

    @rule(side=sides, keys=st.lists(strategies.keys, min_size=1, max_size=8))
    def get(self, side: int, keys: list[str]) -> None:
        found = self.clients[side].get_vectors(**self.where, keys=keys, returnData=True, returnMetadata=True)["vectors"]
        assert sorted(keys_of(found)) == sorted(set(keys) & self.shelf.records.keys())
        self.check_contents(found)

    @rule(side=sides, size=st.integers(1, 9), segments=st.integers(1, 4))
    def list_pages(self, side: int, size: int, segments: int) -> None:
        found: list[dict[str, Any]] = []
        for number in range(segments):
            asked = {"segmentCount": segments, "segmentIndex": number} if segments > 1 else {}
            found += list_all(self.clients[side], self.where, maxResults=size, returnData=True, returnMetadata=True, **asked)
        assert sorted(keys_of(found)) == sorted(self.shelf.records)
        self.check_contents(found)

    def check_contents(self, found: list[dict[str, Any]]) -> None:
        for vector in found:
            values, metadata, _ = self.shelf.records[vector["key"]]
            assert vector["data"]["float32"] == list(values)
            assert vector["metadata"] == metadata

    @rule(side=sides, query=strategies.vectors, k=st.integers(1, 30), filter_=st.none() | strategies.filters)
    def query(self, side: int, query: list[float], k: int, filter_: dict[str, Any] | None) -> None:
        asked = {} if filter_ is None else {"filter": filter_}
        hits = query_all(
            self.clients[side], self.where, topK=k, queryVector={"float32": query}, returnDistance=True, **asked
        )
        self.shelf.check_nearest(hits, query, k, filter_)

    @rule(side=sides)
    def scan(self, side: int) -> None:
        table = self.clients[side].scan(**self.where, vectors=True)
        assert sorted(table.column("$key").to_pylist()) == sorted(self.shelf.records)
        for row in table.select(["$key", "$vector"]).to_pylist():
            assert row["$vector"] == list(self.shelf.records[row["$key"]][0])

    @rule(side=sides)
    def reopen(self, side: int) -> None:
        """Close, which saves a snapshot, and open again."""
        self.clients[side].close()
        self.clients[side] = EmbeddedClient(self.directory)

    @precondition(lambda self: self.shelf.records)
    @rule(side=sides)
    def lose_snapshots(self, side: int) -> None:
        for folder in self.directory.glob("indexes/*/snapshot-*"):
            shutil.rmtree(folder, ignore_errors=True)

    @rule(side=sides)
    def delete_index(self, side: int) -> None:
        described = self.clients[1 - side].get_index(**self.where)["index"]
        self.clients[side].delete_index(**self.where)
        with pytest.raises(NotFoundError):
            self.clients[1 - side].list_vectors(**self.where)
        kept = {key: described[key] for key in ("dimension", "distanceMetric", "metadataConfiguration")}
        make_index(self.clients[side], **kept)
        self.shelf = Shelf(self.shelf.cosine)

    @invariant()
    def revisions_agree(self) -> None:
        if self.where:
            assert self.clients[0].revision(**self.where) == self.clients[1].revision(**self.where)

    def teardown(self) -> None:
        for client in self.clients:
            client.close()
        shutil.rmtree(self.directory, ignore_errors=True)


@pytest.mark.usefixtures("small_thresholds")
def test_two_connections_agree_with_a_dictionary(quick_path: Path) -> None:
    Histories.base = quick_path
    run_state_machine_as_test(
        Histories,
        settings=settings(max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)),
    )
