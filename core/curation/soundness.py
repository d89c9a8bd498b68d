"""Whether an index can store what a plan would put there: said before anything is done, not in the middle of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

from core.curation.plan import Change, Plan
from core.curation.staleness import chunks
from core.errors import CurationError, ValidationError
from core.hostile import one_line
from core.index import IndexInfo
from core.vectors.client import PutVector
from core.vectors.validation import check_key, check_metadata, matrix_of

__all__ = ["require_keys", "require_storable"]

_CHUNK: Final = 500


def require_keys(plan: Plan) -> None:
    """Raise CurationError for a key of the plan that no index can have."""
    with _said_of(plan):
        for place, change in enumerate(plan.changes):
            check_key(f"changes[{place}].key", change.key)
            if change.replaced_by is not None:
                check_key(f"changes[{place}].replaced_by", change.replaced_by)


def require_storable(plan: Plan, info: IndexInfo) -> None:
    """Raise CurationError for metadata or a vector of the plan that no index, or not this one, can store."""
    with _said_of(plan):
        for part in chunks(plan.changes, _CHUNK):
            _check(part, info)


@contextmanager
def _said_of(plan: Plan) -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        raise CurationError(
            f"Plan {plan.id} cannot be applied to index {plan.index!r}: {one_line(str(error), 300)}. Nothing was done."
        ) from None


def _check(changes: Sequence[Change], info: IndexInfo) -> None:
    vectors: list[PutVector] = []
    for change in changes:
        if change.after is None:
            continue
        check_metadata(change.key, change.after.metadata, non_filterable=info.non_filterable)
        if change.after.vector is not None:
            vectors.append({"key": change.key, "data": {"float32": cast("Any", change.after.vector)}, "metadata": {}})
    if vectors:
        matrix_of(vectors, dimension=info.dimension, cosine=info.metric == "cosine")
