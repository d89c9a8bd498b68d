"""Amazon S3 Vectors itself, or any endpoint that speaks its protocol, behind the seam: boto3 with bounds."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from core.errors import ConfigError, ConflictError, InternalError
from core.vectors.attempts import Caller
from core.vectors.client import Tracer
from core.vectors.limits import LIST_SEGMENTS_MAX
from core.vectors.listing import scan_index
from core.vectors.outgoing import prepared
from core.vectors.session import AwsOptions, connect, require_boto3, session

__all__ = ["ENDPOINT_VARIABLE", "AwsClient"]

ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_S3VECTORS"
_REVISION = "x-mnemoscope-revision"  # sent by `python -m core serve`; AWS has none
_NEW_ONLY = "x-mnemoscope-new-only"  # heeded by the same server, and by nobody else
_LOCAL_REGION = "us-east-1"
_Response = dict[str, Any]


class AwsClient:
    """A VectorsClient over boto3. Thread-safe; nothing is sent, nor any credential looked for, before the first call.

    Responses are boto3's less `ResponseMetadata`; vectors may be numpy arrays. Errors are core.errors.ServiceError for what
    the service says, CredentialsError and UnreachableError for what keeps it from answering. `tracer` gets one Call for each
    operation and is called by the threads of a scan too.
    """

    def __init__(
        self,
        *,
        region: str | None = None,
        profile: str | None = None,
        endpoint_url: str | None = None,
        tracer: Tracer | None = None,
        segments: int = 8,
        connect_timeout: float = 5.0,
        read_timeout: float = 60.0,
        max_attempts: int = 6,
        longest_wait: float = 20.0,
        retry_mode: str = "adaptive",
    ) -> None:
        """Take region, profile and credentials from AWS's own chain where they are not given; time-outs are in seconds.

        `segments` is how many parts of an index a scan reads at once. `max_attempts` is how often a request is sent at most,
        `longest_wait` what is waited at most in between, and `retry_mode` whether botocore slows down after a 429
        ("adaptive") or not ("standard").
        """
        _check(segments, max_attempts)
        self._segments = segments
        self._conditional: bool | None = None
        options = AwsOptions(_region(region, profile, endpoint_url), profile, endpoint_url)
        times: dict[str, Any] = {"connect_timeout": connect_timeout, "read_timeout": read_timeout, "retry_mode": retry_mode}
        make = partial(connect, "s3vectors", options, connections=segments + 8, max_attempts=1, **times)
        self._caller = Caller(make, tracer=tracer, max_attempts=max_attempts, longest_wait=longest_wait)

    def _call(self, operation: str, arguments: dict[str, Any]) -> _Response:
        answer = self._caller.call(operation, prepared(operation, arguments))
        answer.pop("ResponseMetadata", None)
        return answer

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
        """Return every record as one table, listed in parallel segments; VectorsClient.scan says its shape.

        Records written while it reads may be there or not. `revision`, where there is one, is that of the beginning.
        """
        return scan_index(
            self._caller.call,
            {"vectorBucketName": vectorBucketName, "indexName": indexName},
            columns=columns,
            vectors=vectors,
            segments=self._segments,
            revision_header=_REVISION,
            progress=progress,
            cancelled=cancelled,
            limit=limit,
        )

    def revision(self, *, vectorBucketName: str, indexName: str) -> str | None:
        """Return the revision that the endpoint tells with an index; None from AWS, which tells none."""
        answer = self._caller.call("GetIndex", {"vectorBucketName": vectorBucketName, "indexName": indexName})
        revision: str | None = answer["ResponseMetadata"]["HTTPHeaders"].get(_REVISION)
        return revision

    def put_new(self, **arguments: Any) -> bool | None:
        """Put records unless one of their keys exists, where the endpoint can tell; AWS cannot (see client.Claiming)."""
        if self._conditional is None:
            where: dict[str, Any] = {
                name: arguments[name] for name in ("vectorBucketName", "indexName", "indexArn") if name in arguments
            }
            answer = self._caller.call("GetIndex", where)
            self._conditional = _REVISION in answer["ResponseMetadata"]["HTTPHeaders"]
        if not self._conditional:
            return None
        try:
            answer = self._caller.call("PutVectors", prepared("PutVectors", arguments), headers={_NEW_ONLY: "1"})
        except ConflictError:
            return False
        if _NEW_ONLY not in answer["ResponseMetadata"]["HTTPHeaders"]:
            raise InternalError("What stands before the endpoint drops its headers: let x-mnemoscope-new-only pass.")
        return True

    def close(self) -> None:
        """Close the connections."""
        self._caller.close()

    def create_vector_bucket(self, **arguments: Any) -> _Response:
        """CreateVectorBucket."""
        return self._call("CreateVectorBucket", arguments)

    def get_vector_bucket(self, **arguments: Any) -> _Response:
        """GetVectorBucket."""
        return self._call("GetVectorBucket", arguments)

    def list_vector_buckets(self, **arguments: Any) -> _Response:
        """ListVectorBuckets."""
        return self._call("ListVectorBuckets", arguments)

    def delete_vector_bucket(self, **arguments: Any) -> _Response:
        """DeleteVectorBucket."""
        return self._call("DeleteVectorBucket", arguments)

    def put_vector_bucket_policy(self, **arguments: Any) -> _Response:
        """PutVectorBucketPolicy."""
        return self._call("PutVectorBucketPolicy", arguments)

    def get_vector_bucket_policy(self, **arguments: Any) -> _Response:
        """GetVectorBucketPolicy."""
        return self._call("GetVectorBucketPolicy", arguments)

    def delete_vector_bucket_policy(self, **arguments: Any) -> _Response:
        """DeleteVectorBucketPolicy."""
        return self._call("DeleteVectorBucketPolicy", arguments)

    def put_vector_bucket_default_index_mode(self, **arguments: Any) -> _Response:
        """PutVectorBucketDefaultIndexMode."""
        return self._call("PutVectorBucketDefaultIndexMode", arguments)

    def create_index(self, **arguments: Any) -> _Response:
        """CreateIndex."""
        return self._call("CreateIndex", arguments)

    def get_index(self, **arguments: Any) -> _Response:
        """GetIndex."""
        return self._call("GetIndex", arguments)

    def list_indexes(self, **arguments: Any) -> _Response:
        """ListIndexes."""
        return self._call("ListIndexes", arguments)

    def delete_index(self, **arguments: Any) -> _Response:
        """DeleteIndex."""
        return self._call("DeleteIndex", arguments)

    def update_index_mode(self, **arguments: Any) -> _Response:
        """UpdateIndexMode."""
        return self._call("UpdateIndexMode", arguments)

    def update_metadata_configuration(self, **arguments: Any) -> _Response:
        """UpdateMetadataConfiguration."""
        return self._call("UpdateMetadataConfiguration", arguments)

    def tag_resource(self, **arguments: Any) -> _Response:
        """TagResource."""
        return self._call("TagResource", arguments)

    def untag_resource(self, **arguments: Any) -> _Response:
        """UntagResource."""
        return self._call("UntagResource", arguments)

    def list_tags_for_resource(self, **arguments: Any) -> _Response:
        """ListTagsForResource."""
        return self._call("ListTagsForResource", arguments)

    def put_vectors(self, **arguments: Any) -> _Response:
        """PutVectors."""
        return self._call("PutVectors", arguments)

    def get_vectors(self, **arguments: Any) -> _Response:
        """GetVectors."""
        return self._call("GetVectors", arguments)

    def list_vectors(self, **arguments: Any) -> _Response:
        """ListVectors."""
        return self._call("ListVectors", arguments)

    def delete_vectors(self, **arguments: Any) -> _Response:
        """DeleteVectors."""
        return self._call("DeleteVectors", arguments)

    def query_vectors(self, **arguments: Any) -> _Response:
        """QueryVectors."""
        return self._call("QueryVectors", arguments)


def _check(segments: int, max_attempts: int) -> None:
    if not 1 <= segments <= LIST_SEGMENTS_MAX:
        raise ConfigError(f"segments is {segments}: choose from 1 to {LIST_SEGMENTS_MAX}.")
    if max_attempts < 1:
        raise ConfigError(f"max_attempts is {max_attempts}: 1 is to send once and never again.")
    require_boto3()


def _region(region: str | None, profile: str | None, endpoint_url: str | None) -> str:
    """Return the region to sign for; an endpoint of one's own cares for none, so it needs none."""
    found = session(AwsOptions(region, profile)).region_name
    if found:
        return str(found)
    if endpoint_url or os.environ.get(ENDPOINT_VARIABLE) or os.environ.get("AWS_ENDPOINT_URL"):
        return _LOCAL_REGION
    raise ConfigError(
        "No region for S3 Vectors: name one, as in s3vectors://BUCKET?region=us-east-1, set AWS_REGION, "
        "or set a default with `aws configure`."
    )
