"""With which vectors the proofs are foreseen: those that the index holds where they are what a recall would ask with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.memory.record import Record
from core.models.embedding import HashingEmbedder
from tests.core.curation.desks import ADA, apply, make_desk
from tests.core.curation.merge_builders import FILLER, make_merge_desk, stand_in_plan
from tests.core.memory_builders import make_memory

KEYS = tuple(f"f{place}" for place in range(len(FILLER)))


class Counting(HashingEmbedder):
    """Counts the texts that it is asked for."""

    def __init__(self) -> None:
        super().__init__(64)
        self.memories, self.queries = 0, 0

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.memories += len(texts)
        return super().embed(texts)


class Asking(Counting):
    """Reads a query in another way than a memory."""

    def embed_query(self, text: str) -> np.ndarray:
        self.queries += 1
        return super().embed([f"a query: {text}"])[0]


def as_written(store: Any) -> None:
    """Leave the vectors as the embedder made them."""


def given(store: Any) -> None:
    """Give the memories vectors of somebody else's."""
    records = store.records.get(KEYS, actor=LOCAL_ADMIN)
    vectors = np.random.default_rng(0).standard_normal((len(KEYS), 64)).astype(np.float32)
    put = {key: Record(records[key].metadata, vector) for key, vector in zip(KEYS, vectors, strict=True)}
    store.records.put(put, actor=LOCAL_ADMIN)


@pytest.mark.parametrize(
    ("embedder", "vectors", "most", "queries"),
    [
        pytest.param(Counting, as_written, 12, 0, id="those of the index are ours: a few are compared"),
        pytest.param(Counting, given, 14 + len(KEYS), 0, id="somebody else gave them: the texts are embedded, many at once"),
        pytest.param(Asking, as_written, 4 * len(KEYS), len(KEYS), id="a query is embedded otherwise: each is"),
    ],
)
def test_no_text_is_embedded_whose_vector_is_known(
    tmp_path: Path, embedder: type[Counting], vectors: Callable[[Any], None], most: int, queries: int
) -> None:
    ours = embedder()
    store = open_catalog(tmp_path, embedder_factory=lambda: ours).create("agents", actor=LOCAL_ADMIN)
    store.write([make_memory(key, text) for key, text in zip(KEYS, FILLER, strict=True)], actor=LOCAL_ADMIN)
    vectors(store)
    desk = make_desk(store, tmp_path)
    plan = stand_in_plan(desk, *KEYS)
    ours.memories = ours.queries = 0
    told: list[tuple[int, int]] = []
    preview = desk.preflight(plan, actor=ADA, progress=lambda done, total: told.append((done, total)))
    assert ours.memories <= most
    assert ours.queries >= queries - 1
    assert told == [(0, len(KEYS) - 1), (16, len(KEYS) - 1)]
    assert dict(apply(desk, plan).spared) == preview.unproved


def test_a_pre_flight_is_stopped_by_who_hears_of_it(tmp_path: Path) -> None:
    desk = make_merge_desk(tmp_path)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.preflight(stand_in_plan(desk, *KEYS[:3]), actor=ADA, progress=stop)
