"""A snapshot only saves time: damaged, foreign, stale or missing, the answers stay the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import pytest

from core.vectors.embedded import EmbeddedClient, replica, snapshot
from tests.core.builders import Where, make_client, make_index, make_record, put, query_all

pytestmark = pytest.mark.usefixtures("small_thresholds")
QUERY = {"float32": [0.6, -0.8]}


def filled(directory: Path, name: str = "agents", *, rows: int = 40, seed: int = 1) -> tuple[EmbeddedClient, Where]:
    client = make_client(directory)
    where = make_index(client, name)
    vectors = np.random.default_rng(seed).standard_normal((rows, 2)).astype(np.float32).tolist()
    put(client, where, *(make_record(f"k{n}", vector, {"n": n, "even": n % 2 == 0}) for n, vector in enumerate(vectors)))
    return client, where


def answers(client: EmbeddedClient, where: Where) -> list[Any]:
    everything = query_all(client, where, queryVector=QUERY, returnDistance=True, returnMetadata=True)
    filtered = query_all(client, where, queryVector=QUERY, filter={"$and": [{"even": True}, {"n": {"$lt": 30}}]})
    return [everything, filtered, sorted(client.scan(**where).to_pylist(), key=lambda row: row["$key"])]


def snapshots(directory: Path) -> list[Path]:
    return sorted(directory.glob("indexes/*/snapshot-*[0-9]"))


def saved(directory: Path) -> tuple[list[Any], Where, Path]:
    """Return the answers of an index that was closed with a snapshot, its name and the snapshot's folder."""
    client, where = filled(directory)
    expected = answers(client, where)
    client.close()
    (folder,) = snapshots(directory)
    return expected, where, folder


def reopened(directory: Path, where: Where) -> list[Any]:
    client = EmbeddedClient(directory)
    found = answers(client, where)
    client.close()
    return found


def test_a_snapshot_is_used(tmp_path: Path) -> None:
    expected, where, _ = saved(tmp_path)
    loaded = []
    with pytest.MonkeyPatch.context() as patch:
        real = snapshot.load
        patch.setattr(snapshot, "load", lambda *args, **options: loaded.append(real(*args, **options)) or loaded[-1])
        assert reopened(tmp_path, where) == expected
    assert loaded[0] is not None


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def scribble(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[: min(60, len(data))] = b"\xff" * min(60, len(data))
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    "damage", [cut, scribble, Path.unlink, lambda path: path.write_bytes(b"")], ids=["cut", "scribble", "gone", "empty"]
)
@pytest.mark.parametrize(
    "name", ["head.json", "vectors.npy", "shadow.npy", "seqs.npy", "scale.npy", "codes-0.npy", "values-0.json"]
)
def test_a_damaged_snapshot_is_passed_over(tmp_path: Path, name: str, damage: Callable[[Path], Any]) -> None:
    expected, where, folder = saved(tmp_path)
    damage(folder / name)
    assert reopened(tmp_path, where) == expected


def edit_head(folder: Path, **changes: Any) -> None:
    about = json.loads((folder / "head.json").read_text()) | changes
    (folder / "head.json").write_text(json.dumps(about))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"format": 99}, id="newer-format"),
        pytest.param({"identity": "another"}, id="another-index"),
        pytest.param({"head": {"seq": 10**6, "gone": 0}}, id="ahead-of-the-database"),
        pytest.param({"head": {"seq": 1}}, id="no-gone"),
        pytest.param({"head": None}, id="no-head"),
        pytest.param({"columns": ["even", "n", "more"]}, id="more-columns-than-files"),
    ],
)
def test_a_snapshot_that_does_not_fit_is_passed_over(tmp_path: Path, changes: dict[str, Any]) -> None:
    expected, where, folder = saved(tmp_path)
    edit_head(folder, **changes)
    assert reopened(tmp_path, where) == expected


def test_a_snapshot_of_another_index_is_passed_over(tmp_path: Path) -> None:
    expected, where, folder = saved(tmp_path)
    other = tmp_path / "other"
    client, _ = filled(other, seed=2)
    client.query_vectors(**where, topK=1, queryVector=QUERY)
    client.close()
    shutil.rmtree(folder)
    shutil.copytree(snapshots(other)[0], folder)
    assert reopened(tmp_path, where) == expected


def test_a_snapshot_newer_than_a_restored_database_is_never_used(tmp_path: Path) -> None:
    client, where = filled(tmp_path, rows=20)
    client.close()
    store = tmp_path / "indexes"
    (database,) = store.glob("*/data.sqlite")
    backup = database.read_bytes()
    client = EmbeddedClient(tmp_path)
    put(client, where, *(make_record(f"lost{n}", [1, n], {"n": -n}) for n in range(20)))
    client.close()  # a snapshot of the history that the restore undoes
    database.write_bytes(backup)
    client = EmbeddedClient(tmp_path)
    put(client, where, *(make_record(f"new{n}", [-1, n], {"n": n}) for n in range(30)))
    expected = {f"k{n}" for n in range(20)} | {f"new{n}" for n in range(30)}
    assert {hit["key"] for hit in answers(client, where)[0]} == expected
    client.close()
    client = EmbeddedClient(tmp_path)
    found = answers(client, where)
    assert {hit["key"] for hit in found[0]} == expected
    for folder in snapshots(tmp_path):
        shutil.rmtree(folder)
    client.close()
    assert reopened(tmp_path, where) == found


def test_half_written_snapshots_are_passed_over_and_cleared(tmp_path: Path) -> None:
    expected, where, folder = saved(tmp_path)
    draft = folder.with_name(folder.name + ".tmp")
    shutil.copytree(folder, draft)
    (draft / "head.json").unlink()
    client = EmbeddedClient(tmp_path)
    assert answers(client, where) == expected
    put(client, where, *(make_record(f"more{n}", [1, n]) for n in range(30)))
    expected = answers(client, where)
    client.close()
    assert reopened(tmp_path, where) == expected
    assert not list(tmp_path.glob("indexes/*/*.tmp"))
    assert len(snapshots(tmp_path)) == 1


def test_a_reader_far_behind_reads_anew(tmp_path: Path) -> None:
    client, where = filled(tmp_path, rows=30)
    behind = EmbeddedClient(tmp_path)
    assert answers(behind, where) == answers(client, where)
    for turn in range(6):  # upserts and deletes, so that the list of the gone is cut more than once
        put(client, where, *(make_record(f"k{n}", [turn + 1, n], {"n": n + turn}) for n in range(25)))
        client.delete_vectors(**where, keys=[f"k{25 + turn}"])
    (database,) = tmp_path.glob("indexes/*/data.sqlite")
    assert kept_gone(database) < 6 * 26
    assert answers(behind, where) == answers(client, where)
    client.close()
    put(behind, where, make_record("last", [1, 1]))
    expected = answers(behind, where)
    behind.close()
    assert reopened(tmp_path, where) == expected


def kept_gone(database: Path) -> int:
    connection = apsw.Connection(str(database))
    (count,) = next(connection.execute("SELECT count(*) FROM gone"))
    connection.close()
    return int(count)


def test_a_failure_while_catching_up_leaves_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What the other client saves in the background, sooner or later, would be read in the place of rows.
    monkeypatch.setattr(replica.Replica, "save_if_due", lambda replica, **options: None)
    client, where = filled(tmp_path, rows=30)
    other = EmbeddedClient(tmp_path)
    other.query_vectors(**where, topK=1, queryVector=QUERY)
    put(client, where, *(make_record(f"more{n}", [1, n]) for n in range(10)))
    expected = answers(client, where)
    real, calls = replica.orjson.loads, iter(range(100))

    def failing(text: bytes) -> Any:
        if next(calls) == 7:  # in the third chunk of three rows
            raise MemoryError
        return real(text)

    monkeypatch.setattr(replica, "orjson", type("Failing", (), {"loads": staticmethod(failing)}))
    with pytest.raises(MemoryError):
        other.query_vectors(**where, topK=1, queryVector=QUERY)
    monkeypatch.undo()
    assert answers(other, where) == expected
    for each in (client, other):
        each.close()
