"""The policies: real actions of the service, enough for what our own code calls, and no more than that."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, ClassVar

import pytest
from botocore.session import get_session

from core.access import LOCAL_ADMIN
from core.candidates import Mode
from core.catalog import Catalog
from core.errors import ConfigError
from core.models.embedding import HashingEmbedder
from core.operate.policies import NO_ACCOUNT, ROLES, actions, bucket_arn, partition, policy, statement_for
from core.store import MemoryStore
from core.vectors.client import Call
from core.vectors.embedded import EmbeddedClient
from tests.core.memory_builders import make_memory

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SERVICE = set(get_session().get_service_model("s3vectors").operation_names)
# What our own two methods of the seam are on AWS.
OURS = {"Scan": {"ListVectors", "GetVectors"}, "Revision": {"GetIndex"}}


def reading(catalog: Catalog, store: MemoryStore) -> None:
    catalog.survey(actor=LOCAL_ADMIN)
    opened = catalog.open("team", actor=LOCAL_ADMIN)
    opened.revision()
    opened.frame(actor=LOCAL_ADMIN)
    list(opened.memories(actor=LOCAL_ADMIN))
    opened.query(text="report", mode=Mode.HYBRID, k=3, now=NOW, actor=LOCAL_ADMIN)
    opened.neighbours("a", k=3, actor=LOCAL_ADMIN)


def curating(catalog: Catalog, store: MemoryStore) -> None:
    reading(catalog, store)
    store.write([make_memory(key="b")], actor=LOCAL_ADMIN)
    store.records.delete(["b"], actor=LOCAL_ADMIN)


def agent(catalog: Catalog, store: MemoryStore) -> None:
    opened = catalog.open("team", actor=LOCAL_ADMIN)
    opened.write([make_memory(key="b")], actor=LOCAL_ADMIN)
    opened.query(text="report", mode=Mode.HYBRID, k=3, now=NOW, actor=LOCAL_ADMIN)
    opened.get(["a"], actor=LOCAL_ADMIN)


@pytest.mark.parametrize(
    ("role", "work"),
    [
        pytest.param("read-only", reading, id="read-only"),
        pytest.param("curator", curating, id="curator"),
        pytest.param("agent", agent, id="agent"),
    ],
)
def test_a_role_may_do_what_our_code_calls_for_it(tmp_path: Path, role: str, work: Callable[..., None]) -> None:
    calls: list[Call] = []
    client = EmbeddedClient(tmp_path, tracer=calls.append)
    with closing(Catalog(client, bucket="memories", uri=str(tmp_path), embedder_factory=HashingEmbedder)) as catalog:
        store = catalog.create("team", actor=LOCAL_ADMIN)
        store.write([make_memory(key="a")], actor=LOCAL_ADMIN)
        calls.clear()
        work(catalog, store)
    called = set().union(*(OURS.get(call.operation, {call.operation}) for call in calls))
    assert len(called) >= 4
    assert called <= actions(role)


@pytest.mark.parametrize("manage", [False, True])
@pytest.mark.parametrize("role", ROLES)
def test_every_action_is_an_operation_of_the_service(role: str, manage: bool) -> None:
    document = policy(role, bucket="memories", region="us-east-1", account="123456789012", manage_indexes=manage)
    named = [action for statement in document["Statement"] for action in statement["Action"]]
    assert all(action.startswith("s3vectors:") for action in named)
    assert {action.partition(":")[2] for action in named} == actions(role, manage_indexes=manage)
    assert actions(role, manage_indexes=manage) <= SERVICE
    assert len(named) == len(set(named))
    assert json.loads(json.dumps(document)) == document
    assert all("*" not in action for action in named)
    assert len({statement["Sid"] for statement in document["Statement"]}) == len(document["Statement"])


@pytest.mark.parametrize("role", ROLES)
def test_only_the_list_of_buckets_is_about_everything(role: str) -> None:
    document = policy(role, bucket="memories", region="us-east-1", account="123456789012")
    for statement in document["Statement"]:
        if statement["Action"] == ["s3vectors:ListVectorBuckets"]:
            assert statement["Resource"] == "*"
        else:
            assert statement["Resource"].startswith("arn:aws:s3vectors:us-east-1:123456789012:bucket/memories")


def test_what_each_role_may_not() -> None:
    assert actions("read-only") & {"PutVectors", "DeleteVectors", "TagResource", "CreateIndex", "DeleteIndex"} == set()
    assert actions("curator") & {"CreateIndex", "DeleteIndex", "DeleteVectorBucket", "PutVectorBucketPolicy"} == set()
    assert actions("agent") & {"ListVectors", "DeleteVectors", "ListVectorBuckets", "TagResource"} == set()
    with pytest.raises(ConfigError, match="choose one of read-only, curator, agent"):
        actions("root")


def test_one_index_and_one_tenant() -> None:
    document = policy("curator", bucket="memories", region="eu-central-1", account="1" * 12, index="team", tenant="acme")
    by_sid = {statement["Sid"]: statement for statement in document["Statement"]}
    arn = "arn:aws:s3vectors:eu-central-1:111111111111:bucket/memories"
    assert by_sid["Bucket"]["Resource"] == arn
    assert by_sid["Memories"]["Resource"] == f"{arn}/index/team"
    assert by_sid["Memories"]["Condition"] == {"StringEquals": {"aws:ResourceTag/mnemoscope:tenant": "acme"}}
    assert by_sid["FieldNames"]["Condition"] == {
        "StringEquals": {"aws:ResourceTag/mnemoscope:tenant": "acme"},
        "ForAllValues:StringLike": {"aws:TagKeys": ["mnemoscope:schema", "mnemoscope:field.*"]},
    }


class TestTenantThatManagesIndexes:
    """A request is held against the policy as IAM does it: one statement must allow it, with all its conditions."""

    ARN = "arn:aws:s3vectors:us-east-1:111111111111:bucket/memories"
    OWN: ClassVar = {"mnemoscope:tenant": "acme", "mnemoscope:embedder": "e"}
    OTHER: ClassVar = {"mnemoscope:tenant": "globex", "mnemoscope:embedder": "e"}
    SHARED: ClassVar = {"mnemoscope:embedder": "e"}

    @pytest.mark.parametrize(
        ("action", "tags", "sent", "allowed"),
        [
            pytest.param("CreateIndex", {}, OWN, True, id="make-own"),
            pytest.param("CreateIndex", {}, OTHER, False, id="make-others"),
            pytest.param("CreateIndex", {}, {}, False, id="make-shared"),
            pytest.param("TagResource", {}, OWN, True, id="tag-while-making"),
            pytest.param("TagResource", OWN, {"mnemoscope:schema": "x"}, True, id="tag-own"),
            pytest.param("TagResource", OWN, {"mnemoscope:tenant": "globex"}, False, id="give-away"),
            pytest.param("TagResource", OTHER, {"mnemoscope:tenant": "acme"}, False, id="take-others"),
            pytest.param("TagResource", SHARED, {"mnemoscope:tenant": "acme"}, False, id="take-shared"),
            pytest.param("UntagResource", OWN, {"mnemoscope:schema": ""}, True, id="untag-own"),
            pytest.param("UntagResource", OWN, {"mnemoscope:tenant": ""}, False, id="untag-tenant"),
            *(
                pytest.param(action, tags, {}, tags is own, id=f"{action}-{name}")
                for own in [OWN]
                for action in ("DeleteIndex", "UpdateIndexMode", "UpdateMetadataConfiguration", "PutVectors", "ListVectors")
                for name, tags in (("own", own), ("others", {"mnemoscope:tenant": "globex"}), ("shared", {}))
            ),
        ],
    )
    def test_it_reaches_its_own_indexes_only(
        self, action: str, tags: dict[str, str], sent: dict[str, str], allowed: bool
    ) -> None:
        document = policy(
            "curator", bucket="memories", region="us-east-1", account="1" * 12, tenant="acme", manage_indexes=True
        )
        context = {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
        context |= {f"aws:RequestTag/{key}": value for key, value in sent.items()}
        matching = (
            statement
            for statement in document["Statement"]
            if f"s3vectors:{action}" in statement["Action"] and fnmatchcase(f"{self.ARN}/index/team", statement["Resource"])
        )
        assert any(self.holds(statement.get("Condition", {}), context, list(sent)) for statement in matching) is allowed

    def holds(self, condition: dict[str, dict[str, Any]], context: dict[str, str], keys: list[str]) -> bool:
        for operator, wanted in condition.items():
            for name, value in wanted.items():
                found = context.get(name)
                fits = {
                    "StringEquals": found == value,
                    "StringEqualsIfExists": found in (None, value),
                    "Null": (found is None) is (value == "true"),
                    "ForAllValues:StringLike": all(any(fnmatchcase(key, each) for each in value) for key in keys),
                }
                if not fits[operator]:
                    return False
        return True


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("us-east-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eusc-de-east-1", "aws-eusc"),
    ],
)
def test_the_partition_follows_from_the_region(region: str, expected: str) -> None:
    assert partition(region) == expected
    assert bucket_arn("b-1", region=region, account="2" * 12) == f"arn:{expected}:s3vectors:{region}:{'2' * 12}:bucket/b-1"


def test_an_unknown_account_is_a_gap_to_fill() -> None:
    arn = bucket_arn("memories", region="us-east-1")
    assert NO_ACCOUNT in arn
    assert not NO_ACCOUNT.isdecimal()


@pytest.mark.parametrize(
    ("embedder", "resources"),
    [
        pytest.param(
            "amazon.titan-embed-text-v2:0",
            "arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2:0",
            id="model",
        ),
        pytest.param(
            "us.cohere.embed-v4:0",
            [
                "arn:aws:bedrock:us-east-1:111111111111:inference-profile/us.cohere.embed-v4:0",
                "arn:aws:bedrock:*::foundation-model/cohere.embed-v4:0",
            ],
            id="inference-profile",
        ),
        pytest.param(None, None, id="local"),
    ],
)
def test_the_embedding_model_is_in_it(embedder: str | None, resources: object) -> None:
    document = policy("agent", bucket="memories", region="us-east-1", account="1" * 12, embedder=embedder)
    found = [statement for statement in document["Statement"] if statement["Action"] == ["bedrock:InvokeModel"]]
    assert [statement["Resource"] for statement in found] == ([resources] if resources else [])


@pytest.mark.parametrize(
    ("role", "expected"),
    [("read-only", ["kms:Decrypt"]), ("agent", ["kms:Decrypt", "kms:GenerateDataKey"])],
)
def test_a_bucket_with_its_own_key(role: str, expected: list[str]) -> None:
    key = "arn:aws:kms:us-east-1:111111111111:key/1"
    statements = policy(role, bucket="memories", region="us-east-1", kms_key_arn=key)["Statement"]
    assert [s["Action"] for s in statements if s["Resource"] == key] == [expected]


_READ = ["s3:GetObject"]
_WRITE = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:PutObject"]


@pytest.mark.parametrize(
    ("role", "objects", "lists"),
    [
        pytest.param("read-only", _READ, ["s3:ListBucket"], id="read-only"),
        pytest.param("curator", _WRITE, ["s3:ListBucket", "s3:ListBucketVersions"], id="curator"),
        pytest.param("agent", None, None, id="agent"),
    ],
)
@pytest.mark.parametrize(
    ("journal", "resource", "below"),
    [
        ("audit/team", "arn:aws:s3:::audit/team/*", {"StringLike": {"s3:prefix": ["team/*"]}}),
        ("audit", "arn:aws:s3:::audit/*", None),
    ],
    ids=["prefix", "bucket"],
)
def test_the_journal_is_in_it(role: str, objects: Any, lists: Any, journal: str, resource: str, below: Any) -> None:
    statements = policy(role, bucket="memories", region="us-east-1", journal=journal)["Statement"]
    found = {statement["Sid"]: statement for statement in statements if statement["Sid"].startswith("Journal")}
    if objects is None:
        assert found == {}
        return
    assert (found["Journal"]["Action"], found["Journal"]["Resource"]) == (objects, resource)
    assert (found["JournalList"]["Action"], found["JournalList"]["Resource"]) == (lists, "arn:aws:s3:::audit")
    assert found["JournalList"].get("Condition") == below


@pytest.mark.parametrize("action", sorted(actions("curator", manage_indexes=True)))
def test_the_statement_for_one_action_names_its_resource(action: str) -> None:
    statement = statement_for(action, bucket="memories", region="us-east-1", account="1" * 12)
    assert statement["Action"] == [f"s3vectors:{action}"]
    ends = {
        "ListVectorBuckets": "*",
        "GetVectorBucket": "/memories",
        "ListIndexes": "/memories",
        "CreateVectorBucket": "/memories",
    }
    assert statement["Resource"].endswith(ends.get(action, "/memories/index/*"))
