"""Maps on disk: what was kept comes back, what is damaged does not, and what is erased is gone."""

from __future__ import annotations

import io
import os
import zlib

import numpy as np
import pytest

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.errors import ConfigError, StorageError
from core.maps import MapParameters, maps_directory
from core.maps.forgetting import forget_maps, forget_memories
from core.maps.keeping import KeptMaps, key_digests
from core.maps.sealed import sealed
from core.models.embedding import HashingEmbedder
from core.snapshots.keeping import key_of
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
    seen = [maps.erasures("arn:one")]
    for _ in range(2):  # in one tick of the clock too
        forget_memories(tmp_path, "arn:one", ["m000007"])
        seen.append(maps.erasures("arn:one"))
    assert sorted(set(seen)) == seen, "two erasures look like one"
    maps.save("one", PLAIN, make_kept(make_vectors(40)), erasures=seen[-2])
    assert maps.load("one", PLAIN) is None
    maps.save("one", PLAIN, make_kept(make_vectors(40)), erasures=seen[-1])
    maps.save("two", PLAIN, make_kept(make_vectors(40), arn="arn:two"), erasures=0)
    assert None not in (maps.load("one", PLAIN), maps.load("two", PLAIN)), "an erasure elsewhere is no matter"


def test_the_maps_of_an_index_can_be_forgotten(tmp_path):
    maps = KeptMaps(tmp_path)
    for key, arn in (("one", "arn:one"), ("two", "arn:two"), ("three", "arn:three")):
        maps.save(key, PLAIN, make_kept(make_vectors(40), arn=arn), erasures=0)
    forget_maps(tmp_path, "arn:one")
    forget_maps(tmp_path, "arn:two")
    assert [maps.load(key, PLAIN) is None for key in ("one", "two", "three")] == [True, True, False]


def test_an_index_that_is_deleted_leaves_no_map_to_the_next_of_its_name(tmp_path):
    catalog = open_catalog(tmp_path, embedder_factory=lambda: HashingEmbedder(16), log_recalls=False)
    stores = [catalog.create(name, actor=LOCAL_ADMIN) for name in ("agents", "others")]
    files = KeptMaps(maps_directory(stores[0]))
    for store in stores:
        files.save(key_of(store), PLAIN, make_kept(make_vectors(40), arn=store.info.arn), erasures=0)
    begun = files.erasures(stores[0].info.arn)
    catalog.delete("agents", actor=LOCAL_ADMIN)
    assert [files.load(key_of(store), PLAIN) is None for store in stores] == [True, False]
    files.save(key_of(stores[0]), PLAIN, make_kept(make_vectors(40), arn=stores[0].info.arn), erasures=begun)
    anew = catalog.create("agents", actor=LOCAL_ADMIN)
    assert [files.load(key_of(store), PLAIN) for store in (stores[0], anew)] == [None, None]
    catalog.close()


def test_two_servers_may_share_a_directory(tmp_path, monkeypatch):
    """One removes what the other looks at, and what a third left half written an hour ago."""
    monkeypatch.setattr("core.maps.keeping._MOST_BYTES", 1)
    one, two = KeptMaps(tmp_path), KeptMaps(tmp_path)
    kept = make_kept(make_vectors(40))
    for place, maps in enumerate((one, two, one)):
        maps.save(f"index {place}", PLAIN, kept, erasures=0)
    assert len(list(tmp_path.rglob("*.map"))) == 1, "the directory grows"
    assert one.load("index 2", PLAIN) is not None
    folder = tmp_path / "v1" / "index 2"
    half, left = folder / ".draft-1", folder / ".draft-2"
    for path in (half, left):
        path.write_bytes(b"Persephone")
    os.utime(left, (0, 0))
    two.save("index 2", PLAIN, kept, erasures=0)
    assert [path.exists() for path in (half, left)] == [True, False]
    forget_memories(tmp_path, "arn:one", ["m000007"])
    assert not half.exists(), "an erased memory's words are in what is being written"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("about", np.frombuffer(b"[]", np.uint8), id="no description"),
        pytest.param("infos", np.frombuffer(b"{", np.uint8), id="half of a text"),
        pytest.param("coords", np.zeros((40, 5), np.float32), id="five dimensions"),
        pytest.param("coords", np.full((40, 2), np.nan, np.float32), id="nowhere"),
        pytest.param("coords", np.zeros((39, 2), np.float32), id="a row less"),
        pytest.param("neighbours", np.full((40, 5), 40, np.int32), id="neighbours beyond the rows"),
        pytest.param("fine.codes", np.full(40, -2, np.int32), id="codes before the first"),
        pytest.param("fine.sizing", np.array([2**40, 5]), id="more clusters than can be"),
        pytest.param("keys", np.array([None] * 40, object), id="objects"),
    ],
)
def test_a_map_of_another_program_is_passed_over_and_goes_with_the_next_erasure(tmp_path, name, value):
    maps = KeptMaps(tmp_path)
    maps.save("one", PLAIN, make_kept(make_vectors(40)), erasures=0)
    (file,) = tmp_path.rglob("*.map")
    buffer = io.BytesIO()
    np.savez(buffer, **(sealed(file) | {name: value}))
    content = buffer.getvalue()
    file.write_bytes(len(content).to_bytes(8, "little") + zlib.crc32(content).to_bytes(4, "little") + content)
    assert maps.load("one", PLAIN) is None
    forget_memories(tmp_path, "arn:one", ["never there"])
    assert not file.exists()


def test_where_nothing_can_be_written_nothing_is_kept_nor_forgotten(tmp_path):
    file = tmp_path / "file"
    file.write_text("in the way")
    maps = KeptMaps(file)
    with pytest.raises(OSError, match="file"):
        maps.save("one", PLAIN, make_kept(make_vectors(4)), erasures=0)
    assert (maps.load("one", PLAIN), maps.erasures("arn:one")) == (None, 0)
    forget_memories(file, "arn:one", ["m000001"])
    (tmp_path / "maps" / "v1").mkdir(parents=True)
    (tmp_path / "maps" / "v1" / "erased").write_text("in the way")
    with pytest.raises(StorageError, match="delete that directory"):
        forget_maps(tmp_path / "maps", "arn:one")


def test_without_a_directory_nothing_is_kept():
    maps = KeptMaps(None)
    maps.save("one", PLAIN, make_kept(make_vectors(40)), erasures=maps.erasures("arn:one"))
    assert maps.load("one", PLAIN) is None
