"""Operations on vectors of the embedded engine."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from core.errors import ValidationError
from core.vectors import limits
from core.vectors.client import PutVector, QueryText
from core.vectors.embedded.index import IndexFile, IndexSettings
from core.vectors.embedded.modes import check_query_mode, need_enhanced
from core.vectors.embedded.ranking import Ranked, rank
from core.vectors.embedded.reading import Reading, Record
from core.vectors.embedded.tokens import fingerprint, open_token, place_of, seal_token
from core.vectors.filters import parse_filter
from core.vectors.validation import (
    check_key,
    check_keys,
    check_length,
    check_list,
    check_metadata,
    check_object,
    check_range,
    check_text,
    constraint,
    matrix_of,
    query_vector,
)

__all__ = ["Records"]

_FLOAT_CHARS = 25  # no JSON number of a double is longer
_ESCAPED_CHARS = 7  # of one byte as JSON: \u001f and such are 6, a number that AWS counts as 4 bytes is up to 25
_RESULTS_KEPT = 32  # queries whose further pages come from the first page's ranking


class Records:
    """PutVectors, GetVectors, ListVectors, DeleteVectors and QueryVectors; with `arrays` vectors come as float64 arrays."""

    def __init__(self, open_index: Callable[[Mapping[str, Any]], tuple[IndexFile, str]], *, arrays: bool) -> None:
        self._index, self._arrays = open_index, arrays
        self._results: OrderedDict[str, list[Ranked]] = OrderedDict()
        self._lock = threading.Lock()

    def _open(self, arguments: Mapping[str, Any]) -> IndexFile:
        return self._index(arguments)[0]

    def put_new(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """PutVectors where none of the keys exists; else ConflictError."""
        return self.put_vectors(arguments, only_new=True)

    def put_vectors(self, arguments: Mapping[str, Any], *, only_new: bool = False) -> dict[str, Any]:
        """PutVectors: all records or none."""
        file = self._open(arguments)
        vectors = check_list("/vectors", arguments.get("vectors"))
        check_length("/vectors", vectors, 1, limits.PUT_VECTORS_MAX)
        settings, size = file.settings, 0
        for place, record in enumerate(vectors):
            key = check_key(f"/vectors/{place}/key", check_object(f"/vectors/{place}", record).get("key"))
            if record.get("metadata") is not None:
                size += check_metadata(key, record["metadata"], non_filterable=settings.non_filterable, place=place)
        _check_request_size(vectors, settings, size)
        matrix = matrix_of(vectors, dimension=settings.dimension, cosine=settings.cosine)
        file.put(vectors, matrix, only_new=only_new)
        return {}

    def delete_vectors(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """DeleteVectors: absent keys are no error."""
        file = self._open(arguments)
        file.delete(check_keys("/keys", arguments.get("keys"), limits.DELETE_VECTORS_MAX))
        return {}

    def get_vectors(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """GetVectors: absent keys are left out, the order is not that of the request."""
        file = self._open(arguments)
        keys = check_keys("/keys", arguments.get("keys"), limits.GET_VECTORS_MAX)
        with file.reading() as reading:
            found = reading.by_key(sorted(set(keys)))
            return {"vectors": [self._result(record, arguments, reading) for record in found]}

    def list_vectors(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """ListVectors: pages of up to maxResults records or 1 MB; a record that stays is listed at least once."""
        file = self._open(arguments)
        limit = check_range(
            "/maxResults", arguments.get("maxResults", limits.LIST_VECTORS_DEFAULT), 1, limits.LIST_VECTORS_MAX
        )
        segment = _segment(arguments)
        request = fingerprint("vectors", file.settings.identity, segment)
        token = arguments.get("nextToken")
        after = place_of(open_token(token, request), "after") if token is not None else 0
        vectors: list[dict[str, Any]] = []
        size, more, last = 0, False, after
        with file.reading() as reading:
            with_data = bool(arguments.get("returnData"))
            for record in reading.after(after, limit=limit + 1, segment=segment, vectors=with_data):
                size += _size(record, arguments, file.settings.dimension)
                if len(vectors) == limit or (vectors and size > limits.LIST_PAGE_BYTES):
                    more = True
                    break
                vectors.append(self._result(record, arguments, reading))
                last = record.seq
        page: dict[str, Any] = {"vectors": vectors}
        if more:
            page["nextToken"] = seal_token(request, after=last)
        return page

    def _result(self, record: Record, arguments: Mapping[str, Any], reading: Reading) -> dict[str, Any]:
        """Return one record as GetVectors and ListVectors show it."""
        result: dict[str, Any] = {"key": record.key}
        if arguments.get("returnData"):
            vector = np.frombuffer(reading.vector(record), np.float32)
            result["data"] = {"float32": vector.astype(np.float64) if self._arrays else vector.tolist()}
        if arguments.get("returnMetadata"):
            result["metadata"] = record.metadata
        return result

    def query_vectors(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """QueryVectors: exact, so never fewer results than match."""
        file, mode = self._index(arguments)
        query = _Query(arguments, file.settings, mode)
        with file.reading(rows=True) as reading:
            name, start, ranked = self._ranked(query, reading)
            page = ranked[start : start + limits.QUERY_PAGE_MAX]
            records = reading.records(hit.seq for hit in page)
            vectors = [_hit(hit, records[hit.seq], arguments, bool(query.texts)) for hit in page if hit.seq in records]
        response: dict[str, Any] = {"vectors": vectors, "distanceMetric": file.settings.metric}
        end = start + limits.QUERY_PAGE_MAX
        if end < len(ranked):
            with self._lock:
                self._results[name] = ranked
                self._results.move_to_end(name)
                while len(self._results) > _RESULTS_KEPT:
                    self._results.popitem(last=False)
            response["nextToken"] = seal_token(query.request, start=end, name=name)
        return response

    def _ranked(self, query: _Query, reading: Reading) -> tuple[str, int, list[Ranked]]:
        """Return a name for the ranking, where its page starts and the whole ranking, the first page's if still kept."""
        start, name = 0, fingerprint(query.request, [reading.head.seq, reading.head.gone])
        if query.token is not None:
            state = open_token(query.token, query.request)
            start, name = place_of(state, "start"), str(state.get("name"))
            with self._lock:
                kept = self._results.get(name)
            if kept is not None:
                return name, start, kept
        return name, start, rank(reading, vector=query.vector, texts=query.texts, where=query.where, k=query.k)


class _Query:
    """A checked query."""

    def __init__(self, arguments: Mapping[str, Any], settings: IndexSettings, mode: str) -> None:
        check_query_mode(mode, arguments.get("queryMode"))
        self.k = check_range("/topK", arguments.get("topK"), 1, limits.TOP_K_MAX)
        data, texts = arguments.get("queryVector"), arguments.get("queryTexts")
        if data is None and texts is None:
            raise ValidationError("Must specify queryVector, queryTexts or both")
        self.vector = None if data is None else query_vector(data, dimension=settings.dimension, cosine=settings.cosine)
        self.texts = [] if texts is None else _query_texts(texts)
        if self.texts:
            need_enhanced(mode, "Text search")
        filter_ = arguments.get("filter")
        self.where = None if filter_ is None else parse_filter(filter_, non_filterable=settings.non_filterable)
        self.token = arguments.get("nextToken")
        vector = b"" if self.vector is None else self.vector.tobytes()
        self.request = fingerprint(settings.identity, vector, self.texts, filter_, self.k)


def _query_texts(texts: Any) -> list[QueryText]:
    check_length("/queryTexts", check_list("/queryTexts", texts), 1, limits.QUERY_TEXTS_MAX)
    found: dict[str, QueryText] = {}
    for place, entry in enumerate(texts):
        path = f"/queryTexts/{place}"
        key = check_text(f"{path}/metadataKey", check_object(path, entry).get("metadataKey"))
        text = check_text(f"{path}/text", entry.get("text"))
        check_length(f"{path}/text", text, 1, limits.QUERY_TEXT_CHARS_MAX)
        if key in found:
            raise constraint(path, f"'{key}'", "Member must not contain duplicate metadata keys")
        found[key] = {"metadataKey": key, "text": text}
    return list(found.values())


def _segment(arguments: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return (count, index) of the listing's segment."""
    count, index = arguments.get("segmentCount"), arguments.get("segmentIndex")
    if count is None and index is None:
        return None
    if count is None or index is None:
        raise ValidationError("Must specify both segmentCount and segmentIndex")
    count = check_range("/segmentCount", count, 1, limits.LIST_SEGMENTS_MAX)
    if check_range("/segmentIndex", index, 0, limits.LIST_SEGMENTS_MAX - 1) >= count:
        raise ValidationError(f"segmentIndex {index} must be less than segmentCount {count}")
    return count, index


def _check_request_size(vectors: Sequence[PutVector], settings: IndexSettings, metadata: int) -> None:
    """Raise when the put's body as JSON would be over the limit; measured only where it could be.

    `metadata` is the size of all metadata by AWS's measure.
    """
    at_most = len(vectors) * (settings.dimension * _FLOAT_CHARS + limits.KEY_BYTES_MAX * _ESCAPED_CHARS + 100)
    if at_most + metadata * _ESCAPED_CHARS <= limits.REQUEST_BYTES_MAX:
        return
    size = 0
    for record in vectors:
        data = record["data"]["float32"] if isinstance(record.get("data"), Mapping) else []
        size += len(data) if not isinstance(data, (list, np.ndarray)) else len(_dump(data))
        size += len(_dump(record.get("metadata") or {})) + len(record["key"].encode()) + 40
    if size > limits.REQUEST_BYTES_MAX:
        raise ValidationError("Request body exceeds max allowed size")


def _dump(value: Any) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError:  # what JSON cannot carry is refused by the checks that follow, not for its size
        return b""


def _hit(hit: Ranked, record: Record, arguments: Mapping[str, Any], with_texts: bool) -> dict[str, Any]:
    result: dict[str, Any] = {"key": record.key}
    if arguments.get("returnDistance") and hit.distance is not None:
        result["distance"] = hit.distance
    if arguments.get("returnScores") and with_texts:
        result["scores"] = hit.scores()
    if arguments.get("returnMetadata"):
        result["metadata"] = record.metadata
    return result


def _size(record: Record, arguments: Mapping[str, Any], dimension: int) -> int:
    size = len(record.key.encode())
    size += len(record.meta) + len(record.body) if arguments.get("returnMetadata") else 0
    return size + (4 * dimension if arguments.get("returnData") else 0)
