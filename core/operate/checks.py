"""One check of what the credentials may do: how it went, what it is for, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from core.config import StoreLocation
from core.errors import (
    AccessDeniedError,
    CredentialsError,
    InternalError,
    MnemoscopeError,
    NotFoundError,
    ServiceError,
    UnreachableError,
)
from core.operate.policies import NO_REGION, statement_for

__all__ = ["EVERYTHING", "MATTERS", "WRITES", "Check", "State", "failed", "is_not_there", "skipped"]

EVERYTHING: Final = "everything"
# Operations of S3 Vectors in the order of their checks, and what each is for.
MATTERS: Final = {
    "ListVectorBuckets": "the list of buckets on the page Indexes; a bucket that is named opens without it",
    "GetVectorBucket": "every page: it tells a missing bucket from an empty one",
    "ListIndexes": "every page: the list of indexes",
    "GetIndex": "every page: dimension, metric and text search of an index",
    "ListTagsForResource": "every page: tenant, embedder and field names of an index",
    "ListVectors": "Overview and every page that looks at all memories; export",
    "GetVectors": "what a memory says: search, the inspector, export",
    "QueryVectors": "Search, recall and context",
    "PutVectors": "remember, import and every correction",
    "DeleteVectors": "forget and every clean-up",
    "TagResource": "keeping how the fields of an index are named",
    "CreateIndex": "making indexes",
    "DeleteIndex": "removing indexes",
}
WRITES: Final = ("PutVectors", "DeleteVectors", "TagResource", "CreateIndex", "DeleteIndex")


class State(StrEnum):
    """How a check went; SKIPPED says nothing about the right."""

    OK = "ok"
    DENIED = "denied"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Check:
    """One right or condition: `matters` says for what, `fix` what to do, `statement` what to add to the policy.

    `action` is the operation of S3 Vectors if it is one. The bucket's ARN and key come with GetVectorBucket.
    """

    name: str
    state: State
    detail: str
    matters: str = ""
    fix: str = ""
    action: str | None = None
    statement: Mapping[str, Any] | None = None
    arn: str | None = None
    kms_key_arn: str | None = None


def skipped(action: str, why: str) -> Check:
    """Return the check of an operation that was not tried."""
    return Check(action, State.SKIPPED, why, MATTERS[action], action=action)


def failed(
    name: str,
    error: MnemoscopeError,
    *,
    fix: str = "",
    where: StoreLocation | None = None,
    arn: str | None = None,
    index: str | None = None,
) -> Check:
    """Return the check of what was refused or did not work, with what to do."""
    action = name if name in MATTERS else None
    state = State.DENIED if isinstance(error, AccessDeniedError) else State.FAILED
    statement = None
    if action and where and state is State.DENIED:
        fix = f"Allow s3vectors:{action}."
        parts = arn.split(":") if arn else []
        region, account = where.region or (parts[3] if parts else NO_REGION), parts[4] if parts else None
        statement = statement_for(action, bucket=where.bucket, region=region, account=account, index=index)
    matters = MATTERS.get(name, EVERYTHING)
    return Check(name, state, str(error), matters, fix or _advice(error), action, statement)


def is_not_there(error: MnemoscopeError | None) -> bool:
    """Say whether nobody answered, or something that is not S3 Vectors: its errors have codes that we know."""
    return isinstance(error, UnreachableError | InternalError) or type(error) is ServiceError


def _advice(error: MnemoscopeError) -> str:
    if isinstance(error, NotFoundError):
        return "Check the name and the region, or create it."
    if isinstance(error, CredentialsError):
        return "Use a key that this service knows, and check this machine's clock."
    if isinstance(error, UnreachableError):
        return "Check the network, the region and the endpoint."
    return "Read what the service said."
