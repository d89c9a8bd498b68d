"""A bucket of Amazon S3 as the ledger uses it: whole objects, conditional writes, and nothing left when one is removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from botocore.exceptions import ClientError

from core.curation.ledgers.s3.location import S3Location
from core.errors import ConfigError, KmsError, NotFoundError, StorageReadOnlyError
from core.vectors.session import SERVICE_FAULTS, AwsOptions, connect, translated

__all__ = ["Bucket", "Listed", "Stored", "TakenError"]

_GET, _PUT = "s3:GetObject", "s3:PutObject"
_CONNECTIONS: Final = 16
_AT_ONCE: Final = 8  # objects fetched side by side
# PutObject with If-None-Match or If-Match: 412 where it does not hold, 409 where another write was under way.
_TAKEN: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_MISSING: Final = frozenset({"NoSuchKey", "NoSuchVersion", "404"})
_ELSEWHERE: Final = frozenset(
    {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301"}
)


class TakenError(Exception):
    """A conditional write came too late: another writer was faster. It never leaves the ledger."""


class Stored(NamedTuple):
    """An object's content and ETag."""

    body: bytes
    etag: str


class Listed(NamedTuple):
    """An object's key and ETag."""

    key: str
    etag: str


class Bucket:
    """The objects below a prefix; keys are given without it. Thread-safe."""

    def __init__(self, location: S3Location, *, read_only: bool) -> None:
        self._name, self._prefix, self._read_only = location.bucket, location.prefix, read_only
        self.label = location.label
        self._service = f"Amazon S3 (bucket {location.bucket})"
        options = AwsOptions(region=location.region, profile=location.profile, endpoint_url=location.endpoint_url)
        # A name in front of an address of one's own, as in BUCKET.127.0.0.1, leads nowhere.
        own = location.endpoint_url is not None
        self._client = connect("s3", options, connections=_CONNECTIONS, path_style=own)

    def get(self, key: str) -> Stored | None:
        """Return an object, None where there is none."""
        try:
            with self._errors(_GET):
                answer = self._client.get_object(Bucket=self._name, Key=self._prefix + key)
                return Stored(answer["Body"].read(), answer["ETag"])
        except _MissingError:
            return None

    def many(self, keys: Sequence[str]) -> list[Stored | None]:
        """Return several objects, in order."""
        if len(keys) < 2:
            return [self.get(key) for key in keys]
        with ThreadPoolExecutor(min(_AT_ONCE, len(keys))) as pool:
            return list(pool.map(self.get, keys))

    def put(self, key: str, body: bytes, *, new: bool = False, etag: str | None = None) -> str:
        """Write an object and return its ETag; raise TakenError if it must be `new` and is not, or is not that of `etag`."""
        self.check_writable()
        condition = {"IfNoneMatch": "*"} if new else {"IfMatch": etag} if etag else {}
        try:
            with self._errors(_PUT):
                answer = self._client.put_object(
                    Bucket=self._name, Key=self._prefix + key, Body=body, ContentType="application/json", **condition
                )
        except _MissingError:  # If-Match on an object that is gone
            raise TakenError from None
        return str(answer["ETag"])

    def listed(self, prefix: str, *, after: str = "") -> Iterator[Listed]:
        """Yield the objects below a prefix in the order of their keys, those above `after`."""
        start = {"StartAfter": self._prefix + after} if after else {}
        for page in self._pages("list_objects_v2", "s3:ListBucket", Prefix=self._prefix + prefix, **start):
            for found in page.get("Contents", ()):
                yield Listed(found["Key"][len(self._prefix) :], found["ETag"])

    def folders(self) -> Iterator[str]:
        """Yield what stands before the first slash of the keys."""
        for page in self._pages("list_objects_v2", "s3:ListBucket", Prefix=self._prefix, Delimiter="/"):
            for found in page.get("CommonPrefixes", ()):
                yield found["Prefix"][len(self._prefix) : -1]

    def remove(self, key: str) -> bool:
        """Delete every version of an object and say whether there was one."""
        self.check_writable()
        versions = list(self._versions(key))
        self._delete(key, versions)
        return any(version["IsLatest"] and "ETag" in version for version in versions)

    def keep_latest(self, key: str) -> None:
        """Delete every version of an object that is not the latest."""
        self.check_writable()
        self._delete(key, [version for version in self._versions(key) if not version["IsLatest"]])

    def check_writable(self) -> None:
        """Raise StorageReadOnlyError where the ledger was opened for reading only."""
        if self._read_only:
            raise StorageReadOnlyError(f"{self.label} was opened for reading only: open the store for writing to change it.")

    def close(self) -> None:
        """Release the connections."""
        self._client.close()

    def _versions(self, key: str) -> Iterator[dict[str, Any]]:
        """Yield versions and delete markers; where the bucket keeps none, the object itself as the version "null"."""
        whole = self._prefix + key
        for page in self._pages("list_object_versions", "s3:ListBucketVersions", Prefix=whole):
            found = (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
            yield from (version for version in found if version["Key"] == whole)

    def _delete(self, key: str, versions: Sequence[dict[str, Any]]) -> None:
        # The latest goes last: who is cut off in between finds it again.
        for version in sorted(versions, key=lambda each: bool(each["IsLatest"])):
            with self._errors("s3:DeleteObjectVersion"):
                self._client.delete_object(Bucket=self._name, Key=self._prefix + key, VersionId=version["VersionId"])

    def _pages(self, operation: str, right: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        pages = iter(self._client.get_paginator(operation).paginate(Bucket=self._name, **arguments))
        while True:
            with self._errors(right):
                page = next(pages, None)
            if page is None:
                return
            yield page

    @contextmanager
    def _errors(self, right: str) -> Iterator[None]:
        """Turn what boto3 raises into our errors; `right` is what the policy of the caller must allow."""
        try:
            yield
        except ClientError as fault:
            raise self._refused(fault, right) from fault
        except SERVICE_FAULTS as fault:
            raise translated(fault, service=self._service, operation=right) from fault

    def _refused(self, fault: ClientError, right: str) -> Exception:
        code = str(fault.response.get("Error", {}).get("Code", ""))
        if code in _TAKEN and right == _PUT:
            return TakenError()
        if code in _MISSING and right in (_GET, _PUT):
            return _MissingError()
        if code == "NoSuchBucket":
            return NotFoundError(
                f"The journal's bucket {self._name!r} does not exist: make it, or name another in MNEMOSCOPE_JOURNAL."
            )
        if code in _ELSEWHERE:
            return ConfigError(
                f"The bucket {self._name!r} is in another region: name that, as in {self.label}?region=eu-west-1."
            )
        if code == "NotImplemented":
            return ConfigError(
                f"{self._service} does not know what the journal needs ({right} with If-Match and If-None-Match): "
                "use Amazon S3, or a service that has conditional writes."
            )
        if code.startswith("KMS."):
            return KmsError(f"{self._service} cannot use the key of its encryption ({code}): check the key and its policy.")
        return translated(fault, service=self._service, operation=right)


class _MissingError(Exception):
    """There is no such object."""
