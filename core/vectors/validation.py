"""The request checks of S3 Vectors, with its own words."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from core.errors import NotFoundError, ValidationError
from core.vectors import limits
from core.vectors.client import KEY_COLUMN, VECTOR_COLUMN, PutVector

__all__ = [
    "IndexRef",
    "bucket_name",
    "check_choice",
    "check_key",
    "check_metadata",
    "check_range",
    "check_tags",
    "index_ref",
    "matrix_of",
    "metadata_bytes",
    "query_vector",
]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*[a-z0-9]")
_INDEX_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*[a-z0-9]")
_BUCKET_ARN = re.compile(r"arn:aws[-a-z0-9]*:s3vectors:[a-z0-9-]+:[0-9]{12}:bucket/(?P<bucket>[^/]+)")
_INDEX_ARN = re.compile(_BUCKET_ARN.pattern + r"/index/(?P<index>[^/]+)")
_TAG = re.compile(r"[\w \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000.:/=+\-@]*")  # letters, numbers, separators
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}  # as boto3 sends them


class IndexRef(NamedTuple):
    """A bucket's and an index's name."""

    bucket: str
    name: str


def constraint(path: str, what: str, rule: str) -> ValidationError:
    """Return the service's error for a broken constraint, as "Value with length 2 at '/indexName' failed to …"."""
    named = f"{what} at" if what else "at"
    return ValidationError(
        f"1 validation error detected. Value {named} '{path}' failed to satisfy constraint: {rule}",
        field_list=[(path, rule)],
    )


def check_length(path: str, value: Sequence[object], low: int, high: int) -> None:
    """Raise unless the length of a string or list is within [low, high]."""
    if not low <= len(value) <= high:
        raise constraint(path, f"with length {len(value)}", f"Member must have length between {low} and {high}, inclusive")


def check_list(path: str, value: object) -> Sequence[Any]:
    """Return the list, or raise unless it is one."""
    if not isinstance(value, (list, tuple)):
        raise constraint(path, f"of type {type(value).__name__}", "Member must be a list")
    return value


def check_object(path: str, value: object) -> Mapping[str, Any]:
    """Return the object, or raise unless it is one."""
    if not isinstance(value, Mapping):
        raise constraint(path, f"of type {type(value).__name__}", "Member must be an object")
    return value


def check_range(path: str, value: object, low: int, high: int) -> int:
    """Return the integer, or raise unless it is one within [low, high]."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise constraint(path, f"'{value}'", "Member must be an integer")
    if not low <= value <= high:
        raise constraint(path, "", f"Member must be between {low} and {high}, inclusive")
    return value


def check_choice(path: str, value: object, choices: Sequence[str]) -> str:
    """Return the string, or raise unless it is one of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise constraint(path, "", f"Member must satisfy enum value set: [{', '.join(choices)}]")
    return value


def check_text(path: str, value: object) -> str:
    """Return the string, or raise unless it is one that UTF-8 can carry."""
    if not isinstance(value, str):
        raise constraint(path, f"of type {type(value).__name__}", "Member must be a string")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise constraint(path, "with a lone surrogate", "Member must be valid UTF-8") from None
    return value


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


def check_keys(path: str, keys: object, high: int) -> list[str]:
    """Return the keys of a get or delete."""
    found = check_list(path, keys)
    check_length(path, found, 1, high)
    return [check_key(f"{path}/{position}", key) for position, key in enumerate(found)]


def check_key(path: str, key: object) -> str:
    """Return the key of a vector, or raise unless it has 1–1024 characters and at most 1024 UTF-8 bytes."""
    text = check_text(path, key)
    check_length(path, text, 1, limits.KEY_CHARS_MAX)
    if not text.isascii() and (size := len(text.encode())) > limits.KEY_BYTES_MAX:
        raise constraint(path, f"with {size} UTF-8 bytes", f"Member must have at most {limits.KEY_BYTES_MAX} UTF-8 bytes")
    return text


def _value_bytes(value: object) -> int:
    if isinstance(value, bool):
        return 0
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode())
    if isinstance(value, (int, float)):
        return 4
    if isinstance(value, (list, tuple)):
        return sum(4 + _value_bytes(item) for item in value)
    return 0


def metadata_bytes(metadata: Mapping[str, Any], *, leave_out: Collection[str] = ()) -> int:
    """Return the size by AWS's measure: 4 + Σ (8 + key + value); string UTF-8 bytes, number 4, bool 0, list Σ (4 + item)."""
    return 4 + sum(8 + len(key.encode()) + _value_bytes(value) for key, value in metadata.items() if key not in leave_out)


def is_number(value: object) -> bool:
    """Return whether the value is a finite number that a double can hold."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer above 1.8e308
        return False


def _check_value(value: object) -> str | None:
    if isinstance(value, str):
        return None if value.isascii() or _encodes(value) else "Metadata strings must be valid UTF-8"
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return None if is_number(value) else "Metadata numbers must be finite"
    if isinstance(value, (list, tuple)):
        if not value:
            return "Empty arrays are not allowed in metadata"
        if all(isinstance(item, str) for item in value):
            return None if all(_encodes(item) for item in value) else "Metadata strings must be valid UTF-8"
        return None if all(is_number(item) for item in value) else "Metadata array values must be strings or numbers"
    return "Metadata values must be strings, numbers, booleans, or arrays"


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_metadata(key: str, metadata: object, *, non_filterable: Collection[str]) -> None:
    """Raise "Invalid record for key 'K': …" unless the service would take the metadata."""

    def refuse(reason: str) -> ValidationError:
        return ValidationError(f"Invalid record for key '{key}': {reason}")

    if not isinstance(metadata, Mapping):
        raise refuse("Metadata must be an object")
    if len(metadata) > limits.METADATA_KEYS_MAX:
        raise refuse(f"Metadata object must have at most {limits.METADATA_KEYS_MAX} keys")
    for name, value in metadata.items():
        if not isinstance(name, str) or not _encodes(name):
            raise refuse("Metadata keys must be strings")
        if name in (KEY_COLUMN, VECTOR_COLUMN):
            raise refuse(f"Metadata key '{name}' is reserved")
        reason = _check_value(value)
        if reason:
            raise refuse(reason)
    if metadata_bytes(metadata) > limits.METADATA_BYTES_MAX:
        raise refuse(f"Metadata object must have at most {limits.METADATA_BYTES_MAX} bytes")
    if metadata_bytes(metadata, leave_out=non_filterable) > limits.FILTERABLE_BYTES_MAX:
        raise refuse(f"Filterable metadata must have at most {limits.FILTERABLE_BYTES_MAX} bytes")


def _floats(data: object) -> np.ndarray | None:
    """Return the numbers as a 1-D float32 array, overflow as Inf, or None if they are not numbers."""
    values = data.get("float32") if isinstance(data, Mapping) else None
    if not isinstance(values, (list, tuple, np.ndarray)):
        return None
    try:
        array = np.asarray(values)
        if array.dtype.kind == "U":
            array = np.asarray([_NOT_FINITE.get(value, value) for value in values])
    except (ValueError, TypeError, OverflowError):
        return None
    if array.ndim != 1 or (array.dtype.kind not in "fiu" and array.size):
        return None
    with np.errstate(over="ignore"):
        return array.astype(np.float32)


def matrix_of(vectors: Sequence[PutVector], *, dimension: int, cosine: bool) -> np.ndarray:
    """Return the vectors of a put as an (n, dimension) float32 matrix, or raise for the first bad record."""
    rows = [_floats(record.get("data")) for record in vectors]
    for record, row in zip(vectors, rows, strict=True):
        prefix = f"Invalid record for key '{record['key']}': "
        if row is None:
            raise ValidationError(prefix + "vector must be a list of numbers under float32")
        if len(row) != dimension:
            raise ValidationError(prefix + f"vector must have length {dimension}, but has length {len(row)}")
    matrix = np.stack([row for row in rows if row is not None])
    finite = np.isfinite(matrix).all(axis=1)
    if not finite.all():
        raise ValidationError(
            f"Invalid record for key '{vectors[int(finite.argmin())]['key']}': vector contains NaNs or Infs"
        )
    if cosine:
        nonzero = matrix.any(axis=1)
        if not nonzero.all():
            key = vectors[int(nonzero.argmin())]["key"]
            raise ValidationError(f"Invalid record for key '{key}': cosine distance does not support vectors with zero norm")
    return matrix


def query_vector(data: object, *, dimension: int, cosine: bool) -> np.ndarray:
    """Return a query's vector as float32, or raise the service's one message for every fault."""
    row = _floats(data)
    if row is None or len(row) != dimension or not np.isfinite(row).all() or (cosine and not row.any()):
        raise ValidationError("Query vector contains invalid values or is invalid for this index")
    return row


def check_tags(path: str, tags: object) -> dict[str, str]:
    """Return resource tags."""
    if not isinstance(tags, Mapping):
        raise constraint(path, f"of type {type(tags).__name__}", "Member must be a map")
    if len(tags) > limits.TAGS_MAX:
        raise constraint(
            path, f"with length {len(tags)}", f"Member must have length less than or equal to {limits.TAGS_MAX}"
        )
    for key, value in tags.items():
        check_length(f"{path}/{key}", check_text(path, key), 1, limits.TAG_KEY_CHARS_MAX)
        check_length(f"{path}/{key}", check_text(path, value), 0, limits.TAG_VALUE_CHARS_MAX)
        if not _TAG.fullmatch(key) or not _TAG.fullmatch(value):
            raise constraint(
                f"{path}/{key}", f"'{value}'", f"Member must satisfy regular expression pattern: {_TAG.pattern}"
            )
    return dict(tags)
