"""Indexes: made, opened and removed; who may do what, as a table; store URIs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_ADMIN, Actor, Role
from core.catalog import Catalog, UnreadableIndex
from core.config import default_store_dir, parse_store_uri
from core.errors import (
    ConfigError,
    ConflictError,
    NotAllowedError,
    NotFoundError,
    StorageCorruptError,
    StorageError,
    StorageVersionError,
    ValidationError,
)
from core.memory import NON_FILTERABLE
from core.recall import recall
from core.store import MemoryStore, Mode
from tests.core.memory_builders import (
    NOW,
    damage_index,
    make_catalog,
    make_index_newer,
    make_memory,
    make_store,
)

Call = Callable[[Catalog, MemoryStore, Actor], Any]

READS: dict[str, Call] = {
    "open": lambda catalog, store, actor: catalog.open(store.info.name, actor=actor),
    "open-or-create": lambda catalog, store, actor: catalog.open_or_create(store.info.name, actor=actor),
    "get": lambda catalog, store, actor: store.get(["k"], actor=actor),
    "vectors": lambda catalog, store, actor: store.vectors(["k"], actor=actor),
    "memories": lambda catalog, store, actor: list(store.memories(actor=actor)),
    "scan": lambda catalog, store, actor: store.scan(actor=actor),
    "frame": lambda catalog, store, actor: store.frame(actor=actor),
    "count": lambda catalog, store, actor: store.count(actor),
    "embed": lambda catalog, store, actor: store.embed("text", actor=actor),
    "query-text": lambda catalog, store, actor: store.query(text="a", mode=Mode.TEXT, k=1, now=NOW, actor=actor),
    "query-vector": lambda catalog, store, actor: store.query(text="a", mode=Mode.VECTOR, k=1, now=NOW, actor=actor),
    "candidates": lambda catalog, store, actor: store.candidates(["k"], vector=None, actor=actor),
    "neighbours": lambda catalog, store, actor: store.neighbours("k", k=1, actor=actor),
    "recall": lambda catalog, store, actor: recall(store, "report", actor=actor, now=NOW),
}
WRITES: dict[str, Call] = {
    "write": lambda catalog, store, actor: store.write([make_memory("new")], actor=actor),
    "delete": lambda catalog, store, actor: store.records.delete(["nowhere"], actor=actor),
}


def delete_index(catalog: Catalog, store: MemoryStore, actor: Actor) -> None:
    """Delete an index, which takes two attempts: it holds a memory."""
    with pytest.raises(ConfigError, match="holds 1 memory: export what is to stay"):
        catalog.delete(store.info.name, actor=actor)
    empty(store)
    catalog.delete(store.info.name, actor=actor)


def empty(store: MemoryStore) -> None:
    store.records.delete([memory.key for memory in store.memories(actor=LOCAL_ADMIN)], actor=LOCAL_ADMIN)


ADMINISTERS: dict[str, Call] = {
    "create": lambda catalog, store, actor: catalog.create("fresh", tenant=store.info.tenant, actor=actor),
    "delete-index": delete_index,
}
CALLS = {"read": READS, "write": WRITES, "administer": ADMINISTERS}
ALLOWED = {Role.VIEWER: {"read"}, Role.REVIEWER: {"read", "write"}, Role.ADMIN: {"read", "write", "administer"}}
TENANTS = {"every": None, "own": frozenset({"acme"}), "other": frozenset({"globex"}), "none": frozenset()}


@pytest.mark.parametrize("tenants", TENANTS)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    ("kind", "name"), [pytest.param(kind, name, id=name) for kind, calls in CALLS.items() for name in calls]
)
@pytest.mark.parametrize("tenant", [pytest.param("acme", id="acme-index"), pytest.param(None, id="shared-index")])
def test_who_may_do_what(tmp_path: Path, tenant: str | None, kind: str, name: str, role: Role, tenants: str) -> None:
    store = make_store(tmp_path, make_memory(), tenant=tenant)
    actor = Actor("ada", role, TENANTS[tenants])
    sees = tenant is None or tenants in ("every", "own")
    above = kind == "administer" and tenant is None and tenants != "every"
    catalog = make_catalog(tmp_path)
    if sees and kind in ALLOWED[role] and not above:
        CALLS[kind][name](catalog, store, actor)
    else:
        with pytest.raises(NotAllowedError, match="'ada' (is a|cannot)" if sees else "'ada' has no access to"):
            CALLS[kind][name](catalog, store, actor)
        assert store.count(LOCAL_ADMIN) == 1


def test_one_tenant_as_bare_text_is_refused() -> None:
    with pytest.raises(ConfigError, match="frozenset"):
        Actor("a", Role.VIEWER, "acme")  # type: ignore[arg-type]


def test_an_actor_sees_only_their_tenants_indexes(tmp_path: Path) -> None:
    catalog = make_catalog(tmp_path)
    for name, tenant in (("shared", None), ("acme-support", "acme"), ("user-memory-globex", None)):
        catalog.create(name, actor=LOCAL_ADMIN, tenant=tenant)

    def seen(tenants: frozenset[str] | None) -> list[str]:
        return [info.name for info in catalog.indexes(actor=Actor("ada", Role.VIEWER, tenants))]

    assert seen(None) == ["acme-support", "shared", "user-memory-globex"]
    assert seen(frozenset({"acme"})) == ["acme-support", "shared"]
    assert seen(frozenset({"globex"})) == ["shared", "user-memory-globex"]
    assert seen(frozenset()) == ["shared"]


def test_an_index_remembers_what_it_is(tmp_path: Path) -> None:
    info = make_store(tmp_path, tenant="acme").info
    assert (info.name, info.dimension, info.metric, info.embedder, info.tenant) == (
        "agents",
        384,
        "cosine",
        "hashing/384/1",
        "acme",
    )
    assert info.non_filterable == NON_FILTERABLE
    assert info.text_keys == ("content",)
    assert info.created_at.tzinfo is not None
    assert make_catalog(tmp_path).indexes(actor=LOCAL_ADMIN) == [info]


def test_an_empty_store_has_no_index_and_makes_none_by_looking(tmp_path: Path) -> None:
    catalog = make_catalog(tmp_path)
    assert catalog.indexes(actor=LOCAL_ADMIN) == []
    with pytest.raises(NotFoundError, match="no index 'agents'"):
        catalog.open("agents", actor=LOCAL_ADMIN)
    with pytest.raises(NotFoundError, match="no index 'agents'"):
        catalog.delete("agents", actor=LOCAL_ADMIN)


def test_open_or_create_makes_an_index_once(tmp_path: Path) -> None:
    catalog = make_catalog(tmp_path)
    store = catalog.open_or_create("agents", actor=LOCAL_ADMIN)
    store.write([make_memory()], actor=LOCAL_ADMIN)
    assert catalog.open_or_create("agents", actor=Actor("v", Role.VIEWER)).count(LOCAL_ADMIN) == 1
    with pytest.raises(NotAllowedError):
        catalog.open_or_create("other", actor=Actor("v", Role.REVIEWER))
    with pytest.raises(ConflictError, match="already exists"):
        catalog.create("agents", actor=LOCAL_ADMIN)
    empty(store)
    catalog.delete("agents", actor=LOCAL_ADMIN)
    assert catalog.indexes(actor=LOCAL_ADMIN) == []


def test_an_index_whose_files_are_gone_can_be_deleted_by_who_may(tmp_path: Path) -> None:
    catalog = make_catalog(tmp_path)
    catalog.create("agents", actor=LOCAL_ADMIN, tenant="acme")
    catalog.close()
    shutil.rmtree(tmp_path / "indexes")
    catalog = make_catalog(tmp_path)
    with pytest.raises(StorageCorruptError, match="delete the index"):
        catalog.open("agents", actor=LOCAL_ADMIN)
    with pytest.raises(NotAllowedError):
        catalog.delete("agents", actor=Actor("a", Role.ADMIN, frozenset({"globex"})))
    catalog.delete("agents", actor=LOCAL_ADMIN)
    assert catalog.indexes(actor=LOCAL_ADMIN) == []


@pytest.mark.parametrize(
    ("spoil", "error", "said"),
    [
        pytest.param(damage_index, StorageCorruptError, "damaged", id="damaged"),
        pytest.param(make_index_newer, StorageVersionError, "newer Mnemoscope", id="newer"),
    ],
)
def test_an_index_that_cannot_be_read_leaves_the_others(
    tmp_path: Path, spoil: Callable[[Path, str], None], error: type[StorageError], said: str
) -> None:
    catalog = make_catalog(tmp_path)
    for name, tenant in (("acme-notes", "acme"), ("shared", None), ("team", "acme")):
        catalog.create(name, actor=LOCAL_ADMIN, tenant=tenant)
    catalog.close()
    spoil(tmp_path, "team")
    catalog = make_catalog(tmp_path)
    assert [info.name for info in catalog.indexes(actor=LOCAL_ADMIN)] == ["acme-notes", "shared"]
    (broken,) = catalog.unreadable(actor=LOCAL_ADMIN)
    assert broken == UnreadableIndex("team", "acme", broken.reason)
    assert broken.reason.startswith("Index 'team': ")
    assert said in broken.reason
    assert catalog.names(actor=LOCAL_ADMIN) == ["acme-notes", "shared", "team"]
    other = Actor("ada", Role.VIEWER, frozenset({"globex"}))
    assert (catalog.names(actor=other), catalog.unreadable(actor=other)) == (["shared"], [])
    with pytest.raises(error, match="Index 'team': "):
        catalog.open("team", actor=LOCAL_ADMIN)
    catalog.delete("team", actor=LOCAL_ADMIN)
    assert catalog.unreadable(actor=LOCAL_ADMIN) == []


def test_a_store_that_cannot_be_read_is_an_error_not_an_empty_list(tmp_path: Path) -> None:
    catalog = make_catalog(tmp_path)
    catalog.create("team", actor=LOCAL_ADMIN)
    catalog.close()
    for list_them in (catalog.indexes, catalog.unreadable, catalog.names):
        with pytest.raises(StorageError, match="closed"):
            list_them(actor=LOCAL_ADMIN)


@pytest.mark.parametrize(
    ("name", "tenant", "said"),
    [
        pytest.param("agents", "globex", "belongs to tenant 'acme': choose another one for tenant 'globex'", id="anothers"),
        pytest.param("shared", "acme", "is shared by every tenant: choose another one for tenant 'acme'", id="shared"),
        pytest.param("user-memory-acme", "globex", "reserved for tenant 'acme', not 'globex'", id="name"),
    ],
)
def test_a_tenant_that_does_not_fit_is_refused(tmp_path: Path, name: str, tenant: str, said: str) -> None:
    catalog = make_catalog(tmp_path)
    catalog.create("agents", actor=LOCAL_ADMIN, tenant="acme")
    catalog.create("shared", actor=LOCAL_ADMIN)
    with pytest.raises(ConfigError, match=said):
        catalog.open_or_create(name, actor=LOCAL_ADMIN, tenant=tenant)


def test_a_name_that_the_service_refuses_is_refused_in_its_words(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="/indexName"):
        make_catalog(tmp_path).create("A", actor=LOCAL_ADMIN)


@pytest.mark.parametrize(
    ("uri", "directory"),
    [
        pytest.param("/tmp/store", "/tmp/store", id="absolute"),
        pytest.param(" /tmp/my store ", "/tmp/my store", id="spaces"),
        pytest.param("store", str(Path.cwd() / "store"), id="relative"),
        pytest.param("~/store", str(Path.home() / "store"), id="home"),
        pytest.param("file:///tmp/my%20store", "/tmp/my store", id="file"),
    ],
)
def test_a_path_is_a_directory(uri: str, directory: str) -> None:
    assert str(parse_store_uri(uri).directory) == directory


def test_a_bucket_is_parsed() -> None:
    location = parse_store_uri("s3vectors://my-bucket?region=eu-central-1&endpoint_url=http://127.0.0.1:9000")
    assert (location.directory, location.bucket) == (None, "my-bucket")
    assert (location.region, location.endpoint_url) == ("eu-central-1", "http://127.0.0.1:9000")


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        pytest.param("", "is not a path", id="empty"),
        pytest.param("a\0b", "is not a path", id="nul"),
        pytest.param("s3://bucket", "has the scheme 's3'", id="scheme"),
        pytest.param("file://host/path", "on this machine", id="file-host"),
        pytest.param("s3vectors://", "must name one bucket", id="no-bucket"),
        pytest.param("s3vectors://Big_Bucket", "must name one bucket", id="bucket-name"),
        pytest.param("s3vectors://user:secret@my-bucket", "must not hold credentials", id="credentials"),
        pytest.param("s3vectors://my-bucket/index", "must name one bucket", id="path"),
        pytest.param("s3vectors://my-bucket?zone=1", "has the option 'zone'", id="option"),
        pytest.param("s3vectors://my-bucket?region=moon", "has the region 'moon'", id="region"),
        pytest.param("s3vectors://my-bucket?endpoint_url=ftp://x", "has the endpoint_url 'ftp://x'", id="endpoint"),
    ],
)
def test_a_uri_that_makes_no_sense_says_what_to_write(uri: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_store_uri(uri)


def test_the_default_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MNEMOSCOPE_STORE", str(tmp_path / "named"))
    assert default_store_dir() == tmp_path / "named"
    monkeypatch.delenv("MNEMOSCOPE_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_store_dir() == tmp_path / "mnemoscope"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert default_store_dir() == Path.home() / ".local" / "share" / "mnemoscope"


def test_reading_only_reads(tmp_path: Path) -> None:
    make_store(tmp_path, make_memory())
    store = make_catalog(tmp_path, read_only=True).open("agents", actor=LOCAL_ADMIN)
    assert store.count(LOCAL_ADMIN) == 1
    assert not (tmp_path / ".cache").exists()
