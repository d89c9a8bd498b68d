"""The embedded engine: the operations of S3 Vectors on a local directory, in boto3's words."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.errors import CancelledError, ConflictError, MnemoscopeError, ServiceError, StorageCorruptError
from core.vectors.client import Call, Tracer
from core.vectors.embedded.buckets import Buckets
from core.vectors.embedded.index import DATABASE, IndexFile
from core.vectors.embedded.modes import Modes, mode_of
from core.vectors.embedded.records import Records
from core.vectors.embedded.registry import IndexRow, Registry
from core.vectors.embedded.scan import Scanner
from core.vectors.embedded.storage import prepare_directory

__all__ = ["DEFAULT_ACCOUNT", "EmbeddedClient"]

DEFAULT_ACCOUNT = "123456789012"
DEFAULT_REGION = "us-east-1"
_HEADER = 100  # bytes; SQLite takes a shorter file for a new one
_Response = dict[str, Any]


class EmbeddedClient:
    """A VectorsClient over a directory. Thread-safe; any number of processes may have the directory open.

    Responses are boto3's less `ResponseMetadata`. Beyond boto3 a vector may be a numpy array. `read_only` opens without
    the right to write. `account` and `region` are those of the ARNs. With `arrays` answers hold vectors as float64 arrays
    instead of lists, of the same numbers. Errors are core.errors.ServiceError for what the
    service would say, StorageError for the disk.
    """

    def __init__(
        self,
        directory: str | Path,
        *,
        tracer: Tracer | None = None,
        read_only: bool = False,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
        clock: Callable[[], float] = time.time,
        arrays: bool = False,
    ) -> None:
        self.directory, self.region = Path(directory), region
        prepare_directory(self.directory, read_only=read_only)
        self._tracer, self._read_only = tracer, read_only
        self._registry = Registry(self.directory, read_only=read_only)
        self._files: dict[str, tuple[IndexFile, Scanner]] = {}
        self._lock = threading.Lock()
        self._buckets = Buckets(
            self._registry,
            region=region,
            account=account,
            clock=clock,
            open_index=lambda row: self._opened(row)[0],
            make_index=lambda row: self._opened(row, create=True)[0],
            drop_index=self._drop,
        )
        self._modes = Modes(self._registry, bucket_of=self._buckets.bucket_of, index_of=self._buckets.index_of)
        self._records = Records(self._index, arrays=arrays)

    def _index(self, arguments: Mapping[str, Any]) -> tuple[IndexFile, str]:
        """Return the open file of the index that a request names, and the index's mode."""
        row = self._registry.index(*self._buckets.index_of(arguments))
        return self._opened(row)[0], mode_of(row)

    def _folder(self, row: IndexRow) -> Path:
        return self.directory / "indexes" / row.fixed.identity

    def _opened(self, row: IndexRow, *, create: bool = False) -> tuple[IndexFile, Scanner]:
        """Return the open file of an index, opening it the first time; it is made only if `create`."""
        with self._lock:
            opened = self._files.get(row.fixed.identity)
            if opened is None:
                folder = self._folder(row)
                if create:
                    prepare_directory(folder, read_only=False)
                elif not (folder / DATABASE).is_file() or (folder / DATABASE).stat().st_size < _HEADER:
                    self._registry.index(row.bucket, row.name)  # NotFoundError if it was deleted in this moment
                    raise StorageCorruptError(
                        f"The files of index '{row.name}' are missing from '{folder}': restore a backup or delete the index."
                    )
                opened = IndexFile(folder, row.fixed, name=row.name, read_only=self._read_only), Scanner()
                self._files[row.fixed.identity] = opened
            return opened

    def _drop(self, row: IndexRow) -> None:
        """Close and remove the files of a deleted index; another process may still hold some, which is no harm."""
        with self._lock:
            opened = self._files.pop(row.fixed.identity, None)
        if opened:
            opened[0].close(save=False)
        folder = self._folder(row)
        with suppress(OSError):  # at once, so that nobody meets it half removed
            folder = folder.rename(folder.with_suffix(".deleted"))
        shutil.rmtree(folder, ignore_errors=True)

    def _call(
        self, name: str, operation: Callable[[Mapping[str, Any]], _Response], arguments: Mapping[str, Any]
    ) -> _Response:
        """Run one operation and tell the tracer."""
        if self._tracer is None:
            return operation(arguments)
        start, error, items = time.perf_counter(), None, 0
        try:
            response = operation(arguments)
            items = next((len(value) for value in response.values() if isinstance(value, list)), 0)
            return response
        except MnemoscopeError as failure:
            error = failure.service_code if isinstance(failure, ServiceError) else type(failure).__name__
            raise
        finally:
            self._tracer(Call(name, arguments, time.perf_counter() - start, items, error=error))

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
        """Return every record as one table, in one go; core.vectors.client.VectorsClient.scan says its shape."""
        start = time.perf_counter()
        if cancelled is not None and cancelled():
            raise CancelledError(f"Reading index {indexName!r} was cancelled before it began: nothing was read.")
        row = self._registry.index(vectorBucketName, indexName)
        file, scanner = self._opened(row)
        with file.reading(rows=True) as reading:
            table = scanner.scan(reading, columns=columns, vectors=vectors, dimension=row.fixed.dimension)
            revision = f"{row.fixed.identity}.{reading.head.seq}.{reading.head.gone}"
        if self._tracer is not None:
            asked = {"vectorBucketName": vectorBucketName, "indexName": indexName, "columns": columns, "vectors": vectors}
            self._tracer(Call("Scan", asked, time.perf_counter() - start, table.num_rows, response_bytes=table.nbytes))
        if progress is not None:
            progress(table.num_rows)
        about = {"revision": revision}
        if limit is not None and table.num_rows > limit:
            table, about["more"] = table.slice(0, limit), "1"
        return table.replace_schema_metadata(about)

    def revision(self, *, vectorBucketName: str, indexName: str) -> str | None:
        """Return what changes with every write to the index, by whatever process."""
        row = self._registry.index(vectorBucketName, indexName)
        with self._opened(row)[0].reading() as reading:
            head = reading.latest()
        return f"{row.fixed.identity}.{head.seq}.{head.gone}"

    def put_new(self, **arguments: Any) -> bool | None:
        """Put records unless one of their keys exists, in one transaction (see core.vectors.client.Claiming)."""
        try:
            self._call("PutVectors", self._records.put_new, arguments)
        except ConflictError:
            return False
        return True

    def scrub(self, *, vectorBucketName: str, indexName: str) -> None:
        """Take out of an index's files whatever was deleted or replaced; takes seconds for 100,000 records."""
        self._opened(self._registry.index(vectorBucketName, indexName))[0].scrub()

    def close(self) -> None:
        """Wait for background work, save what makes the next open quick, and close every file."""
        with self._lock:
            files, self._files = list(self._files.values()), {}
        for file, _ in files:
            file.close()
        self._registry.close()

    def create_vector_bucket(self, **arguments: Any) -> _Response:
        """CreateVectorBucket."""
        return self._call("CreateVectorBucket", self._buckets.create_vector_bucket, arguments)

    def get_vector_bucket(self, **arguments: Any) -> _Response:
        """GetVectorBucket."""
        return self._call("GetVectorBucket", self._buckets.get_vector_bucket, arguments)

    def list_vector_buckets(self, **arguments: Any) -> _Response:
        """ListVectorBuckets."""
        return self._call("ListVectorBuckets", self._buckets.list_vector_buckets, arguments)

    def delete_vector_bucket(self, **arguments: Any) -> _Response:
        """DeleteVectorBucket."""
        return self._call("DeleteVectorBucket", self._buckets.delete_vector_bucket, arguments)

    def put_vector_bucket_policy(self, **arguments: Any) -> _Response:
        """PutVectorBucketPolicy."""
        return self._call("PutVectorBucketPolicy", self._modes.put_vector_bucket_policy, arguments)

    def get_vector_bucket_policy(self, **arguments: Any) -> _Response:
        """GetVectorBucketPolicy."""
        return self._call("GetVectorBucketPolicy", self._modes.get_vector_bucket_policy, arguments)

    def delete_vector_bucket_policy(self, **arguments: Any) -> _Response:
        """DeleteVectorBucketPolicy."""
        return self._call("DeleteVectorBucketPolicy", self._modes.delete_vector_bucket_policy, arguments)

    def put_vector_bucket_default_index_mode(self, **arguments: Any) -> _Response:
        """PutVectorBucketDefaultIndexMode."""
        return self._call("PutVectorBucketDefaultIndexMode", self._modes.put_vector_bucket_default_index_mode, arguments)

    def create_index(self, **arguments: Any) -> _Response:
        """CreateIndex."""
        return self._call("CreateIndex", self._buckets.create_index, arguments)

    def get_index(self, **arguments: Any) -> _Response:
        """GetIndex."""
        return self._call("GetIndex", self._buckets.get_index, arguments)

    def list_indexes(self, **arguments: Any) -> _Response:
        """ListIndexes."""
        return self._call("ListIndexes", self._buckets.list_indexes, arguments)

    def delete_index(self, **arguments: Any) -> _Response:
        """DeleteIndex."""
        return self._call("DeleteIndex", self._buckets.delete_index, arguments)

    def update_index_mode(self, **arguments: Any) -> _Response:
        """UpdateIndexMode."""
        return self._call("UpdateIndexMode", self._modes.update_index_mode, arguments)

    def update_metadata_configuration(self, **arguments: Any) -> _Response:
        """UpdateMetadataConfiguration."""
        return self._call("UpdateMetadataConfiguration", self._buckets.update_metadata_configuration, arguments)

    def list_tags_for_resource(self, **arguments: Any) -> _Response:
        """ListTagsForResource."""
        return self._call("ListTagsForResource", self._buckets.list_tags_for_resource, arguments)

    def tag_resource(self, **arguments: Any) -> _Response:
        """TagResource."""
        return self._call("TagResource", self._buckets.tag_resource, arguments)

    def untag_resource(self, **arguments: Any) -> _Response:
        """UntagResource."""
        return self._call("UntagResource", self._buckets.untag_resource, arguments)

    def put_vectors(self, **arguments: Any) -> _Response:
        """PutVectors."""
        return self._call("PutVectors", self._records.put_vectors, arguments)

    def get_vectors(self, **arguments: Any) -> _Response:
        """GetVectors."""
        return self._call("GetVectors", self._records.get_vectors, arguments)

    def list_vectors(self, **arguments: Any) -> _Response:
        """ListVectors."""
        return self._call("ListVectors", self._records.list_vectors, arguments)

    def delete_vectors(self, **arguments: Any) -> _Response:
        """DeleteVectors."""
        return self._call("DeleteVectors", self._records.delete_vectors, arguments)

    def query_vectors(self, **arguments: Any) -> _Response:
        """QueryVectors."""
        return self._call("QueryVectors", self._records.query_vectors, arguments)
