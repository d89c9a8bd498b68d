"""Index modes and bucket policies of the embedded engine: what a bucket or an index is set to.

Both modes search exactly here. CLASSIC keeps what the service's own CLASSIC lacks: full-text and hybrid search and the
configuration of searchable keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from core.errors import NotFoundError, ValidationError
from core.vectors import limits
from core.vectors.embedded.registry import BucketRow, IndexRow, Registry
from core.vectors.names import IndexRef
from core.vectors.validation import check_choice, check_text, constraint

__all__ = ["CLASSIC", "ENHANCED", "Modes", "check_query_mode", "default_mode", "mode_of", "need_enhanced"]

CLASSIC: Final = "CLASSIC"
ENHANCED: Final = "ENHANCED"
_POLICY_MISSING: Final = "The specified vector bucket policy could not be found"


class Modes:
    """PutVectorBucketDefaultIndexMode, UpdateIndexMode and the operations on a bucket's policy."""

    def __init__(
        self,
        registry: Registry,
        *,
        bucket_of: Callable[[Mapping[str, Any]], str],
        index_of: Callable[[Mapping[str, Any]], IndexRef],
    ) -> None:
        self._registry, self._bucket_of, self._index_of = registry, bucket_of, index_of

    def put_vector_bucket_default_index_mode(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """PutVectorBucketDefaultIndexMode: for indexes made from now on."""
        bucket = self._registry.bucket(self._bucket_of(arguments))
        mode = _allowed("/defaultIndexMode", arguments.get("defaultIndexMode"), bucket)
        self._registry.change_settings(bucket.name, None, lambda settings: settings | {"defaultIndexMode": mode})
        return {}

    def update_index_mode(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """UpdateIndexMode: what is configured for text search stays, and is searchable again once the mode is ENHANCED."""
        index = self._registry.index(*self._index_of(arguments))
        mode = _allowed("/indexMode", arguments.get("indexMode"), self._registry.bucket(index.bucket))
        self._registry.change_settings(index.bucket, index.name, lambda settings: settings | {"indexMode": mode})
        return {}

    def put_vector_bucket_policy(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """PutVectorBucketPolicy: the policy is kept and given back as it was sent; nothing enforces it here."""
        bucket = self._registry.bucket(self._bucket_of(arguments)).name
        policy = _policy(arguments.get("policy"))
        self._registry.change_settings(bucket, None, lambda settings: settings | {"policy": policy})
        return {}

    def get_vector_bucket_policy(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """GetVectorBucketPolicy: NotFoundError where none was put."""
        policy = self._registry.bucket(self._bucket_of(arguments)).settings.get("policy")
        if policy is None:
            raise NotFoundError(_POLICY_MISSING)
        return {"policy": policy}

    def delete_vector_bucket_policy(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """DeleteVectorBucketPolicy: where there is none, nothing happens."""
        bucket = self._registry.bucket(self._bucket_of(arguments)).name
        self._registry.change_settings(
            bucket, None, lambda settings: {name: value for name, value in settings.items() if name != "policy"}
        )
        return {}


def default_mode(bucket: BucketRow) -> str:
    """Return the mode of a new index; a bucket of an older store says nothing, and had only ENHANCED ones."""
    return str(bucket.settings.get("defaultIndexMode", ENHANCED))


def mode_of(index: IndexRow) -> str:
    """Return an index's mode."""
    return str(index.settings.get("indexMode", ENHANCED))


def need_enhanced(mode: str, what: str) -> None:
    """Raise unless the mode is ENHANCED."""
    if mode != ENHANCED:
        raise ValidationError(f"{what} needs an index in ENHANCED mode: change its mode with UpdateIndexMode")


def check_query_mode(mode: str, asked: object) -> None:
    """Raise unless an index of this mode may be queried in the mode that is asked, if any is."""
    if asked is None:
        return
    if check_choice("/queryMode", asked, limits.INDEX_MODES) == CLASSIC and mode == ENHANCED:
        raise ValidationError("queryMode CLASSIC is not supported for an index in ENHANCED mode")


def _allowed(path: str, mode: object, bucket: BucketRow) -> str:
    """Return the mode, or raise unless an index of the bucket may have it."""
    found = check_choice(path, mode, limits.INDEX_MODES)
    if found == CLASSIC and bucket.created >= limits.CLASSIC_BUCKETS_BEFORE:
        day = limits.CLASSIC_BUCKETS_BEFORE
        raise ValidationError(
            f"CLASSIC is supported only in vector buckets created before {day:%B} {day.day}, {day.year}; "
            f"'{bucket.name}' was created on {bucket.created:%Y-%m-%d}"
        )
    return found


def _policy(policy: object) -> str:
    text = check_text("/policy", policy)
    if len(text.encode()) > limits.POLICY_BYTES_MAX:
        raise constraint("/policy", f"with length {len(text)}", f"Member must have at most {limits.POLICY_BYTES_MAX} bytes")
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValidationError(f"The policy is not valid JSON ({error.msg})", field_list=[("/policy", error.msg)]) from None
    if not isinstance(document, dict):
        raise ValidationError("The policy is not a JSON object", field_list=[("/policy", "Member must be a JSON object")])
    return text
