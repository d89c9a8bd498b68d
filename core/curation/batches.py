"""A plan in batches that one call of the service takes: what is new first, what goes last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from core.curation.plan import Action, Change
from core.vectors.limits import DELETE_VECTORS_MAX, PUT_VECTORS_MAX
from core.vectors.validation import metadata_bytes

__all__ = ["batches"]

# A crash between leaves the merged memory and its sources, never neither of them.
_ORDER: Final = (Action.PUT, Action.REPLACE, Action.RETIRE, Action.ERASE)
_COUNT: Final = min(PUT_VECTORS_MAX, DELETE_VECTORS_MAX)
_BYTES: Final = 15_000_000
# As JSON: a float32 at its longest, and a byte of metadata that is escaped.
_FLOAT_BYTES: Final = 26
_ESCAPED_BYTES: Final = 6


def batches(changes: Iterable[Change], *, dimension: int) -> Iterator[tuple[Change, ...]]:
    """Yield the changes in batches of one action each, of which each fits in one request."""
    ordered = sorted(changes, key=lambda change: _ORDER.index(change.action))
    batch: list[Change] = []
    room = _BYTES
    for change in ordered:
        size = _size(change, dimension)
        if batch and (len(batch) == _COUNT or size > room or change.action is not batch[0].action):
            yield tuple(batch)
            batch, room = [], _BYTES
        batch.append(change)
        room -= size
    if batch:
        yield tuple(batch)


def _size(change: Change, dimension: int) -> int:
    key = len(change.key.encode()) * _ESCAPED_BYTES
    if change.after is None:
        return key
    return key + dimension * _FLOAT_BYTES + metadata_bytes(change.after.metadata) * _ESCAPED_BYTES
