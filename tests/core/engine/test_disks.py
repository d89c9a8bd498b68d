"""Directories that may not be written and disks that are full."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from core.errors import StorageError, StorageFullError, StorageReadOnlyError
from core.vectors.embedded import EmbeddedClient
from tests.core.builders import BUCKET, Where, list_all, make_client, make_index, make_record, put, query_all

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="permissions and mounts of Unix")

WHERE: Where = {"vectorBucketName": BUCKET, "indexName": "agents"}
TEXTS = {"textSearchConfigurations": [{"metadataKey": "content"}]}
NOBODY = 65534


@contextmanager
def unprivileged() -> Iterator[None]:
    """Run the block without root's right to ignore permissions."""
    if os.geteuid() != 0:
        yield
        return
    try:
        os.seteuid(NOBODY)
    except OSError as error:
        pytest.skip(f"root here, and cannot become another user: {error}")
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_path() -> Iterator[Path]:
    """Return a directory that anybody can reach and read: pytest's own is closed to others."""
    directory = Path(tempfile.mkdtemp(prefix="mnemoscope-"))
    directory.chmod(0o755)
    yield directory
    for path in [directory, *directory.rglob("*")]:
        path.chmod(0o755)
    shutil.rmtree(directory)


def fill(directory: Path, rows: int = 50) -> Path:
    client = make_client(directory)
    where = make_index(client, metadataConfiguration=TEXTS)
    put(client, where, *(make_record(f"k{n}", [1, n], {"n": n, "content": f"word{n}"}) for n in range(rows)))
    client.close()
    return directory


def read_everything(client: EmbeddedClient, rows: int = 50) -> None:
    assert len(client.list_indexes(vectorBucketName=BUCKET)["indexes"]) == 1
    assert len(list_all(client, WHERE, returnMetadata=True)) == rows
    assert len(query_all(client, WHERE, filter={"n": {"$lt": 7}})) == 7
    assert len(query_all(client, WHERE, queryTexts=[{"metadataKey": "content", "text": "word7"}])) == 1
    assert client.scan(**WHERE, vectors=True).num_rows == rows
    assert client.revision(**WHERE)


WRITES: list[Any] = [
    pytest.param(lambda client: put(client, WHERE, make_record()), id="put"),
    pytest.param(lambda client: client.delete_vectors(**WHERE, keys=["k1"]), id="delete"),
    pytest.param(lambda client: client.create_vector_bucket(vectorBucketName="another"), id="bucket"),
    pytest.param(lambda client: make_index(client, "another"), id="index"),
    pytest.param(lambda client: client.delete_index(**WHERE), id="delete-index"),
]


def open_and_put(directory: Path) -> None:
    """Open for writing and write, wherever that may fail."""
    client = EmbeddedClient(directory)
    try:
        put(client, WHERE, make_record())
    finally:
        client.close()


def closed_to_writing(directory: Path) -> None:
    for path in [*directory.rglob("*"), directory]:
        path.chmod(0o555 if path.is_dir() else 0o444)


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("writable", [True, False], ids=["writable-directory", "read-only-directory"])
def test_a_client_for_reading_reads_and_refuses_to_write(
    open_path: Path, writable: bool, write: Callable[[Any], Any]
) -> None:
    fill(open_path)
    if not writable:
        closed_to_writing(open_path)
    before = sorted(path.name for path in open_path.rglob("*.sqlite"))
    with nullcontext() if writable else unprivileged():
        client = EmbeddedClient(open_path, read_only=True)
        read_everything(client)
        with pytest.raises(StorageReadOnlyError, match=r"cannot be written|for reading"):
            write(client)
        read_everything(client)
        client.close()
    assert sorted(path.name for path in open_path.rglob("*.sqlite")) == before


def test_a_read_only_directory_is_said_to_be_one(open_path: Path) -> None:
    open_path.chmod(0o555)
    with unprivileged(), pytest.raises(StorageError, match=r"cannot be (written|opened): check"):
        EmbeddedClient(open_path)
    with unprivileged(), pytest.raises(StorageReadOnlyError, match=r"cannot be written: check its permissions"):
        EmbeddedClient(open_path / "below")


def test_a_read_only_store_is_said_to_be_one(open_path: Path) -> None:
    fill(open_path)
    closed_to_writing(open_path)
    with unprivileged(), pytest.raises(StorageReadOnlyError, match=r"cannot be written: check its permissions"):
        open_and_put(open_path)
    client = EmbeddedClient(open_path, read_only=True)
    read_everything(client)
    client.close()


def test_a_directory_that_may_not_be_entered(open_path: Path) -> None:
    fill(open_path / "store")
    (open_path / "store").chmod(0o000)
    for read_only in (False, True):
        with unprivileged(), pytest.raises(StorageError, match=r"cannot be (written|opened|entered): check"):
            EmbeddedClient(open_path / "store", read_only=read_only)


def mounted(directory: Path, *options: str) -> None:
    """Mount something on a directory or skip the test with the reason."""
    found = shutil.which("mount")
    if found is None or os.geteuid() != 0:
        pytest.skip("mounting needs root and `mount`")
    done = subprocess.run([found, *options, str(directory)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")


@pytest.fixture
def unmounted(tmp_path: Path) -> Iterator[Path]:
    """Return a directory to mount on, unmounted afterwards."""
    directory = tmp_path / "mount"
    directory.mkdir()
    yield directory
    subprocess.run(["umount", str(directory)], capture_output=True, check=False)
    assert not directory.is_mount(), "something of the test is still open there"


def test_a_read_only_mount(unmounted: Path) -> None:
    mounted(unmounted, "-t", "tmpfs", "-o", "size=16m", "tmpfs")
    fill(unmounted)
    mounted(unmounted, "-o", "remount,ro")
    client = EmbeddedClient(unmounted, read_only=True)
    read_everything(client)
    client.close()
    with pytest.raises(StorageReadOnlyError, match="cannot be written"):
        open_and_put(unmounted)


def fill_disk(filler: Path) -> None:
    """Write a file until nothing fits any more."""
    with filler.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(b"x" * 4096)
            except OSError:
                return


class TestFullDisk:
    """A disk of 6 MB, of which a filler takes a part that is then given back."""

    @pytest.fixture
    def disk(self, unmounted: Path) -> Path:
        mounted(unmounted, "-t", "tmpfs", "-o", "size=6m", "tmpfs")
        return unmounted

    def fill_up(self, client: EmbeddedClient, where: Where) -> set[str]:
        """Put until the disk is full; return the keys that were acknowledged."""
        kept: set[str] = set()
        for turn in range(10_000):
            batch = [make_record(f"b{turn}-{n}", [1, n], {"n": n, "content": "word " * 100}) for n in range(20)]
            try:
                put(client, where, *batch)
            except StorageFullError:
                return kept
            kept |= {record["key"] for record in batch}
        raise AssertionError("never full")

    @pytest.mark.parametrize("reopen", [False, True])
    def test_nothing_acknowledged_is_lost_and_writing_goes_on(self, disk: Path, reopen: bool) -> None:
        filler = disk / "filler"
        filler.write_bytes(b"x" * 2_000_000)
        client = make_client(disk / "store")
        where = make_index(client, metadataConfiguration=TEXTS)
        kept = self.fill_up(client, where)
        assert kept
        assert {vector["key"] for vector in list_all(client, where)} == kept
        assert {hit["key"] for hit in query_all(client, where)} == kept
        for _ in range(3):  # it stays usable, and stays full
            with pytest.raises(StorageFullError, match="No space is left"):
                put(client, where, *(make_record(f"x{n}", metadata={"content": "word " * 300}) for n in range(500)))
        if reopen:
            client.close()
            client = EmbeddedClient(disk / "store")
            assert {vector["key"] for vector in list_all(client, where)} == kept
        filler.unlink()
        put(client, where, make_record("after"))
        assert {hit["key"] for hit in query_all(client, where)} == kept | {"after"}
        assert client.scan(**where).num_rows == len(kept) + 1
        client.close()

    def test_no_index_is_half_made(self, disk: Path) -> None:
        client = make_client(disk / "store")
        filler = disk / "filler"
        fill_disk(filler)
        with pytest.raises(StorageFullError):
            make_index(client)
        assert client.list_indexes(vectorBucketName=BUCKET)["indexes"] == []
        filler.unlink()
        where = make_index(client)
        put(client, where, make_record())
        assert len(list_all(client, where)) == 1
        client.close()

    def test_no_space_for_a_store_at_all(self, disk: Path) -> None:
        filler = disk / "filler"
        fill_disk(filler)
        with pytest.raises(StorageFullError, match="No space is left"):
            make_client(disk / "store")
        filler.unlink()
        make_client(disk / "store").close()
