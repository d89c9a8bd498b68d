"""Index modes and bucket policies."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from core.errors import NotFoundError
from core.vectors import limits
from core.vectors.embedded import EmbeddedClient
from tests.core.builders import BUCKET, Where, keys_of, make_index, make_record, put, query_all
from tests.core.contract.model import Checked
from tests.core.contract.refusal import refused

NewBucket = Callable[..., str]
NewIndex = Callable[..., Where]

POLICY_MISSING = "The specified vector bucket policy could not be found"
TEXTS = [{"metadataKey": "content", "text": "cat"}]
SEARCHABLE = {"textSearchConfigurations": [{"metadataKey": "content"}]}
LATE = limits.CLASSIC_BUCKETS_BEFORE.timestamp()


def default_mode(client: Any, bucket: str) -> str:
    mode: str = client.get_vector_bucket(vectorBucketName=bucket)["vectorBucket"]["defaultIndexMode"]
    return mode


def index_mode(client: Any, where: Where) -> str:
    mode: str = client.get_index(**where)["index"]["indexMode"]
    return mode


class TestNewBuckets:
    """No index of a bucket of today can be CLASSIC."""

    def test_all_is_enhanced(self, client: Checked, new_bucket: NewBucket) -> None:
        bucket = new_bucket()
        client.put_vector_bucket_default_index_mode(vectorBucketName=bucket, defaultIndexMode="ENHANCED")
        where = make_index(client, bucket=bucket)
        client.update_index_mode(**where, indexMode="ENHANCED")
        assert (default_mode(client, bucket), index_mode(client, where)) == ("ENHANCED", "ENHANCED")

    def test_classic_is_refused(self, client: Checked, new_bucket: NewBucket, index: Where) -> None:
        bucket = new_bucket()
        with refused(message="created before September 30, 2026"):
            client.put_vector_bucket_default_index_mode(vectorBucketName=bucket, defaultIndexMode="CLASSIC")
        with refused(message="created before September 30, 2026"):
            client.update_index_mode(**index, indexMode="CLASSIC")
        assert (default_mode(client, bucket), index_mode(client, index)) == ("ENHANCED", "ENHANCED")

    @pytest.mark.parametrize("mode", ["classic", "", "BEST"])
    def test_an_unknown_mode_is_refused(self, client: Checked, index: Where, mode: str) -> None:
        with refused(message="Member must satisfy enum value set: [CLASSIC, ENHANCED]"):
            client.update_index_mode(**index, indexMode=mode)
        with refused(message="Member must satisfy enum value set: [CLASSIC, ENHANCED]"):
            client.put_vector_bucket_default_index_mode(vectorBucketName=BUCKET, defaultIndexMode=mode)
        with refused(message="Member must satisfy enum value set: [CLASSIC, ENHANCED]"):
            client.query_vectors(**index, topK=1, queryVector={"float32": [1.0, 0.0]}, queryMode=mode)

    def test_the_mode_of_a_query(self, client: Checked, index: Where) -> None:
        put(client, index, make_record())
        assert keys_of(query_all(client, index, queryMode="ENHANCED")) == ["k"]
        with refused(message="queryMode CLASSIC is not supported for an index in ENHANCED mode"):
            query_all(client, index, queryMode="CLASSIC")


class TestOldBuckets:
    """CLASSIC, in a bucket that was made on the last day that allows it. Only our own engine can be told the day."""

    @pytest.fixture
    def old(self, tmp_path: Path) -> Any:
        client = EmbeddedClient(tmp_path, clock=lambda: LATE - 1)
        client.create_vector_bucket(vectorBucketName=BUCKET)
        yield Checked(client)
        client.close()

    def test_the_default_is_for_indexes_made_from_then_on(self, old: Checked) -> None:
        before = make_index(old, "before")
        old.put_vector_bucket_default_index_mode(vectorBucketName=BUCKET, defaultIndexMode="CLASSIC")
        after = make_index(old, "after")
        assert default_mode(old, BUCKET) == "CLASSIC"
        assert (index_mode(old, before), index_mode(old, after)) == ("ENHANCED", "CLASSIC")

    def test_a_classic_index_has_no_text_search(self, old: Checked) -> None:
        where = make_index(old, metadataConfiguration=SEARCHABLE)
        put(old, where, make_record(metadata={"content": "cat"}))
        old.update_index_mode(**where, indexMode="CLASSIC")
        for more in ({}, {"queryMode": "ENHANCED"}, {"queryVector": {"float32": [1.0, 0.0]}}):
            with refused(message="needs an index in ENHANCED mode"):
                query_all(old, where, queryTexts=TEXTS, **more)
        with refused(message="needs an index in ENHANCED mode"):
            old.update_metadata_configuration(**where, add={"textSearchConfigurations": [{"metadataKey": "title"}]})
        assert keys_of(query_all(old, where, queryMode="CLASSIC", filter={"content": "cat"})) == ["k"]
        assert keys_of(query_all(old, where, queryMode="ENHANCED")) == ["k"]
        old.update_index_mode(**where, indexMode="ENHANCED")
        assert keys_of(query_all(old, where, queryTexts=TEXTS)) == ["k"]

    def test_a_classic_index_cannot_be_made_searchable(self, old: Checked) -> None:
        old.put_vector_bucket_default_index_mode(vectorBucketName=BUCKET, defaultIndexMode="CLASSIC")
        with refused(message="needs an index in ENHANCED mode"):
            make_index(old, metadataConfiguration=SEARCHABLE)
        assert old.list_indexes(vectorBucketName=BUCKET)["indexes"] == []

    def test_a_store_from_before_modes_is_enhanced(self, tmp_path: Path) -> None:
        client = EmbeddedClient(tmp_path, clock=lambda: LATE - 1)
        client.create_vector_bucket(vectorBucketName=BUCKET)
        where = make_index(client)
        client.close()
        settings = json.dumps({"encryptionConfiguration": {"sseType": "AES256"}}).encode()
        with closing(apsw.Connection(str(tmp_path / "mnemoscope.sqlite"))) as connection:
            for table in ("bucket", "idx"):
                connection.execute(f"UPDATE {table} SET settings = ?", (settings,))
        client = EmbeddedClient(tmp_path)
        assert (default_mode(client, BUCKET), index_mode(client, where)) == ("ENHANCED", "ENHANCED")
        client.put_vector_bucket_policy(vectorBucketName=BUCKET, policy=statement())
        client.update_index_mode(**where, indexMode="CLASSIC")
        assert (default_mode(client, BUCKET), index_mode(client, where)) == ("ENHANCED", "CLASSIC")
        client.close()

    def test_the_first_day_without_classic(self, tmp_path: Path) -> None:
        client = EmbeddedClient(tmp_path / "late", clock=lambda: LATE)
        client.create_vector_bucket(vectorBucketName=BUCKET)
        with refused(message="created before September 30, 2026"):
            client.put_vector_bucket_default_index_mode(vectorBucketName=BUCKET, defaultIndexMode="CLASSIC")
        client.close()


def statement(count: int = 1) -> str:
    entry = {"Effect": "Allow", "Principal": "*", "Action": "s3vectors:*", "Resource": "é"}
    return json.dumps({"Version": "2012-10-17", "Statement": [entry] * count}, ensure_ascii=False, indent=1)


class TestPolicies:
    def test_a_policy_comes_back_as_it_was_sent(self, client: Checked, new_bucket: NewBucket) -> None:
        bucket = new_bucket()
        for policy in (statement(), statement(2)):
            client.put_vector_bucket_policy(vectorBucketName=bucket, policy=policy)
            assert client.get_vector_bucket_policy(vectorBucketName=bucket)["policy"] == policy
        assert "policy" not in client.get_vector_bucket(vectorBucketName=bucket)["vectorBucket"]

    def test_a_missing_policy(self, client: Checked, new_bucket: NewBucket) -> None:
        bucket = new_bucket()
        with refused(NotFoundError, POLICY_MISSING):
            client.get_vector_bucket_policy(vectorBucketName=bucket)
        client.put_vector_bucket_policy(vectorBucketName=bucket, policy=statement())
        for _ in range(2):  # there is nothing to delete the second time, which is no error
            client.delete_vector_bucket_policy(vectorBucketName=bucket)
            with refused(NotFoundError, POLICY_MISSING):
                client.get_vector_bucket_policy(vectorBucketName=bucket)

    @pytest.mark.parametrize(
        "policy",
        [
            pytest.param("", id="empty"),
            pytest.param("{", id="half"),
            pytest.param("[]", id="list"),
            pytest.param('"text"', id="text"),
            pytest.param("{'a': 1}", id="no-json"),
            pytest.param(statement(400), id="over-20-kb"),
            pytest.param("[" * 5_000, id="deep"),
        ],
    )
    def test_a_bad_policy_is_refused(self, client: Checked, new_bucket: NewBucket, policy: str) -> None:
        bucket = new_bucket()
        with refused():
            client.put_vector_bucket_policy(vectorBucketName=bucket, policy=policy)
        with refused(NotFoundError, POLICY_MISSING):
            client.get_vector_bucket_policy(vectorBucketName=bucket)

    def test_a_bucket_takes_its_policy_with_it(self, client: Checked, new_bucket: NewBucket) -> None:
        bucket = new_bucket()
        client.put_vector_bucket_policy(vectorBucketName=bucket, policy=statement())
        client.delete_vector_bucket(vectorBucketName=bucket)
        client.create_vector_bucket(vectorBucketName=bucket)
        with refused(NotFoundError, POLICY_MISSING):
            client.get_vector_bucket_policy(vectorBucketName=bucket)
