"""Bad surroundings: files that are damaged, foreign or newer, directories that cannot be used. Each a clear message."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from core.errors import (
    MnemoscopeError,
    NotFoundError,
    StorageCorruptError,
    StorageError,
    StorageLocationError,
    StorageVersionError,
)
from core.vectors.embedded import EmbeddedClient, storage
from tests.core.builders import BUCKET, list_all, make_client, make_index, make_record, put, query_all

WHERE = {"vectorBucketName": BUCKET, "indexName": "agents"}
TEXTS = {"textSearchConfigurations": [{"metadataKey": "content"}], "nonFilterableMetadataKeys": ["content"]}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return the directory of a closed store with 300 records."""
    client = make_client(tmp_path)
    where = make_index(client, metadataConfiguration=TEXTS)
    put(client, where, *(make_record(f"k{n}", [1, n], {"n": n, "content": f"words {n} " * 9}) for n in range(300)))
    client.close()
    return tmp_path


def registry(directory: Path) -> Path:
    return directory / "mnemoscope.sqlite"


def database(directory: Path) -> Path:
    (path,) = directory.glob("indexes/*/data.sqlite")
    return path


def use_everything(directory: Path) -> None:
    """Open a store and read all of it in every way."""
    client = EmbeddedClient(directory)
    try:
        client.get_index(**WHERE)
        list_all(client, WHERE, returnData=True, returnMetadata=True)
        query_all(client, WHERE, filter={"n": {"$gte": 0}}, returnMetadata=True)
        query_all(client, WHERE, queryTexts=[{"metadataKey": "content", "text": "words 7"}])
        client.scan(**WHERE, vectors=True)
        put(client, WHERE, make_record("new", metadata={"content": "words"}))
        client.delete_vectors(**WHERE, keys=["k1"])
    finally:
        client.close()


@pytest.mark.parametrize("file", [registry, database])
class TestFiles:
    def test_a_newer_version_is_left_alone(self, store: Path, file: Callable[[Path], Path]) -> None:
        connection = apsw.Connection(str(file(store)))
        connection.pragma("user_version", 99)
        connection.close()
        before = file(store).read_bytes()
        with pytest.raises(StorageVersionError, match=r"newer Mnemoscope.*upgrade"):
            use_everything(store)
        assert file(store).read_bytes() == before

    @pytest.mark.parametrize("content", [b"not a database at all " * 400, b"\x00" * 8192], ids=["text", "zeros"])
    def test_what_is_no_database_is_left_alone(self, store: Path, file: Callable[[Path], Path], content: bytes) -> None:
        file(store).write_bytes(content)
        with pytest.raises(StorageCorruptError, match=file(store).name):
            use_everything(store)
        assert file(store).read_bytes() == content

    @pytest.mark.parametrize("version", [0, 1, 7])
    def test_a_database_of_another_program_is_left_alone(
        self, store: Path, file: Callable[[Path], Path], version: int
    ) -> None:
        path = file(store)
        path.unlink()
        connection = apsw.Connection(str(path))
        connection.execute("CREATE TABLE notes (text); INSERT INTO notes VALUES ('mine')")
        connection.pragma("user_version", version)
        connection.close()
        with pytest.raises(StorageCorruptError, match="not a Mnemoscope store"):
            use_everything(store)
        connection = apsw.Connection(str(path))
        assert list(connection.execute("SELECT * FROM notes")) == [("mine",)]
        connection.close()

    def test_a_cut_file_is_said_to_be_damaged(self, store: Path, file: Callable[[Path], Path]) -> None:
        data = file(store).read_bytes()
        file(store).write_bytes(data[: len(data) // 2])
        with pytest.raises(StorageCorruptError, match="damaged"):
            use_everything(store)


def test_a_damaged_page_is_an_error_of_ours_or_does_not_matter(store: Path) -> None:
    for folder in store.glob("indexes/*/snapshot-*"):
        shutil.rmtree(folder)
    whole = database(store).read_bytes()
    outcomes = []
    for page in range(0, len(whole), 4096):
        for place, junk in ((0, b"\xff" * 64), (2000, b"\x00{" * 40)):
            spoiled = whole[: page + place] + junk + whole[page + place + len(junk) :]
            database(store).write_bytes(spoiled)
            try:
                use_everything(store)
                outcomes.append("fine")
            except StorageError as error:
                outcomes.append(f"{type(error).__name__}: {error}")
            for extra in ("-wal", "-shm"):
                database(store).with_name(database(store).name + extra).unlink(missing_ok=True)
    assert any(outcome.startswith("StorageCorruptError") for outcome in outcomes)
    assert all(outcome == "fine" or "data.sqlite" in outcome for outcome in outcomes)
    assert all(outcome == "fine" or outcome.count("Index 'agents': ") == 1 for outcome in outcomes)


@pytest.mark.parametrize(
    "lose",
    [lambda path: path.write_bytes(b""), Path.unlink, lambda path: shutil.rmtree(path.parent)],
    ids=["empty", "file", "folder"],
)
def test_lost_files_of_an_index_are_told_not_made_anew(store: Path, lose: Callable[[Path], Any]) -> None:
    lose(database(store))
    client = EmbeddedClient(store)
    for _ in range(2):
        with pytest.raises(StorageCorruptError, match=r"missing.*restore a backup or delete the index"):
            list_all(client, WHERE)
    client.delete_index(**WHERE)
    make_index(client)
    client.close()


@pytest.mark.parametrize("read_only", [False, True])
def test_a_store_is_a_directory(tmp_path: Path, read_only: bool) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    with pytest.raises(StorageLocationError, match="is a file"):
        EmbeddedClient(path, read_only=read_only)
    with pytest.raises(StorageError):
        EmbeddedClient(path / "below", read_only=read_only)


def test_a_store_to_read_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(StorageLocationError, match="does not exist"):
        EmbeddedClient(tmp_path / "nowhere", read_only=True)
    with pytest.raises(StorageLocationError, match=r"no store in .* yet: import into it, or run `python -m core demo load`"):
        EmbeddedClient(tmp_path, read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_is_made_with_its_parents(tmp_path: Path) -> None:
    client = make_client(tmp_path / "a b" / "ü" / "c")
    where = make_index(client)
    put(client, where, make_record())
    client.close()


def test_a_store_may_be_moved_and_copied(store: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    copy = tmp_path_factory.mktemp("copy") / "store"
    shutil.copytree(store, copy)
    client = EmbeddedClient(copy)
    assert len(list_all(client, WHERE)) == len(query_all(client, WHERE)) == 300
    client.close()


@pytest.fixture
def closed(store: Path) -> Iterator[EmbeddedClient]:
    """Return a client that was closed, twice."""
    client = EmbeddedClient(store)
    list_all(client, WHERE)
    client.close()
    client.close()
    return client


@pytest.mark.parametrize(
    "use",
    [
        lambda client: client.list_vector_buckets(),
        lambda client: client.list_vectors(**WHERE),
        lambda client: client.put_vectors(**WHERE, vectors=[make_record()]),
        lambda client: client.create_vector_bucket(vectorBucketName="another"),
        lambda client: client.scan(**WHERE),
        lambda client: client.revision(**WHERE),
    ],
    ids=["list_vector_buckets", "list_vectors", "put_vectors", "create_vector_bucket", "scan", "revision"],
)
def test_a_closed_client_says_so(closed: EmbeddedClient, use: Callable[[EmbeddedClient], Any]) -> None:
    with pytest.raises(StorageError, match="closed"):
        use(closed)


class TestIndexDeletedByAnother:
    def test_it_is_not_found_and_closing_is_quiet(self, store: Path) -> None:
        client, other = EmbeddedClient(store), EmbeddedClient(store)
        put(client, WHERE, *(make_record(f"more{n}", [1, n]) for n in range(1_500)))
        other.delete_index(**WHERE)
        for use in (
            lambda: list_all(client, WHERE),
            lambda: query_all(client, WHERE),
            lambda: put(client, WHERE, make_record()),
            lambda: client.scan(**WHERE),
            lambda: client.delete_index(**WHERE),
        ):
            with pytest.raises(NotFoundError, match="The specified index could not be found"):
                use()
        client.close()
        other.close()
        assert list((store / "indexes").iterdir()) == []

    def test_a_new_one_of_the_same_name_is_another(self, store: Path) -> None:
        client, other = EmbeddedClient(store), EmbeddedClient(store)
        revision = client.revision(**WHERE)
        token = client.list_vectors(**WHERE, maxResults=5)["nextToken"]
        other.delete_index(**WHERE)
        make_index(other, dimension=3)
        put(other, WHERE, make_record("new", [1, 2, 3]))
        assert [vector["key"] for vector in list_all(client, WHERE)] == ["new"]
        assert client.revision(**WHERE) != revision
        with pytest.raises(MnemoscopeError, match="nextToken"):
            client.list_vectors(**WHERE, nextToken=token)
        client.close()
        other.close()


MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
30 22 0:40 / /mnt/team rw,relatime shared:5 - nfs4 nas:/team rw
31 30 0:41 / /mnt/team/local rw - ext4 /dev/sdb1 rw
32 22 0:42 / /mnt/with\\040space rw - cifs //nas/share rw
33 22 0:43 / /mnt/cloud rw master:9 - fuse.s3fs s3fs rw
34 22 0:44 / /mnt/twice rw - nfs nas:/old rw
35 22 0:45 / /mnt/twice rw - xfs /dev/sdc1 rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        pytest.param("/home/me/store", None, id="local"),
        pytest.param("/mnt/team/store", "nfs4", id="nfs"),
        pytest.param("/mnt/team", "nfs4", id="the-mount-itself"),
        pytest.param("/mnt/teams/store", None, id="similar-name"),
        pytest.param("/mnt/team/local/store", None, id="local-disk-below-nfs"),
        pytest.param("/mnt/with space/store", "cifs", id="space-in-the-name"),
        pytest.param("/mnt/cloud/a/b", "fuse.s3fs", id="fuse"),
        pytest.param("/mnt/twice/store", None, id="mounted-over"),
    ],
)
def test_network_file_systems_are_refused(monkeypatch: pytest.MonkeyPatch, path: str, kind: str | None) -> None:
    monkeypatch.setattr(Path, "read_text", lambda self, **_: MOUNTS if str(self) == "/proc/self/mountinfo" else "")
    if kind is None:
        storage.check_location(Path(path))
    else:
        with pytest.raises(StorageLocationError, match=rf"network file system \({kind}\)"):
            storage.check_location(Path(path))
        monkeypatch.setenv(storage.ALLOW_NETWORK_VARIABLE, "1")
        storage.check_location(Path(path))
