"""Many memories into one index: batches that the service takes, and one bad memory never loses the others."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

import numpy as np

from core.errors import InvalidMemoryError, ValidationError
from core.memory import Memory
from core.vectors.client import Metadata, PutVector
from core.vectors.limits import PUT_VECTORS_MAX, REQUEST_BYTES_MAX

__all__ = ["Screen", "WriteFailure", "WriteReport", "put_vector", "write_all"]

# Two seconds of embedding on two cores: progress moves, and a crash loses little.
_BATCH: Final = min(128, PUT_VECTORS_MAX)
# A float32 as JSON text, and room for escapes: the body must stay under the limit, by how much does not matter.
_FLOAT_BYTES: Final = 26
_BODY_BYTES: Final = REQUEST_BYTES_MAX * 3 // 4


class Screen(Protocol):
    """What looks at memories on their way in, as core.guard.Guard does."""

    def screen(self, memory: Memory) -> tuple[Memory, Any]:
        """Return the memory as it is to be written, and why; raise InvalidMemoryError where it is not to be."""
        ...


@dataclass(frozen=True)
class WriteFailure:
    """A memory that was not written: its key, why, and its place in what was given (from 0)."""

    key: str
    reason: str
    position: int


@dataclass(frozen=True)
class WriteReport:
    """What became of a write: how many of the memories given were put (each of one key counts), and those that were not."""

    written: int
    failed: tuple[WriteFailure, ...] = ()


@dataclass(frozen=True)
class _Record:
    position: int
    memory: Memory
    metadata: Metadata


def write_all(
    memories: Iterable[Memory],
    *,
    to_metadata: Callable[[Memory], Metadata],
    embed: Callable[[Sequence[str]], np.ndarray],
    put: Callable[[list[PutVector]], Any],
    guard: Screen | None = None,
    progress: Callable[[int], None] | None = None,
) -> WriteReport:
    """Write all memories, the last one of a key winning; `progress` gets the number done so far, written or failed."""
    done = 0
    failed: list[WriteFailure] = []
    for batch in _batches(enumerate(memories)):
        records: dict[str, _Record] = {}
        for position, memory in batch:
            try:
                screened = memory if guard is None else guard.screen(memory)[0]
                records[memory.key] = _Record(position, screened, to_metadata(screened))
            except InvalidMemoryError as error:
                failed.append(WriteFailure(memory.key, str(error), position))
        failed += _put_all(list(records.values()), embed, put)
        done += len(batch)
        if progress:
            progress(done)
    return WriteReport(done - len(failed), tuple(sorted(failed, key=lambda failure: failure.position)))


def _batches(numbered: Iterator[tuple[int, Memory]]) -> Iterator[list[tuple[int, Memory]]]:
    while batch := list(itertools.islice(numbered, _BATCH)):
        yield batch


def _put_all(
    records: Sequence[_Record], embed: Callable[[Sequence[str]], np.ndarray], put: Callable[[list[PutVector]], Any]
) -> Iterator[WriteFailure]:
    if not records:
        return
    vectors = embed([record.memory.content for record in records])
    chunk: list[tuple[_Record, np.ndarray]] = []
    room = _BODY_BYTES
    for record, vector in zip(records, vectors, strict=True):
        # As boto3 writes it: a control character or one beyond ASCII takes six bytes and more.
        size = len(json.dumps([record.memory.key, record.metadata])) + vector.size * _FLOAT_BYTES
        if chunk and size > room:
            yield from _put_some(chunk, put)
            chunk, room = [], _BODY_BYTES
        chunk.append((record, vector))
        room -= size
    yield from _put_some(chunk, put)


def _put_some(chunk: Sequence[tuple[_Record, np.ndarray]], put: Callable[[list[PutVector]], Any]) -> Iterator[WriteFailure]:
    """Put, and where the service refuses the whole for one bad record, halve until that one stands alone."""
    try:
        put([put_vector(record.memory.key, vector, record.metadata) for record, vector in chunk])
    except ValidationError as error:
        if len(chunk) == 1:
            record = chunk[0][0]
            yield WriteFailure(record.memory.key, str(error), record.position)
            return
        middle = len(chunk) // 2
        yield from _put_some(chunk[:middle], put)
        yield from _put_some(chunk[middle:], put)


def put_vector(key: str, vector: np.ndarray, metadata: Metadata) -> PutVector:
    """Return a record of PutVectors."""
    # The embedded engine takes an array as it is; a client that serialises makes a list of it.
    return {"key": key, "data": {"float32": cast("Sequence[float]", vector)}, "metadata": metadata}
