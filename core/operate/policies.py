"""The smallest IAM policy for what a role does in one bucket, as a dictionary that AWS takes as JSON.

Actions are the operations of the service by name ("Actions, resources, and condition keys for Amazon S3 Vectors").
A query with a filter or with metadata needs GetVectors beside QueryVectors, and so does a list with metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from core.errors import ConfigError
from core.models.families import FAMILIES, base_model
from core.vectors.names import partition

__all__ = ["NO_ACCOUNT", "NO_REGION", "ROLES", "actions", "bucket_arn", "partition", "policy", "statement_for"]

# Stand where account or region are not known, and are none: whoever uses the policy must fill them in.
NO_ACCOUNT: Final = "YOUR-ACCOUNT-ID"
NO_REGION: Final = "YOUR-REGION"
ROLES: Final = ("read-only", "curator", "agent")

_ACCOUNT: Final = ("ListVectorBuckets",)
_BUCKET: Final = ("GetVectorBucket", "ListIndexes")
_READ: Final = ("GetIndex", "ListTagsForResource", "GetVectors", "ListVectors", "QueryVectors")
# An agent knows its index by name and never reads all of it.
_AGENT: Final = ("GetIndex", "ListTagsForResource", "GetVectors", "PutVectors", "QueryVectors")
_WRITE: Final = ("PutVectors", "DeleteVectors")
# How the fields of an index are named is kept in tags of that index; whose it is, is a tag that they may not touch.
_TAG: Final = ("TagResource", "UntagResource")
_TAG_KEYS: Final = ("mnemoscope:schema", "mnemoscope:field.*")
_MANAGE: Final = (
    "CreateIndex",
    "DeleteIndex",
    "TagResource",
    "UntagResource",
    "UpdateIndexMode",
    "UpdateMetadataConfiguration",
)
_MANAGE_BUCKET: Final = ("CreateVectorBucket",)
_TENANT_TAG: Final = "aws:ResourceTag/mnemoscope:tenant"
_EMBEDDER_TAG: Final = "aws:ResourceTag/mnemoscope:embedder"
_NEW_TENANT_TAG: Final = "aws:RequestTag/mnemoscope:tenant"
# The journal: entries are only ever added; erasing takes before-images away, in every version that a bucket keeps.
_JOURNAL_READ: Final = ("GetObject",)
_JOURNAL_WRITE: Final = ("DeleteObject", "DeleteObjectVersion", "PutObject")
_JOURNAL_LIST: Final = ("ListBucket", "ListBucketVersions")


def actions(role: str, *, manage_indexes: bool = False) -> frozenset[str]:
    """Return the operations of S3 Vectors that a role needs; raise ConfigError for an unknown one."""
    if role not in ROLES:
        raise ConfigError(f"There is no role {role!r}: choose one of {', '.join(ROLES)}.")
    needed = _AGENT if role == "agent" else (*_ACCOUNT, *_BUCKET, *_READ)
    more = (*_WRITE, *_TAG) if role == "curator" else ()
    # An index is removed only after one look whether it is empty.
    managed = (*_MANAGE, *_MANAGE_BUCKET, *_BUCKET, "ListVectors") if manage_indexes else ()
    return frozenset((*needed, *more, *managed))


def policy(
    role: str,
    *,
    bucket: str,
    region: str,
    account: str | None = None,
    index: str | None = None,
    tenant: str | None = None,
    embedder: str | None = None,
    kms_key_arn: str | None = None,
    manage_indexes: bool = False,
    journal: str | None = None,
) -> dict[str, Any]:
    """Return the policy of a role in one bucket, in one index of it, or in the indexes tagged with one tenant.

    `embedder` is a model of Bedrock by its id, `kms_key_arn` the bucket's own key, `journal` a "bucket/prefix" in Amazon S3.
    """
    needed = actions(role, manage_indexes=manage_indexes)
    arn = bucket_arn(bucket, region=region, account=account)
    indexes = f"{arn}/index/{index or '*'}"
    condition = {"StringEquals": {_TENANT_TAG: tenant}} if tenant else {}
    statements = _reading(needed, arn, indexes, condition)
    if manage_indexes and tenant:
        statements += _manage_for(tenant, indexes)
    elif manage_indexes:
        statements.append(_statement("ManageIndexes", _MANAGE, indexes))
    elif role == "curator":
        keys = {"ForAllValues:StringLike": {"aws:TagKeys": list(_TAG_KEYS)}}
        statements.append(_statement("FieldNames", _TAG, indexes, condition | keys))
    if kms_key_arn:
        statements.append(_key(kms_key_arn, needed))
    if embedder and base_model(embedder) in FAMILIES:
        statements.append(_model(embedder, region, account))
    if journal and role != "agent":
        statements += _journal(journal, region, write=role == "curator")
    return {"Version": "2012-10-17", "Statement": [statement for statement in statements if statement["Action"]]}


def _manage_for(tenant: str, indexes: str) -> list[dict[str, Any]]:
    """Return what a tenant may do with indexes: make its own, change its own, and take nobody else's."""
    own = {"StringEquals": {_TENANT_TAG: tenant}}
    new = {"StringEquals": {_NEW_TENANT_TAG: tenant}}
    # An index is tagged as it is made, before it has a tag: one with an embedder is there already, whosever it is.
    unmade = {"Null": {_EMBEDDER_TAG: "true"}}
    kept = {"StringEqualsIfExists": {_NEW_TENANT_TAG: tenant}}
    names = {"ForAllValues:StringLike": {"aws:TagKeys": list(_TAG_KEYS)}}
    return [
        _statement("NewIndexes", ["CreateIndex"], indexes, new),
        _statement("NewTags", ["TagResource"], indexes, new | unmade),
        _statement("OwnTags", ["TagResource"], indexes, own | kept),
        _statement("OwnIndexes", set(_MANAGE) - {"CreateIndex", "TagResource", "UntagResource"}, indexes, own),
        _statement("FieldNames", ["UntagResource"], indexes, own | names),
    ]


def statement_for(
    action: str, *, bucket: str, region: str, account: str | None = None, index: str | None = None
) -> dict[str, Any]:
    """Return the one statement that allows one operation: what to add where it is denied."""
    arn = bucket_arn(bucket, region=region, account=account)
    if action in _ACCOUNT:
        return _statement("Allow" + action, [action], "*")
    where = arn if action in (*_BUCKET, *_MANAGE_BUCKET) else f"{arn}/index/{index or '*'}"
    return _statement("Allow" + action, [action], where)


def bucket_arn(bucket: str, *, region: str, account: str | None = None) -> str:
    """Return the ARN of a bucket, with NO_ACCOUNT in the place of an account that is not known."""
    return f"arn:{partition(region)}:s3vectors:{region}:{account or NO_ACCOUNT}:bucket/{bucket}"


def _reading(needed: frozenset[str], arn: str, indexes: str, condition: Mapping[str, Any]) -> list[dict[str, Any]]:
    on_index = sorted(needed - {*_ACCOUNT, *_BUCKET, *_TAG, *_MANAGE, *_MANAGE_BUCKET})
    return [
        _statement("Buckets", needed & set(_ACCOUNT), "*"),
        _statement("Bucket", needed & {*_BUCKET, *_MANAGE_BUCKET}, arn),
        _statement("Memories", on_index, indexes, condition),
    ]


def _key(arn: str, needed: frozenset[str]) -> dict[str, Any]:
    used = {"Decrypt"} | ({"GenerateDataKey"} if needed & {"PutVectors", "CreateIndex"} else set())
    return _statement("Key", used, arn, prefix="kms")


def _journal(where: str, region: str, *, write: bool) -> list[dict[str, Any]]:
    bucket, _, prefix = where.strip("/").partition("/")
    arn = f"arn:{partition(region)}:s3:::{bucket}"
    below = {"StringLike": {"s3:prefix": [f"{prefix}/*"]}} if prefix else {}
    objects = {*_JOURNAL_READ, *(_JOURNAL_WRITE if write else ())}
    return [
        _statement("Journal", objects, f"{arn}/{prefix + '/' if prefix else ''}*", prefix="s3"),
        _statement("JournalList", _JOURNAL_LIST if write else _JOURNAL_LIST[:1], arn, below, prefix="s3"),
    ]


def _statement(
    sid: str,
    allowed: Any,
    resource: str | list[str],
    condition: Mapping[str, Any] | None = None,
    *,
    prefix: str = "s3vectors",
) -> dict[str, Any]:
    names = [f"{prefix}:{name}" for name in sorted(allowed)]
    statement: dict[str, Any] = {"Sid": sid, "Effect": "Allow", "Action": names, "Resource": resource}
    return statement | ({"Condition": dict(condition)} if condition else {})


def _model(model_id: str, region: str, account: str | None) -> dict[str, Any]:
    base, part = base_model(model_id), partition(region)
    if base == model_id:
        return _statement(
            "Embed", ["InvokeModel"], f"arn:{part}:bedrock:{region}::foundation-model/{base}", prefix="bedrock"
        )
    # An inference profile calls the model in whichever region of its geography has room.
    profile = f"arn:{part}:bedrock:{region}:{account or NO_ACCOUNT}:inference-profile/{model_id}"
    return _statement(
        "Embed", ["InvokeModel"], [profile, f"arn:{part}:bedrock:*::foundation-model/{base}"], prefix="bedrock"
    )
