"""Erased is erased: nothing of a memory's text, metadata or vector stays in any file beside the store."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.access import LOCAL_ADMIN
from core.analysis.snapshot import Snapshots
from core.catalog import Catalog
from core.config import open_catalog
from core.curation.deletion import plan_deletion
from core.curation.desk import open_desk
from core.curation.erasure import purge
from core.curation.golden import GoldenQuery, golden_of
from core.curation.journal import Kind
from core.curation.verification import verify
from core.curation.writing import write_journalled
from core.memory import Memory
from core.models.cache import CachedEmbedder
from core.models.embedding import HashingEmbedder
from core.recall import Mode, recall
from core.snapshots.forgetting import forget_index
from core.store import MemoryStore
from core.vectors.embedded import EmbeddedClient
from core.vectors.server import RunningServer
from tests.core.curation.desks import ADA, ANN, apply, contents, edit, make_plan, retire
from tests.core.endpoints import KEY_ID, SECRET, as_somebody
from tests.core.forked import in_process
from tests.core.memory_builders import NOW, index_file, make_memory

DIMENSION = 32
TEXT = "The passphrase of the Zanzibar vault is quixotic marzipanella."
LATER = "The passphrase of the Zanzibar vault is now quokkalicious."
WORDS = (b"Zanzibar", b"zanzibar", b"quixot", b"marzipanella", b"quokkalic", b"agentprovocateur")


def opened(directory: Path | str, cache: Path) -> Catalog:
    return open_catalog(directory, embedder_factory=lambda: CachedEmbedder(HashingEmbedder(DIMENSION), cache))


def vector_of(text: str) -> np.ndarray:
    vector: np.ndarray = HashingEmbedder(DIMENSION).embed([text])[0]
    return vector


def traces(*directories: Path) -> set[tuple[str, bytes]]:
    """Return which file has what of the memory: words, and eight numbers in a row of a vector."""
    wanted = {word: word for word in WORDS}
    for text in (TEXT, LATER):
        raw = vector_of(text).astype("<f4").tobytes()
        (start,) = [at for at in range(0, len(raw) - 32, 4) if raw[at : at + 32].strip(b"\0")][:1]
        wanted[text.encode()] = raw[start : start + 64].strip(b"\0")
    return {
        (path.name, name)
        for directory in directories
        for path in directory.rglob("*")
        if path.is_file()
        for name, searched in wanted.items()
        if searched in path.read_bytes()
    }


def told_everywhere(catalog: Catalog) -> MemoryStore:
    """Return a store with a memory that was written, edited, retired, brought back, recalled and planned about."""
    store = catalog.create("team", actor=LOCAL_ADMIN)
    others = [make_memory(f"k{number}", f"The report number {number} is late.") for number in range(1_100)]
    store.write([*others, Memory("secret", TEXT, agent_id="agentprovocateur")], actor=LOCAL_ADMIN)
    for query in ("where is marzipanella", "the report"):
        recall(store, query, actor=LOCAL_ADMIN, now=NOW)
    write_journalled(store, [Memory("secret", LATER, agent_id="agentprovocateur")], actor=ANN, title="Edit")
    desk = open_desk(store)
    gone = make_plan(desk, *retire(desk, "secret"), id="gone")
    apply(desk, gone)
    apply(desk, desk.undo_plan("gone", actor=ADA))
    desk.keep(make_plan(desk, edit(desk, "secret", notes="Ask for quixotic marzipanella."), id="kept"), actor=ANN)
    assert store.archive is not None
    store.archive.recalls.flush()
    return store


def erase(store: MemoryStore, *keys: str) -> None:
    desk = open_desk(store)
    plan = plan_deletion(store, keys, actor=ADA, now=NOW, plan_id="erase", erase=True)
    assert apply(desk, plan).complete


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of a store that was closed, with the engine's own snapshot, to be copied."""
    directory = tmp_path_factory.mktemp("told")
    with closing(opened(directory, directory / ".cache")) as catalog:
        told_everywhere(catalog)
    return directory


@pytest.fixture
def told(closed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(closed, tmp_path, dirs_exist_ok=True))


def test_the_traces_would_be_found(told: Path):
    files = {name.removesuffix("-wal") for name, _ in traces(told)}
    assert files >= {"journal.sqlite", "recalls.sqlite", "data.sqlite", "vectors.npy", "embeddings.sqlite"}
    assert {word for _, word in traces(told)} == {*WORDS, TEXT.encode(), LATER.encode()}


def test_nothing_of_an_erased_memory_stays_in_any_file(told: Path):
    with closing(opened(told, told / ".cache")) as catalog:
        store = catalog.open("team", actor=LOCAL_ADMIN)
        before = contents(store)
        erase(store, "secret")
        assert traces(told) == set()
        del before["secret"]
        assert contents(store) == before
        assert verify(open_desk(store).ledger.journal, store.stream).sound
        assert open_desk(store).kept("kept", actor=ADA) is None
        assert len(recall(store, "report", actor=LOCAL_ADMIN, now=NOW, mode=Mode.TEXT).hits) == 10
        assert recall(store, "marzipanella", actor=LOCAL_ADMIN, now=NOW, mode=Mode.TEXT, log=False).hits == ()
        assert [each.query for each in catalog.archive.recalls.recent(store.stream)][-2:] == ["the report", None]  # type: ignore[union-attr]
    assert traces(told) == set()
    with closing(opened(told, told / ".cache")) as catalog:
        assert contents(catalog.open("team", actor=LOCAL_ADMIN)) == before


def test_another_process_that_closes_later_writes_nothing_back(told: Path):
    with closing(opened(told, told / ".cache")) as early:
        seen = early.open("team", actor=LOCAL_ADMIN)
        assert len(recall(seen, "passphrase", actor=LOCAL_ADMIN, now=NOW, log=False).hits) == 10
        more = [make_memory(f"m{number}", f"Minutes number {number}.") for number in range(1_100)]
        seen.write(more, actor=LOCAL_ADMIN)
        assert seen.scan(actor=LOCAL_ADMIN, vectors=True).num_rows == 2_201
        with closing(opened(told, told / ".cache")) as catalog:
            erase(catalog.open("team", actor=LOCAL_ADMIN), "secret")
    assert traces(told) == set()


def test_erasing_again_and_erasing_without_the_texts_does_no_harm(told: Path):
    with closing(opened(told, told / ".cache")) as catalog:
        store = catalog.open("team", actor=LOCAL_ADMIN)
        erase(store, "secret")
        before = contents(store)
        purge(store, ["secret"], [TEXT, LATER])
        purge(store, ["secret"], None)
        assert contents(store) == before
    assert traces(told) == set()
    assert not index_file(told, "team").with_name("data.sqlite-wal").exists()


def test_nothing_stays_on_this_machine_of_a_services_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    as_somebody(monkeypatch)
    data, cache = tmp_path / "data", tmp_path / "cache"
    monkeypatch.setenv("XDG_DATA_HOME", str(data))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    with (
        closing(EmbeddedClient(tmp_path / "served")) as client,
        RunningServer(client, access_keys={KEY_ID: SECRET}) as server,
    ):
        catalog = opened(f"s3vectors://my-bucket?endpoint_url={server.url}", cache / "mnemoscope")
        with closing(catalog):
            store = told_everywhere(catalog)
            other = catalog.create("other", actor=LOCAL_ADMIN)
            other.write([make_memory("a")], actor=LOCAL_ADMIN)
            assert catalog.cache_dir is not None
            snapshots = Snapshots(catalog.cache_dir / "snapshots")
            for each in (store, other):
                assert snapshots.look(each, actor=LOCAL_ADMIN, wait_s=60, vectors=True).snapshot is not None
            assert traces(data)
            assert {"rows.arrow"} <= {name for name, _ in traces(cache)}
            erase(store, "secret")
            assert traces(data, cache) == set()
            assert snapshots.look(other, actor=LOCAL_ADMIN, wait_s=60).snapshot is not None
            assert len(list((catalog.cache_dir / "snapshots").rglob("rows.arrow"))) == 1
    assert traces(data, cache) == set()


def test_a_snapshot_that_nobody_can_read_is_forgotten_too(tmp_path: Path):
    folder = tmp_path / "v1" / "key" / "00001-aa"
    folder.mkdir(parents=True)
    (folder / "rows.arrow").write_bytes(TEXT.encode())
    forget_index(tmp_path, "arn:aws:s3vectors:us-east-1:1:bucket/b/index/team")
    assert traces(tmp_path) == set()
    forget_index(tmp_path / "none", "arn")


def quoting_everywhere(store: MemoryStore) -> None:
    """Keep plans and golden queries of other people that quote the memory, and some that do not."""
    desk = open_desk(store)
    desk.keep(make_plan(desk, *retire(desk, "k1"), id="titled", title=f"Not as in: {LATER}"), actor=ANN)
    reasoned = [replace(change, reason=f"It says {TEXT.upper()}") for change in retire(desk, "k2")]
    desk.keep(make_plan(desk, *reasoned, id="reasoned"), actor=ANN)
    desk.keep(make_plan(desk, edit(desk, "k3", notes=f"See: {LATER}"), id="merged"), actor=ANN)
    desk.keep(make_plan(desk, *retire(desk, "k4"), id="innocent"), actor=ANN)
    golden = golden_of(store, actor=ANN)
    golden.save(GoldenQuery("quoted", TEXT, expected=("k1",)))
    golden.save(GoldenQuery("noted", "the report", expected=("k1",), note=f"Once {TEXT}"))
    golden.save(GoldenQuery("asked", "where is marzipanella", expected=("secret",)))
    golden.save(GoldenQuery("shared", "the passphrase", expected=("secret", "k5")))
    golden.save(GoldenQuery("other", "the report", expected=("k5",)))


def test_plans_and_golden_queries_of_others_that_quote_it_go_too(told: Path):
    with closing(opened(told, told / ".cache")) as catalog:
        store = catalog.open("team", actor=LOCAL_ADMIN)
        quoting_everywhere(store)
        assert "documents.sqlite" in {name.removesuffix("-wal") for name, _ in traces(told)}
        erase(store, "secret")
        assert {each.plan_id for each in open_desk(store).pending(actor=ADA)} == {"innocent"}
        assert [each.query.name for each in golden_of(store, actor=ADA).every()] == ["other", "shared"]
        purged = [each.body for each in open_desk(store).ledger.journal.entries(store.stream) if each.kind is Kind.PURGED]
        assert [(each.get("plans"), each.get("golden")) for each in purged] == [(None, None), (4, 3)]
        assert traces(told) == set()
    assert traces(told) == set()


def test_a_short_text_takes_nothing_of_others_with_it(tmp_path: Path):
    with closing(opened(tmp_path, tmp_path / ".cache")) as catalog:
        store = catalog.create("team", actor=LOCAL_ADMIN)
        store.write([make_memory("short", "ok"), make_memory("k1", "The token is in the book.")], actor=LOCAL_ADMIN)
        desk = open_desk(store)
        desk.keep(make_plan(desk, *retire(desk, "k1"), id="innocent", title="ok, look at the book"), actor=ANN)
        golden_of(store, actor=ANN).save(GoldenQuery("book", "ok, where is the book", expected=("k1",)))
        erase(store, "short")
        assert [each.plan_id for each in desk.pending(actor=ADA)] == ["innocent"]
        assert [each.query.name for each in golden_of(store, actor=ADA).every()] == ["book"]


def erase_killed_at(directory: Path, at: int) -> None:
    """Erase the memory in a process that is no more at one of the moments before and after its steps."""
    catalog = opened(directory, directory / ".cache")
    store = catalog.open("team", actor=LOCAL_ADMIN)
    assert store.archive is not None
    ledger, moments = store.archive.ledger, iter(range(10_000))

    def stepping(owner: object, name: str) -> None:
        inner = getattr(owner, name)

        def call(*arguments: Any, **options: Any) -> Any:
            if next(moments) == at:
                os._exit(9)
            answer = inner(*arguments, **options)
            if next(moments) == at:
                os._exit(9)
            return answer

        setattr(owner, name, call)

    stepping(ledger.journal, "append")
    stepping(ledger.journal, "purge")
    stepping(ledger.documents, "remove")
    stepping(store.records, "delete")
    stepping(store.records, "scrub")
    erase(store, "secret")
    os._exit(0)


@pytest.mark.parametrize("at", [5, 9, 12, 16])
def test_nothing_stays_where_the_process_was_killed_in_the_middle_and_somebody_went_on(told: Path, at: int):
    killed = in_process(erase_killed_at, told, at)
    killed.join()
    assert killed.exitcode == 9
    with closing(opened(told, told / ".cache")) as catalog:
        store = catalog.open("team", actor=LOCAL_ADMIN)
        desk = open_desk(store)
        desk.recover(actor=ANN)
        left = contents(store).get("secret")
        if left is not None:
            erase(store, "secret")
        elif not desk.deed("erase", actor=ADA).complete:
            raise AssertionError(desk.deed("erase", actor=ADA))
        assert verify(desk.ledger.journal, store.stream).sound
        assert traces(told) == set()
    assert traces(told) == set()
