"""Names and ARNs of buckets and indexes, checked in the service's own words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from core.errors import NotFoundError, ValidationError
from core.vectors import limits
from core.vectors.validation import check_length, check_text, constraint

__all__ = ["IndexRef", "account_arn", "bucket_name", "index_name", "index_ref", "partition"]

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]*[a-z0-9]")
_INDEX_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]*[a-z0-9]")
_BUCKET_ARN: Final = re.compile(r"arn:aws[-a-z0-9]*:s3vectors:[a-z0-9-]+:[0-9]{12}:bucket/(?P<bucket>[^/]+)")
_INDEX_ARN: Final = re.compile(_BUCKET_ARN.pattern + r"/index/(?P<index>[^/]+)")
_PARTITIONS: Final = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-isob-", "aws-iso-b"),
    ("us-iso-", "aws-iso"),
    ("eusc-", "aws-eusc"),
)


class IndexRef(NamedTuple):
    """A bucket's and an index's name."""

    bucket: str
    name: str


def partition(region: str) -> str:
    """Return the partition of AWS that a region is in."""
    return next((name for prefix, name in _PARTITIONS if region.startswith(prefix)), "aws")


def account_arn(region: str, account: str) -> str:
    """Return what the ARNs of an account's buckets in a region begin with."""
    return f"arn:{partition(region)}:s3vectors:{region}:{account}"


def _name(path: str, value: object, pattern: re.Pattern[str]) -> str:
    name = check_text(path, value)
    check_length(path, name, limits.BUCKET_NAME_MIN, limits.BUCKET_NAME_MAX)
    if not pattern.fullmatch(name):
        what = f"Invalid {'vector bucket' if pattern is _NAME else 'index'} name"
        raise ValidationError(what, field_list=[(path, what)])
    return name


def bucket_name(arguments: Mapping[str, Any], *, owner: str = "") -> str:
    """Return the bucket's name from `vectorBucketName`, or from `vectorBucketArn`, which must start with `owner`."""
    name, arn = arguments.get("vectorBucketName"), arguments.get("vectorBucketArn")
    if (name is None) == (arn is None):
        raise ValidationError("Must specify either vectorBucketName or vectorBucketArn but not both")
    if arn is None:
        return _name("/vectorBucketName", name, _NAME)
    match = _BUCKET_ARN.fullmatch(arn) if isinstance(arn, str) else None
    if not match:
        raise constraint("/vectorBucketArn", f"'{arn}'", "Member must be the ARN of a vector bucket")
    if not match[0].startswith(owner):
        raise NotFoundError("The specified vector bucket could not be found")
    return _name("/vectorBucketArn", match["bucket"], _NAME)


def index_name(value: object) -> str:
    """Return a valid index name."""
    return _name("/indexName", value, _INDEX_NAME)


def index_ref(arguments: Mapping[str, Any], *, owner: str = "") -> IndexRef:
    """Return bucket and index from both names, or from `indexArn`, which must start with `owner`."""
    bucket, index, arn = (arguments.get(key) for key in ("vectorBucketName", "indexName", "indexArn"))
    if arn is not None and bucket is None and index is None:
        match = _INDEX_ARN.fullmatch(arn) if isinstance(arn, str) else None
        if not match:
            raise constraint("/indexArn", f"'{arn}'", "Member must be the ARN of an index")
        if not match[0].startswith(owner):
            raise NotFoundError("The specified index could not be found")
        return IndexRef(_name("/indexArn", match["bucket"], _NAME), _name("/indexArn", match["index"], _INDEX_NAME))
    if arn is not None or bucket is None or index is None:
        raise ValidationError("Must specify either indexArn or both vectorBucketName and indexName")
    return IndexRef(_name("/vectorBucketName", bucket, _NAME), index_name(index))
