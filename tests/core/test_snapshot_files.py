"""Snapshots on disk: private, whole or not there, and never a reason to fail."""

from __future__ import annotations

import json
import os
import resource
import stat
import zlib
from pathlib import Path

import numpy as np
import orjson
import pytest

from core.analysis.snapshot import Snapshots
from core.snapshots.files import FORMAT, SnapshotFiles
from tests.core.snapshot_builders import Clock, Service, refreshed, rows_of, shown

RECORDS = {f"k{n}": {"content": f"text {n}", "tags": ["a", "b"][: n % 3 or None]} for n in range(20)}


@pytest.fixture
def service(tmp_path: Path):
    made = Service(tmp_path / "service")
    made.put(RECORDS)
    yield made
    made.close()


def folder_of(cache: Path) -> Path:
    (folder,) = [path.parent for path in cache.rglob("manifest.json")]
    return folder


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def make_other_version(path: Path) -> None:
    about = json.loads(path.read_text()) | {"format": FORMAT + 1}
    about.pop("crc32")
    about["crc32"] = zlib.crc32(orjson.dumps(about, option=orjson.OPT_SORT_KEYS))
    path.write_bytes(orjson.dumps(about))


@pytest.mark.parametrize("part", ["manifest.json", "rows.arrow", "vectors.f32"])
@pytest.mark.parametrize("damage", [truncate, flip, Path.unlink, make_other_version])
def test_what_is_damaged_or_of_another_version_is_read_again(part, damage, service, tmp_path):
    if damage is make_other_version and part != "manifest.json":
        pytest.skip("only the manifest has a version")
    clock = Clock()
    before = rows_of(shown(Snapshots(tmp_path / "cache", clock=clock), service.store, vectors=True))
    damage(folder_of(tmp_path / "cache") / part)
    service.calls.clear()
    after = shown(Snapshots(tmp_path / "cache", clock=clock), service.store, vectors=True)
    assert service.count("ListVectors") == 20
    assert rows_of(after) == before
    service.calls.clear()
    shown(Snapshots(tmp_path / "cache", clock=clock), service.store, vectors=True)
    assert service.count("ListVectors") == 0


def test_only_the_owner_may_read_them(service, tmp_path):
    (tmp_path / "cache").mkdir(mode=0o755)
    mask = os.umask(0)
    try:
        shown(Snapshots(tmp_path / "cache"), service.store, vectors=True)
    finally:
        os.umask(mask)
    found = list((tmp_path / "cache").rglob("*"))
    assert len(found) > 5
    assert {path for path in found if stat.S_IMODE(path.stat().st_mode) & 0o077} == set()


def no_room(cache: Path) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def not_a_directory(cache: Path) -> None:
    cache.write_text("a file")


def no_permission(cache: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    cache.mkdir(mode=0o500)


@pytest.mark.parametrize("hinder", [no_room, not_a_directory, no_permission])
def test_what_cannot_be_written_stays_in_memory_and_says_so(hinder, service, tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    snapshots = Snapshots(tmp_path / "cache")
    store = service.store
    hinder(tmp_path / "cache")
    try:
        found = shown(snapshots, store, vectors=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert set(rows_of(found)) == set(RECORDS)
    assert "could not be written to disk" in found.notes[0]
    assert not list(tmp_path.glob("cache/**/.draft-*"))
    if hinder is no_room:
        assert refreshed(snapshots, store).notes == ()


def test_one_snapshot_of_an_index_is_kept_and_unchanged_vectors_are_not_written_again(service, tmp_path):
    clock = Clock()
    snapshots = Snapshots(tmp_path / "cache", clock=clock)
    shown(snapshots, service.store, vectors=True)
    first = folder_of(tmp_path / "cache")
    clock.pass_(10)
    assert refreshed(snapshots, service.store).taken_at == clock.now
    assert folder_of(tmp_path / "cache") == first
    service.put({"new": {"content": "later"}})
    clock.pass_(10)
    refreshed(snapshots, service.store)
    assert folder_of(tmp_path / "cache") != first


def test_the_oldest_go_beyond_the_limits(tmp_path):
    clock = Clock()
    services = [Service(tmp_path / "service", name=f"index{n}") for n in range(4)]
    snapshots = Snapshots(tmp_path / "cache", clock=clock)
    snapshots._files = SnapshotFiles(tmp_path / "cache", max_indexes=2)
    for place, service in enumerate(services):
        service.put(RECORDS)
        shown(snapshots, service.store)
        path = folder_of_index(tmp_path / "cache", f"index{place}")
        os.utime(path / "rows.arrow", (place, place))
        os.utime(path / "manifest.json", (place, place))
    kept = {json.loads(path.read_text())["index"] for path in (tmp_path / "cache").rglob("manifest.json")}
    assert kept == {"index2", "index3"}
    for service in services:
        service.close()


def folder_of_index(cache: Path, name: str) -> Path:
    return next(path.parent for path in cache.rglob("manifest.json") if json.loads(path.read_text())["index"] == name)


def test_what_a_process_that_died_left_half_written_is_cleared_away(service, tmp_path):
    clock = Clock()
    snapshots = Snapshots(tmp_path / "cache", clock=clock)
    shown(snapshots, service.store)
    draft = folder_of(tmp_path / "cache").parent / ".draft-1"
    draft.mkdir()
    (draft / "rows.arrow").write_bytes(b"half")
    service.put({"new": {"content": "later"}})
    refreshed(snapshots, service.store)
    assert not draft.exists()


def test_an_index_without_records_is_a_snapshot_too(service, tmp_path):
    service.delete(*RECORDS)
    for _ in range(2):
        found = shown(Snapshots(tmp_path / "cache"), service.store, vectors=True)
        assert (found.rows, found.vectors().shape, found.vectors().dtype) == (0, (0, 4), np.float32)
