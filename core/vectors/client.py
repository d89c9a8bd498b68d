"""The seam: the operations of S3 Vectors that the product uses, in boto3's own words.

`boto3.client("s3vectors")` satisfies the boto-shaped part as it is. The embedded engine implements all of it in-process.
`scan` and `revision` are the only additions: a scan is what ListVectors would return, as one Arrow table, and a revision
is an opaque string that changes whenever the content of an index does (None where the service cannot tell).

An index is named by (vectorBucketName, indexName) or by indexArn, as in boto3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, Protocol, TypedDict, runtime_checkable

import pyarrow as pa

__all__ = [
    "KEY_COLUMN",
    "VECTOR_COLUMN",
    "Call",
    "Claiming",
    "Metadata",
    "MetadataValue",
    "PutVector",
    "QueryText",
    "Tracer",
    "VectorData",
    "VectorsClient",
]

MetadataScalar = str | int | float | bool
MetadataValue = MetadataScalar | list[str] | list[int] | list[float] | list[int | float]
Metadata = Mapping[str, MetadataValue]

# Names that no metadata key can take: filters reserve `$`.
KEY_COLUMN = "$key"
VECTOR_COLUMN = "$vector"


class VectorData(TypedDict):
    """A vector: `float32` is a sequence of `dimension` numbers (the embedded engine also takes a numpy array)."""

    float32: Sequence[float]


class PutVector(TypedDict):
    """One record of PutVectors."""

    key: str
    data: VectorData
    metadata: NotRequired[Metadata]


class QueryText(TypedDict):
    """One text of a full-text query."""

    metadataKey: str
    text: str


@dataclass(frozen=True)
class Call:
    """What a tracer sees of one call: seconds, bytes as far as known, retries it took, and the error's code if it failed.

    `throttled` is how many answers said "slow down" (429); `tokens` is what a model was asked to read, None where the call
    has none or the service does not tell.
    """

    operation: str
    arguments: Mapping[str, Any]
    seconds: float
    items: int
    request_bytes: int = 0
    response_bytes: int = 0
    error: str | None = None
    retries: int = 0
    throttled: int = 0
    tokens: int | None = None


Tracer = Callable[[Call], None]


@runtime_checkable
class Scrubbing(Protocol):
    """A client whose files are ours, so that what was deleted can be taken out of them; beyond boto3."""

    def scrub(self, *, vectorBucketName: str, indexName: str) -> None:
        """Take out of an index's files whatever was deleted or replaced."""
        ...


@runtime_checkable
class Claiming(Protocol):
    """A client that can put a record under a key that nobody has; beyond boto3, for the service has no conditional put."""

    def put_new(self, **kwargs: Any) -> bool | None:
        """Put records as PutVectors takes them, all or none: True where no key was there, False where one was.

        None, and nothing is put, where the service cannot tell.
        """
        ...


class VectorsClient(Protocol):
    """Operations on buckets, indexes and vectors; keyword arguments and response dictionaries are boto3's."""

    def create_vector_bucket(self, **kwargs: Any) -> dict[str, Any]: ...
    def get_vector_bucket(self, **kwargs: Any) -> dict[str, Any]: ...
    def list_vector_buckets(self, **kwargs: Any) -> dict[str, Any]: ...
    def delete_vector_bucket(self, **kwargs: Any) -> dict[str, Any]: ...
    def create_index(self, **kwargs: Any) -> dict[str, Any]: ...
    def get_index(self, **kwargs: Any) -> dict[str, Any]: ...
    def list_indexes(self, **kwargs: Any) -> dict[str, Any]: ...
    def delete_index(self, **kwargs: Any) -> dict[str, Any]: ...
    def update_metadata_configuration(self, **kwargs: Any) -> dict[str, Any]: ...
    def tag_resource(self, **kwargs: Any) -> dict[str, Any]: ...
    def untag_resource(self, **kwargs: Any) -> dict[str, Any]: ...
    def list_tags_for_resource(self, **kwargs: Any) -> dict[str, Any]: ...
    def put_vectors(self, **kwargs: Any) -> dict[str, Any]: ...
    def get_vectors(self, **kwargs: Any) -> dict[str, Any]: ...
    def list_vectors(self, **kwargs: Any) -> dict[str, Any]: ...
    def delete_vectors(self, **kwargs: Any) -> dict[str, Any]: ...
    def query_vectors(self, **kwargs: Any) -> dict[str, Any]: ...

    def scan(
        self,
        *,
        vectorBucketName: str,
        indexName: str,
        columns: Sequence[str] | None = None,
        vectors: bool = False,
        progress: Callable[[int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        limit: int | None = None,
    ) -> pa.Table:
        """Return every record as one table.

        Columns: `$key` (string); each asked metadata key (all of them when `columns` is None, sorted by name); `$vector`
        (fixed-size list of float32) when `vectors`. A metadata column is string, int64, double, bool, list<string> or
        list<double> when all its values agree, else JSON text with field metadata `encoding=json`. Absent is null; an asked
        column that no record has is a null string column. The table's schema metadata holds `revision` where there is one.

        `progress` is told how many records were read so far. `cancelled` is asked between pages: once it says True,
        CancelledError is raised. With a `limit` no further page is asked for once so many are there, from every segment
        alike: a sample, a page or so larger than the limit, whose schema metadata holds `more` = "1" if the index has more.
        """
        ...

    def revision(self, *, vectorBucketName: str, indexName: str) -> str | None:
        """Return what changes whenever the index's content does; None where the service cannot tell."""
        ...

    def close(self) -> None:
        """Release files and threads; the client cannot be used afterwards."""
        ...
