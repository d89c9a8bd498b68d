"""Maps on disk: what was kept comes back, what is damaged does not, and what is erased is gone."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import ConfigError
from core.maps import MapParameters
from core.maps.keeping import KeptMaps, forget_maps, forget_memories, key_digests
from tests.core.maps.builders import make_kept, make_vectors

PLAIN = MapParameters()


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"dims": 4}, id="four dimensions"),
        pytest.param({"neighbours": 1}, id="one neighbour"),
        pytest.param({"neighbours": 1000}, id="too many neighbours"),
        pytest.param({"min_dist": 2.0}, id="min_dist beyond spread"),
        pytest.param({"spread": 0.0, "min_dist": 0.0}, id="no spread"),
        pytest.param({"min_dist": float("nan")}, id="not a number"),
        pytest.param({"seed": -1}, id="a negative seed"),
    ],
)
def test_what_makes_no_map_is_refused(values):
    with pytest.raises(ConfigError, match=r"choose|make no map"):
        MapParameters(**values)


def test_what_is_kept_comes_back(tmp_path):
    maps, kept = KeptMaps(tmp_path), make_kept(make_vectors(40))
    maps.save("one", PLAIN, kept, erasures=maps.erasures())
    found = KeptMaps(tmp_path).load("one", PLAIN)
    for name in ("keys", "marks", "fitted", "coords"):
        assert np.array_equal(getattr(found, name), getattr(kept, name)), name
    assert np.array_equal(found.neighbours.rows, kept.neighbours.rows)
    assert (found.neighbours.recall, found.neighbours.metric, found.quality) == (1.0, "cosine", kept.quality)
    assert found.clusters["fine"].infos == kept.clusters["fine"].infos
    assert (found.arn, found.revision, found.method) == ("arn:one", "1", "umap")
    assert maps.load("one", MapParameters(seed=1)) is None
    assert maps.load("other", PLAIN) is None
    assert {path.stat().st_mode & 0o077 for path in tmp_path.rglob("*") if path.is_dir()} == {0}


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda raw: raw[: len(raw) // 2], id="cut"),
        pytest.param(lambda raw: raw[:900] + bytes(64) + raw[964:], id="overwritten"),
        pytest.param(lambda _: b"", id="empty"),
    ],
)
def test_a_damaged_map_is_passed_over(tmp_path, harm):
    maps = KeptMaps(tmp_path)
    maps.save("one", PLAIN, make_kept(make_vectors(40)), erasures=0)
    (file,) = tmp_path.rglob("*.map")
    file.write_bytes(harm(file.read_bytes()))
    assert maps.load("one", PLAIN) is None


def test_an_erased_memory_leaves_neither_its_digest_nor_its_words(tmp_path):
    maps, kept = KeptMaps(tmp_path), make_kept(make_vectors(40), label="Persephone")
    maps.save("one", PLAIN, kept, erasures=0)
    maps.save("two", PLAIN, make_kept(make_vectors(40), arn="arn:two"), erasures=0)
    (file,) = (tmp_path / "v1" / "one").iterdir()
    assert b"Persephone" in file.read_bytes()
    forget_memories(tmp_path, "arn:one", ["m000007"])
    found = maps.load("one", PLAIN)
    assert len(found.keys) == 39
    assert not np.isin(found.keys, key_digests(["m000007"])).any()
    assert int(key_digests(["m000007"])[0]).to_bytes(8, "little") not in file.read_bytes()
    assert b"Persephone" not in file.read_bytes()
    assert found.neighbours is None
    assert len(maps.load("two", PLAIN).keys) == 40


def test_a_map_that_was_begun_before_an_erasure_is_not_kept(tmp_path):
    maps = KeptMaps(tmp_path)
    before = maps.erasures()
    forget_memories(tmp_path, "arn:one", ["m000007"])
    maps.save("one", PLAIN, make_kept(make_vectors(40)), erasures=before)
    assert maps.load("one", PLAIN) is None
    maps.save("one", PLAIN, make_kept(make_vectors(40)), erasures=maps.erasures())
    assert maps.load("one", PLAIN) is not None


def test_the_maps_of_an_index_can_be_forgotten(tmp_path):
    maps = KeptMaps(tmp_path)
    for key, arn in (("one", "arn:one"), ("two", "arn:two"), ("three", "arn:three")):
        maps.save(key, PLAIN, make_kept(make_vectors(40), arn=arn), erasures=0)
    forget_maps(tmp_path, "arn:one")
    maps.forget("two")
    assert [maps.load(key, PLAIN) is None for key in ("one", "two", "three")] == [True, True, False]


def test_without_a_directory_nothing_is_kept():
    maps = KeptMaps(None)
    maps.save("one", PLAIN, make_kept(make_vectors(40)), erasures=maps.erasures())
    maps.forget("one")
    assert maps.load("one", PLAIN) is None
