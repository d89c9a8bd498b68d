"""A bucket of S3 Vectors as a store: its URI, its catalog over a real connection, and what missing rights leave of it."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.access import LOCAL_ADMIN, Actor, Role
from core.catalog import Catalog, UnreadableIndex
from core.config import (
    archive_dir,
    default_store,
    default_store_dir,
    journal_bucket,
    open_catalog,
    parse_store_uri,
    remote_cache_dir,
)
from core.errors import AccessDeniedError, ConfigError, CredentialsError, NotAllowedError, NotFoundError, UnreachableError
from core.models.embedding import HashingEmbedder
from core.recall import recall
from core.vectors.client import Call
from core.vectors.embedded import EmbeddedClient
from core.vectors.limits import REQUEST_BYTES_MAX
from core.vectors.server import RunningServer
from core.writer import write_all
from tests.core.commandline import CommandLine
from tests.core.endpoints import KEY_ID, SECRET, as_somebody
from tests.core.memory_builders import NOW, make_memory

ACME = Actor("ada", Role.ADMIN, frozenset({"acme"}))


@pytest.fixture(autouse=True)
def somebody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    as_somebody(monkeypatch)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with RunningServer(tmp_path / "store", access_keys={KEY_ID: SECRET}) as server:
        yield server.url


@pytest.fixture
def catalog(url: str) -> Iterator[Catalog]:
    with closing(open_catalog(f"s3vectors://my-bucket?endpoint_url={url}", embedder_factory=HashingEmbedder)) as opened:
        yield opened


class TestUri:
    def test_everything_at_once(self) -> None:
        location = parse_store_uri("s3vectors://my-bucket?region=eu-central-1&endpoint_url=http://[::1]:9000&profile=me")
        assert (location.remote, location.bucket, location.region) == (True, "my-bucket", "eu-central-1")
        assert (location.endpoint_url, location.profile) == ("http://[::1]:9000", "me")

    @pytest.mark.parametrize(
        ("uri", "said"),
        [
            pytest.param("s3vectors://my-bucket?profile=", "empty profile", id="profile"),
            pytest.param("s3vectors://my-bucket?endpoint_url=http://a:x", "endpoint_url 'http://a:x'", id="port"),
            pytest.param("s3vectors://my-bucket?endpoint_url=http://[1", r"endpoint_url 'http://\[1'", id="ipv6"),
            pytest.param("s3vectors://[my-bucket", "cannot be read", id="bracket"),
            pytest.param("file://[x/y", "cannot be read", id="bracket-in-a-file"),
            pytest.param("s3vectors://my%2Dbucket", "3 to 63 characters", id="encoded-bucket"),
            pytest.param("s3vectors://my-bucket?region=us-east-1&region=us-west-2", "names its region twice", id="twice"),
            pytest.param("s3vectors://my-bucket?endpoint_url=http://a:0", "endpoint_url 'http://a:0'", id="port-0"),
        ],
    )
    def test_what_makes_no_sense(self, uri: str, said: str) -> None:
        with pytest.raises(ConfigError, match=said):
            parse_store_uri(uri)

    @pytest.mark.parametrize(
        ("uri", "said"),
        [
            pytest.param(
                "s3vectors://my-bucket?endpoint_url=http://me:secret@host", "must not hold credentials", id="endpoint"
            ),
            pytest.param("s3vectors://b-b?endpoint_url=http%3A%2F%2Fme:secret%40host", "must not hold", id="encoded"),
            pytest.param("s3vectors://b-b?endpoint_url=http://me:secret@host:x", "must not hold", id="endpoint-and-port"),
            pytest.param("s3vectors://AKID:secret@my-bucket?region=us-east-1", "must not hold credentials", id="bucket"),
            pytest.param("s3vectors://AKID:secret@[::1", "cannot be read", id="half-an-address"),
            pytest.param("s3vectors://my-bucket?aws_secret_access_key=secret", "'aws_secret_access_key'", id="option"),
            pytest.param(
                "s3vectors://my-bucket?region=x&endpoint_url=http://me:secret@host", "region 'x'", id="region-first"
            ),
            pytest.param("https://me:secret@host/bucket", "has the scheme 'https'", id="scheme"),
            pytest.param("file://me:secret@host/x", "must be file:///", id="file"),
        ],
    )
    def test_credentials_in_a_uri_are_refused_and_not_repeated(self, uri: str, said: str) -> None:
        with pytest.raises(ConfigError, match=said) as caught:
            parse_store_uri(uri)
        assert "secret@" not in str(caught.value)
        assert "=secret" not in str(caught.value)
        assert ":secret" not in str(caught.value)

    @pytest.mark.parametrize(
        ("uri", "profile", "endpoint"),
        [
            pytest.param("s3vectors://my-bucket?profile=my%20work", "my work", None, id="space"),
            pytest.param("s3vectors://my-bucket?profile=my+work", "my work", None, id="plus-is-a-space"),
            pytest.param("s3vectors://my-bucket?profile=a%2Bb%26c", "a+b&c", None, id="signs"),
            pytest.param("s3vectors://my-bucket?profile=J%C3%BCrgen", "Jürgen", None, id="not-ascii"),
            pytest.param(
                "s3vectors://my-bucket?endpoint_url=http%3A%2F%2F%5B%3A%3A1%5D%3A9", None, "http://[::1]:9", id="ipv6"
            ),
            pytest.param("s3vectors://my-bucket/?endpoint_url=https://h/base", None, "https://h/base", id="path"),
        ],
    )
    def test_percent_encoding(self, uri: str, profile: str | None, endpoint: str | None) -> None:
        location = parse_store_uri(uri)
        assert (location.bucket, location.profile, location.endpoint_url) == ("my-bucket", profile, endpoint)

    @pytest.mark.parametrize(
        ("uri", "other"),
        [
            ("s3vectors://logs?endpoint_url=http://logs:9000", "s3vectors://new?endpoint_url=http://logs:9000"),
            ("s3vectors://vectors?profile=//vectors", "s3vectors://new?profile=//vectors"),
            ("s3vectors://my-bucket", "s3vectors://new"),
            ("S3VECTORS://my-bucket/?region=us-east-1", "S3VECTORS://new/?region=us-east-1"),
        ],
    )
    def test_another_bucket_of_a_store_has_its_own_uri(self, uri: str, other: str) -> None:
        client = EmbeddedClient("/nowhere")
        bucket = parse_store_uri(uri).bucket
        catalog = Catalog(client, bucket=bucket, uri=uri, embedder_factory=HashingEmbedder, remote=True)
        assert catalog.in_bucket("new").uri == other
        assert parse_store_uri(other).bucket == "new"
        client.close()

    def test_the_environment_may_name_a_bucket(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
        monkeypatch.setenv("MNEMOSCOPE_STORE", "s3vectors://my-bucket?region=us-east-1")
        assert default_store() == "s3vectors://my-bucket?region=us-east-1"
        assert default_store_dir() == tmp_path / "mnemoscope"
        with closing(open_catalog()) as opened:
            assert (opened.remote, opened.uri) == (True, "s3vectors://my-bucket?region=us-east-1")
        monkeypatch.delenv("MNEMOSCOPE_STORE")
        assert default_store() == str(tmp_path / "mnemoscope")

    def test_opening_asks_nobody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        told: list[Call] = []
        with closing(open_catalog("s3vectors://my-bucket?endpoint_url=http://127.0.0.1:9", tracer=told.append)) as opened:
            assert told == []
            with pytest.raises(CredentialsError):
                opened.names(actor=LOCAL_ADMIN)

    def test_an_unknown_profile_names_the_store(self) -> None:
        with pytest.raises(
            CredentialsError, match=r"Store 's3vectors://my-bucket\?profile=nobody' cannot be opened.*nobody"
        ):
            open_catalog("s3vectors://my-bucket?profile=nobody")

    def test_the_cache_is_private(self, catalog: Catalog) -> None:
        assert catalog.cache_dir == remote_cache_dir()
        assert catalog.cache_dir is not None
        assert stat.S_IMODE(catalog.cache_dir.stat().st_mode) == 0o700


class TestCatalog:
    def test_memories_in_a_bucket(self, catalog: Catalog) -> None:
        with pytest.raises(NotFoundError, match="There is no vector bucket 'my-bucket' at s3vectors://my-bucket"):
            catalog.names(actor=LOCAL_ADMIN)
        store = catalog.create("agents", actor=LOCAL_ADMIN, tenant="acme")
        assert store.write([make_memory("k", content="The report is late")], actor=LOCAL_ADMIN).written == 1
        (info,) = catalog.indexes(actor=LOCAL_ADMIN)
        assert info == store.info
        assert (info.mode, info.encryption, info.tags_known) == ("ENHANCED", "AES256", True)
        assert info.tags == {"mnemoscope:embedder": "hashing/384/1", "mnemoscope:tenant": "acme"}
        again = catalog.attach(info, actor=LOCAL_ADMIN)
        assert [hit.memory.key for hit in recall(again, "report", actor=LOCAL_ADMIN, now=NOW).hits] == ["k"]
        assert again.count(LOCAL_ADMIN) == 1
        with pytest.raises(ConfigError, match="Index 'agents' holds 1 memory"):
            catalog.delete("agents", actor=LOCAL_ADMIN)
        again.records.delete(["k"], actor=LOCAL_ADMIN)
        catalog.delete("agents", actor=LOCAL_ADMIN)
        assert catalog.indexes(actor=LOCAL_ADMIN) == []

    def test_other_buckets(self, catalog: Catalog) -> None:
        catalog.create("agents", actor=LOCAL_ADMIN)
        other = catalog.in_bucket("other-bucket")
        assert other.uri.startswith("s3vectors://other-bucket?endpoint_url=")
        other.create("notes", actor=LOCAL_ADMIN)
        buckets = catalog.buckets(actor=Actor("v", Role.VIEWER, frozenset()))
        assert [bucket.name for bucket in buckets] == ["my-bucket", "other-bucket"]
        assert all(bucket.arn.endswith(f":bucket/{bucket.name}") and bucket.created_at.tzinfo for bucket in buckets)
        assert [each.names(actor=LOCAL_ADMIN) for each in (catalog, other)] == [["agents"], ["notes"]]
        other.embedder()
        assert other.embedder() is catalog.embedder()

    def test_a_survey_of_many_is_sorted_and_whole(self, catalog: Catalog) -> None:
        names = [f"index-{number:02}" for number in range(20)]
        for name in reversed(names):
            catalog.create(name, actor=LOCAL_ADMIN, tenant="acme" if name.endswith("5") else "globex")
        assert [info.name for info in catalog.indexes(actor=LOCAL_ADMIN)] == names == catalog.names(actor=LOCAL_ADMIN)
        assert [info.name for info in catalog.indexes(actor=ACME)] == ["index-05", "index-15"]

    def test_an_endpoint_that_is_gone(self) -> None:
        with (
            closing(open_catalog("s3vectors://my-bucket?endpoint_url=http://127.0.0.1:9")) as opened,
            pytest.raises(UnreachableError, match=r"127\.0\.0\.1:9"),
        ):
            opened.names(actor=LOCAL_ADMIN)

    def test_the_command_line_reads_another_bucket(self, catalog: Catalog, run: CommandLine, url: str) -> None:
        store = catalog.in_bucket("other-bucket").create("notes", actor=LOCAL_ADMIN)
        store.write([make_memory("k")], actor=LOCAL_ADMIN)
        uri = f"s3vectors://my-bucket?endpoint_url={url}"
        done = run("stats", "--store", uri, "--bucket", "other-bucket", "--json")
        assert done.code == 0, done.err
        assert json.loads(done.out)["index"] == "notes"


class Denied:
    """A client whose credentials lack some rights."""

    def __init__(self, client: Any, *operations: str) -> None:
        self._client, self._operations = client, operations

    def __getattr__(self, name: str) -> Any:
        if name not in self._operations:
            return getattr(self._client, name)

        def refuse(**arguments: Any) -> None:
            raise AccessDeniedError(f"not authorized to perform {name}")

        return refuse


class TestRights:
    @pytest.fixture
    def engine(self, tmp_path: Path) -> Iterator[EmbeddedClient]:
        with closing(EmbeddedClient(tmp_path / "engine")) as client:
            for name, tenant in (("shared", None), ("secret", "globex"), ("user-memory-acme", None)):
                _catalog(client).create(name, actor=LOCAL_ADMIN, tenant=tenant)
            yield client

    def test_without_tags_an_index_is_nobodys_but_the_admins(self, engine: EmbeddedClient) -> None:
        catalog = _catalog(Denied(engine, "list_tags_for_resource"))
        infos = catalog.indexes(actor=LOCAL_ADMIN)
        assert [(info.name, info.embedder, info.tags_known) for info in infos] == [
            ("secret", None, False),
            ("shared", None, False),
            ("user-memory-acme", None, False),
        ]
        assert (catalog.indexes(actor=ACME), catalog.names(actor=ACME)) == ([], [])
        with pytest.raises(NotAllowedError, match="allow s3vectors:ListTagsForResource"):
            catalog.open("shared", actor=ACME)
        with pytest.raises(NotAllowedError):
            catalog.delete("secret", actor=ACME)
        with pytest.raises(NotAllowedError):
            catalog.attach(infos[0], actor=LOCAL_ADMIN).count(ACME)

    def test_without_get_index_an_index_is_listed_as_unreadable(self, engine: EmbeddedClient) -> None:
        catalog = _catalog(Denied(engine, "get_index"))
        said = "not authorized to perform get_index"
        assert catalog.survey(actor=ACME) == (
            [],
            [UnreadableIndex("shared", None, said), UnreadableIndex("user-memory-acme", "acme", said)],
        )

    @pytest.mark.parametrize("operation", ["create_index", "create_vector_bucket"])
    def test_creating_says_which_rights_it_takes(self, tmp_path: Path, operation: str) -> None:
        with closing(EmbeddedClient(tmp_path / "empty")) as client:
            catalog = _catalog(Denied(client, operation))
            with pytest.raises(AccessDeniedError, match=r"takes the rights s3vectors:CreateIndex and s3vectors:TagResource"):
                catalog.create("agents", actor=LOCAL_ADMIN)


def _catalog(client: Any) -> Catalog:
    return Catalog(client, bucket="my-bucket", uri="s3vectors://my-bucket", embedder_factory=HashingEmbedder, remote=True)


@pytest.mark.parametrize("character", ["a", "\x01", "ü", "😀"], ids=["plain", "control", "accent", "emoji"])
def test_no_batch_is_larger_than_a_request_may_be(character: str) -> None:
    text = character * (39_000 // len(character.encode()))
    sizes: list[int] = []
    report = write_all(
        [make_memory(f"k{number}") for number in range(400)],
        to_metadata=lambda memory: {"content": text},
        embed=lambda texts: np.full((len(texts), 4096), 1 / 3, np.float32),
        put=lambda records: sizes.append(
            len(json.dumps([record | {"data": record["data"]["float32"].tolist()} for record in records]))
        ),  # type: ignore[attr-defined,operator]
    )
    assert report.written == 400
    assert max(sizes) < REQUEST_BYTES_MAX


@pytest.mark.parametrize(
    ("uri", "label"),
    [
        pytest.param("/srv/memories", "/srv/memories", id="directory"),
        pytest.param("s3vectors://team", "team at AWS", id="bucket"),
        pytest.param("s3vectors://team?region=eu-west-1", "team at eu-west-1", id="region"),
        pytest.param("s3vectors://team?endpoint_url=http%3A%2F%2F127.0.0.1%3A8333", "team at 127.0.0.1:8333", id="endpoint"),
    ],
)
def test_a_store_has_a_short_name(uri: str, label: str) -> None:
    assert parse_store_uri(uri).label == label


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        pytest.param("s3://audit/team/a?region=eu-central-1", "audit/team/a", id="prefix"),
        pytest.param("s3://audit/", "audit", id="bucket"),
        pytest.param("/var/journal", None, id="directory"),
        pytest.param("", None, id="nowhere"),
    ],
)
def test_where_a_journal_is_in_s3(uri: str, expected: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNEMOSCOPE_JOURNAL", uri)
    assert journal_bucket() == expected
    assert journal_bucket("s3://other/place") == "other/place"


def test_what_is_kept_beside_a_store_lies_in_it_or_in_the_data_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert archive_dir(parse_store_uri("/memories")) == Path("/memories")
    here = archive_dir(parse_store_uri("s3vectors://one?region=us-east-1"))
    assert here.parent == tmp_path / "mnemoscope" / "archives"
    assert archive_dir(parse_store_uri("s3vectors://two?region=us-east-1")) == here  # each bucket has streams of its own
    assert archive_dir(parse_store_uri("s3vectors://one?region=eu-west-1")) != here
