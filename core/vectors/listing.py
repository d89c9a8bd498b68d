"""A whole index by ListVectors: segments read side by side, page by page, into one Arrow table."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import AccessDeniedError, CancelledError, ValidationError
from core.vectors.arrow import Typed, joined, nulls, undecided, vector_array
from core.vectors.blocks import Blocks, gathered
from core.vectors.client import KEY_COLUMN, VECTOR_COLUMN
from core.vectors.limits import LIST_VECTORS_MAX

__all__ = ["scan_index"]

_LOOK_SECONDS: Final = 0.1  # how often a person's cancel is looked for while pages are under way


class Call(Protocol):
    """Sends an operation by its name."""

    def __call__(
        self, operation: str, arguments: Mapping[str, Any], *, stop: threading.Event | None = None
    ) -> dict[str, Any]: ...


@dataclass
class _Page:
    """A page in the form of the table, so that no more than the pages under way are held as objects; its vectors move on."""

    keys: pa.Array
    columns: Mapping[str, Typed]
    matrix: npt.NDArray[np.float32] | None
    token: str | None


@dataclass(frozen=True)
class _Plan:
    """What is asked of every page."""

    call: Call
    where: Mapping[str, str]
    columns: Sequence[str] | None
    vectors: bool
    segments: int
    limit: int | None
    stop: threading.Event = field(default_factory=threading.Event)

    def page(self, segment: int, token: str | None) -> _Page:
        """Return one page of one segment."""
        asked: dict[str, Any] = {"maxResults": LIST_VECTORS_MAX, "returnData": self.vectors}
        asked["returnMetadata"] = self.columns is None or bool(self.columns)
        if self.segments > 1:
            asked |= {"segmentCount": self.segments, "segmentIndex": segment}
        if token is not None:
            asked["nextToken"] = token
        answer = self.call("ListVectors", {**self.where, **asked}, stop=self.stop)
        return self._page(answer["vectors"], answer.get("nextToken"))

    def _page(self, records: list[dict[str, Any]], token: str | None) -> _Page:
        metadata = [record.get("metadata") or {} for record in records]
        names = {name for each in metadata for name in each}
        if self.columns is not None:
            names &= set(self.columns)
        return _Page(
            keys=pa.array([record["key"] for record in records], pa.string()),
            columns={name: undecided([each.get(name) for each in metadata]) for name in names},
            matrix=np.array([record["data"]["float32"] for record in records], np.float32)
            if self.vectors and records
            else None,
            token=token or None,
        )


def scan_index(
    call: Call,
    where: Mapping[str, str],
    *,
    columns: Sequence[str] | None,
    vectors: bool,
    segments: int,
    revision_header: str,
    progress: Callable[[int], None] | None,
    cancelled: Callable[[], bool] | None,
    limit: int | None = None,
) -> pa.Table:
    """Return every record as one table, as VectorsClient.scan says; raise what the first failing page raised."""
    dimension, revision = _head(call, where, revision_header)
    plan = _Plan(call, where, columns, vectors, segments, limit)
    try:
        reading = _read(plan, progress, cancelled)
    except _NoSegmentsError:
        plan = _Plan(call, where, columns, vectors, 1, limit)
        reading = _read(plan, progress, cancelled)
    table = _table(reading, plan, dimension)
    about = ({"revision": revision} if revision else {}) | ({"more": "1"} if reading.more else {})
    return table.replace_schema_metadata(about or None)


def _head(call: Call, where: Mapping[str, str], header: str) -> tuple[int, str | None]:
    """Return dimension and revision; who may list and not look at the index gets (1, None): no record shows a dimension."""
    with suppress(AccessDeniedError):
        answer = call("GetIndex", where)
        return int(answer["index"]["dimension"]), answer["ResponseMetadata"]["HTTPHeaders"].get(header)
    return 1, None


def _read(plan: _Plan, progress: Callable[[int], None] | None, cancelled: Callable[[], bool] | None) -> _Reading:
    """Return what was read of all segments.

    progress and cancelled are called in the caller's own thread.
    """
    pool = ThreadPoolExecutor(plan.segments, thread_name_prefix="list-vectors")
    reading = _Reading(plan, pool)
    finished = False
    try:
        while reading.pending:
            if cancelled is not None and cancelled():
                name = plan.where["indexName"]
                raise CancelledError(f"Reading index {name!r} was cancelled: {reading.total:,} records had been read.")
            if reading.step() and progress is not None:
                progress(reading.total)
        finished = True
    except ValidationError as error:
        if plan.segments > 1 and not reading.total:
            raise _NoSegmentsError(error.message) from error
        raise
    finally:
        # A failure or a cancel is told at once; the pages under way end by themselves and are forgotten.
        plan.stop.set()
        pool.shutdown(wait=finished, cancel_futures=True)
    return reading


class _NoSegmentsError(ValidationError):
    """The endpoint refused the first pages: it may know no segments."""


class _Reading:
    """The pages that are there and those under way."""

    def __init__(self, plan: _Plan, pool: ThreadPoolExecutor) -> None:
        self.pages: list[list[_Page]] = [[] for _ in range(plan.segments)]
        self.vectors = [Blocks() for _ in range(plan.segments)]
        self.total = 0
        self.more = False
        self.pending: dict[Future[_Page], int] = {}
        self._plan, self._pool = plan, pool
        self._seen: set[str] = set()
        for segment in range(plan.segments):
            self._ask(segment, None)

    def step(self) -> bool:
        """Wait a moment for pages, take in those that came, ask for the next ones; say whether any came."""
        done, _ = wait(self.pending, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            segment, page = self.pending.pop(future), future.result()
            if self._repeats(segment, page):
                continue
            self.pages[segment].append(page)
            if page.matrix is not None:
                self.vectors[segment].add(page.matrix)
                page.matrix = None
            self.total += len(page.keys)
            if page.token is not None:
                if self._plan.limit is not None and self.total >= self._plan.limit:
                    self.more = True
                else:
                    self._ask(segment, page.token)
        return bool(done)

    def _ask(self, segment: int, token: str | None) -> None:
        self.pending[self._pool.submit(self._plan.page, segment, token)] = segment

    def _repeats(self, segment: int, page: _Page) -> bool:
        """Say whether the first page of a segment is one that was seen: such an endpoint pays no heed to segments.

        Records may come or go between two listings, so most of its keys are enough; a few may be put again meanwhile.
        """
        if self.pages[segment] or self._plan.segments == 1:
            return False
        keys = set(page.keys.to_pylist())
        if 2 * len(self._seen & keys) > len(keys):
            return True
        self._seen |= keys
        return False


def _table(reading: _Reading, plan: _Plan, dimension: int) -> pa.Table:
    pages = [page for segment in reading.pages for page in segment]
    keys = pa.concat_arrays([page.keys for page in pages] or [pa.nulls(0, pa.string())])
    rows = _last_of_each(keys)
    names = sorted({name for page in pages for name in page.columns}) if plan.columns is None else plan.columns
    fields, arrays = [pa.field(KEY_COLUMN, pa.string())], [keys if rows is None else keys.take(pa.array(rows))]
    for name in names:
        column = _column(pages, name, rows)
        if plan.columns is None and column.array.null_count == len(column.array):
            continue  # only records that were put again meanwhile had it
        fields.append(pa.field(name, column.array.type, metadata=column.field_metadata))
        arrays.append(column.array)
    if plan.vectors:
        matrix = gathered(reading.vectors, dimension)
        arrays.append(vector_array(matrix if rows is None else matrix[rows]))
        fields.append(pa.field(VECTOR_COLUMN, arrays[-1].type))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _column(pages: list[_Page], name: str, rows: npt.NDArray[np.int64] | None) -> Typed:
    parts = [page.columns.get(name) or nulls(len(page.keys)) for page in pages]
    column = joined(parts) if parts else nulls(0)
    if rows is not None:
        column = column.take(rows)
    return column.settled() if column.array.null_count < len(column.array) else nulls(len(column.array))


def _last_of_each(keys: pa.Array) -> npt.NDArray[np.int64] | None:
    """Return the rows to keep where a record that was put again while it was listed came twice; None keeps all."""
    if pc.count_distinct(keys).as_py() == len(keys):
        return None
    last = {key: row for row, key in enumerate(keys.to_pylist())}
    return np.array(sorted(last.values()), np.int64)
