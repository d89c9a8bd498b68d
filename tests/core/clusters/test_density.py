"""Density clusters: found, ordered, told from noise, assigned; and kept in a file."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.analysis.clusters import GRANULARITIES, Clusters, clusters, clusters_at, least_members
from core.analysis.clusters.modularity import modularity
from core.analysis.neighbours import Neighbours, nearest
from core.errors import ConfigError


def blobs(*sizes: int, width: float = 0.01, loose: int = 0) -> np.ndarray:
    """Return that many points around each of some places far apart, then some far from all."""
    random = np.random.default_rng(0)
    places = [(0.2, 0.2), (0.8, 0.8), (0.8, 0.2), (0.2, 0.8)]
    parts = [random.normal(place, width, (size, 2)) for place, size in zip(places, sizes, strict=False)]
    row = np.column_stack([np.arange(loose) - 3, np.full(loose, 5)])
    return np.concatenate([*parts, row]).astype(np.float32)


def test_codes_go_by_size_and_noise_is_kept_apart() -> None:
    found = clusters(blobs(30, 60, 45, loose=12), least=15)
    assert found.sizes.tolist() == [60, 45, 30]
    assert found.codes.tolist() == [2] * 30 + [0] * 60 + [1] * 45 + [-1] * 12
    assert found.noise == pytest.approx(12 / 147)
    assert found.rows(2).tolist() == list(range(30))
    assert len(found.rows(-1)) == 12
    assert (found.ids.tolist(), found.given, found.least) == ([0, 1, 2], 3, 15)
    assert (found.strength[-12:] == 0).all()
    assert found.strength[:135].min() > 0


def test_noise_is_assigned_on_the_map_or_by_the_vectors() -> None:
    coords = np.concatenate([blobs(40, 40), [[-3, -3], [4, 4], [-1, 0]]]).astype(np.float32)
    on_map = clusters(coords, least=15)
    assert on_map.codes[-3:].tolist() == [-1, -1, -1]
    assert on_map.nearest[-3:].tolist() == [on_map.codes[0], on_map.codes[40], on_map.codes[0]]
    matrix = np.zeros((83, 3), np.float32)
    matrix[:40, 0] = matrix[40:80, 1] = 1
    matrix[80:82, 1], matrix[82] = 5, 0  # length says nothing, and a vector of zeros belongs nowhere: to the first
    by_vectors = clusters(coords, least=15, matrix=matrix)
    assert by_vectors.nearest[80:].tolist() == [by_vectors.codes[40], by_vectors.codes[40], 0]
    assert (by_vectors.codes == on_map.codes).all()


@pytest.mark.parametrize("count", [0, 1, 2, 9, 30])
@pytest.mark.parametrize("least", [2, 5])
def test_where_nothing_is_denser_all_is_noise(count: int, least: int) -> None:
    found = clusters(np.full((count, 2), 0.5, np.float32), least=least)
    assert (found.count, found.codes.tolist(), found.nearest.tolist()) == (0, [-1] * count, [-1] * count)
    assert found.noise == float(count > 0)


def test_a_cluster_of_less_than_two_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least 2 members, not 1"):
        clusters(blobs(20), least=1)


def test_a_large_cluster_without_parts_stays_whole() -> None:
    assert clusters(blobs(400, 60, 40), least=5).sizes.tolist() == [400, 60, 40]


def test_a_large_cluster_with_parts_is_told_as_them() -> None:
    """Four heaps side by side, and one far away: HDBSCAN's most stable clusters are two."""
    random = np.random.default_rng(3)
    heaps = [random.normal((0.05 * number, 0.1), 0.006, (150, 2)) for number in range(4)]
    coords = np.concatenate([*heaps, random.normal((9, 9), 0.006, (30, 2))]).astype(np.float32)
    found = clusters(coords, least=10)
    assert found.count >= 5
    assert found.sizes.max() <= 150
    assert len({int(np.bincount(found.nearest[start : start + 150]).argmax()) for start in range(0, 600, 150)}) == 4
    assert found.sizes.sum() == (found.codes >= 0).sum()


def test_several_sizes_at_once_are_those_one_by_one() -> None:
    coords = blobs(60, 45, 30, 25, width=0.05, loose=20)
    at = clusters_at(coords, {"broad": 40, "medium": 12, "fine": 5})
    assert list(at) == list(GRANULARITIES)
    for found in at.values():
        alone = clusters(coords, least=found.least)
        assert (found.codes == alone.codes).all()
        assert (found.strength == alone.strength).all()


def test_the_medium_grain_is_the_most_modular_where_neighbours_are_known() -> None:
    """Sixty heaps of nine, too small for the number of memories, are told apart by what is near what."""
    random = np.random.default_rng(1)
    heaps = np.repeat(np.stack(np.meshgrid(np.arange(10), np.arange(6)), axis=-1).reshape(-1, 2), 9, axis=0)
    coords = (heaps + random.normal(0, 0.02, heaps.shape)).astype(np.float32)
    leasts = {name: least_members(len(coords), name) for name in GRANULARITIES} | {"medium": 14}
    plain = clusters_at(coords, leasts)
    told = clusters_at(coords, leasts, None, nearest(coords, k=15, metric="euclidean"))
    assert plain["medium"].count < told["medium"].count == 60
    assert told["medium"].least < leasts["medium"]
    assert all((told[name].codes == plain[name].codes).all() for name in ("broad", "fine"))


def test_modularity_is_what_is_shared_beyond_chance() -> None:
    rows = np.array([[1, 2], [0, 2], [0, 1], [4, 5], [3, 5], [3, 4]], np.int32)
    found = Neighbours(rows, np.tile(np.array([0.1, 0.2], np.float32), (6, 1)), 1.0, "cosine")
    assert modularity(np.array([0, 0, 0, 1, 1, 1], np.int32), found) == pytest.approx(0.5)
    assert modularity(np.zeros(6, np.int32), found) == pytest.approx(0, abs=1e-6)
    assert modularity(np.array([0, 1, 2, 0, 1, 2], np.int32), found) < 0
    for k, count in ((0, 6), (0, 0)):
        alone = Neighbours(np.zeros((count, k), np.int32), np.zeros((count, k), np.float32), 1.0, "cosine")
        assert modularity(np.zeros(count, np.int32), alone) == 0
    same = Neighbours(rows, np.zeros((6, 2), np.float32), 1.0, "cosine")
    assert modularity(np.array([0, 0, 0, 1, 1, 1], np.int32), same) == pytest.approx(0.5)


@given(arrays(np.float32, st.tuples(st.integers(0, 60), st.just(2)), elements=st.integers(0, 20).map(lambda one: one / 20)))
@settings(max_examples=40, deadline=None)
def test_what_holds_for_every_map(coords: np.ndarray) -> None:
    found = clusters(coords, least=4)
    assert found.codes.dtype == found.nearest.dtype == np.int32
    assert (np.diff(found.sizes) <= 0).all()
    assert all(size >= 4 for size in found.sizes)
    assert ((found.strength >= 0) & (found.strength <= 1)).all()
    assert (found.nearest[found.codes >= 0] == found.codes[found.codes >= 0]).all()
    assert (found.nearest >= 0).all() or not found.count


def test_the_least_size_grows_with_the_memories_and_shrinks_with_the_grain() -> None:
    for count in (0, 10, 1_000, 100_000):
        broad, medium, fine = (least_members(count, name) for name in GRANULARITIES)
        assert broad > medium > fine >= 3
    assert least_members(100_000) == 126


def test_a_file_gives_the_same_back() -> None:
    found = clusters(blobs(30, 60, loose=12), least=15)
    again = Clusters.of_arrays(found.to_arrays())
    for name, value in vars(found).items():
        assert np.array_equal(getattr(again, name), value)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        pytest.param({"codes": np.zeros(3, np.int32)}, "3 codes do not fit", id="lengths"),
        pytest.param({"ids": np.zeros(1, np.int32)}, "beyond the 1 ids", id="codes"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(change: dict[str, np.ndarray], error: str) -> None:
    held = clusters(blobs(30, 60), least=15).to_arrays()
    with pytest.raises(ValueError, match=error):
        Clusters.of_arrays(held | change)
    with pytest.raises(KeyError):
        Clusters.of_arrays({})
