"""A kept map on other memories: known ones keep their places whatever their order, new ones lie by their neighbours."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.maps import matching
from core.maps.matching import carried_over, marks_of
from core.vectors.client import KEY_COLUMN
from tests.core.maps.builders import make_kept, make_snapshot, make_vectors

KEYS = [f"k{row}" for row in range(60)]
VECTORS = make_vectors(60)
KEPT = make_kept(VECTORS[:40], keys=KEYS[:40])


def carried(rows, vectors=VECTORS):
    snapshot = make_snapshot(vectors[rows], keys=[KEYS[row] for row in rows])
    marks = marks_of(snapshot.table[KEY_COLUMN], snapshot.vectors())
    return carried_over(KEPT, *marks, snapshot.vectors(), metric="cosine")


@settings(max_examples=25)
@given(st.lists(st.integers(0, 59), unique=True, min_size=8))
def test_who_is_known_keeps_its_place(rows):
    found, known = carried(rows), [row for row in rows if row < 40]
    if 2 * len(known) < len(rows) or not known:
        assert found is None
        return
    for place, row in enumerate(rows):
        if row < 40:
            assert np.array_equal(found.coords[place], KEPT.coords[row])
            assert found.fitted[place]
    assert found.placed == len(rows) - len(known)
    assert np.isfinite(found.coords).all()
    assert found.exact == (sorted(rows) == list(range(40)))
    codes = found.clusters["broad"].clusters
    assert [int(codes.ids[code]) for code, row in zip(codes.codes, rows, strict=True) if row < 40] == [r % 4 for r in known]
    for info in found.clusters["broad"].infos:
        assert rows[info.central] == info.id
        assert info.size == codes.sizes[info.code]


def test_the_same_memories_in_another_order_keep_their_neighbours():
    rows = np.random.default_rng(1).permutation(40).tolist()
    found = carried(rows)
    assert found.exact
    for place, row in enumerate(rows):
        assert [rows[near] for near in found.neighbours.rows[place]] == KEPT.neighbours.rows[row].tolist()


def test_a_memory_with_another_vector_is_a_new_one():
    changed = VECTORS.copy()
    changed[3] = VECTORS[4] + 0.01
    found = carried(list(range(40)), changed)
    assert np.flatnonzero(~found.fitted).tolist() == [3]
    assert np.linalg.norm(found.coords[3] - KEPT.coords[4]) < np.linalg.norm(KEPT.coords[3] - KEPT.coords[4])


def test_a_new_memory_is_in_the_cluster_of_its_nearest():
    twin = VECTORS.copy()
    twin[50] = VECTORS[6] * 1.001
    found = carried([*range(40), 50], twin)
    assert not found.exact
    assert found.neighbours is None
    assert found.clusters["fine"].clusters.codes[40] == found.clusters["fine"].clusters.codes[6]


def test_a_large_map_is_searched_part_by_part(monkeypatch):
    whole = carried(list(range(60)))
    monkeypatch.setattr(matching, "_AT_ONCE", 17)
    found = carried(list(range(60)))
    assert np.allclose(found.coords, whole.coords, atol=1e-5)
    assert np.array_equal(found.clusters["fine"].clusters.codes, whole.clusters["fine"].clusters.codes)


def test_many_new_memories_are_a_drift():
    assert not carried(list(range(42))).drifted
    assert carried(list(range(43))).drifted


def test_a_cluster_without_members_is_no_more():
    found = carried([row for row in range(40) if row % 4 != 2])
    view = found.clusters["medium"]
    assert view.clusters.ids.tolist() == [0, 1, 3]
    assert [info.id for info in view.infos] == [0, 1, 3]
