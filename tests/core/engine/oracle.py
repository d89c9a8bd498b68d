"""The engine's answers worked out the slow and obvious way, from a plain dictionary of records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

# Distances of one pair by two float64 routes differ by less.
CLOSE = 1e-9


def matches(filter_: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
    """Say whether metadata passes a valid filter, read word by word."""
    ((key, condition),) = filter_.items()
    if key == "$and":
        return all(matches(child, metadata) for child in condition)
    if key == "$or":
        return any(matches(child, metadata) for child in condition)
    if not isinstance(condition, dict):
        condition = {"$eq": condition}
    return all(_holds(operator, operand, metadata.get(key)) for operator, operand in condition.items())


def _holds(operator: str, operand: Any, value: Any) -> bool:
    if operator == "$exists":
        return (value is not None) == operand
    if operator == "$eq":
        return _same(value, operand) or (isinstance(value, list) and any(_same(item, operand) for item in value))
    if operator == "$ne":
        return not _holds("$eq", operand, value)
    if operator == "$in":
        return any(_holds("$eq", item, value) for item in operand)
    if operator == "$nin":
        return not _holds("$in", operand, value)
    if operator == "$startsWith":
        return isinstance(value, str) and value.startswith(operand)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return {"$gt": value > operand, "$gte": value >= operand, "$lt": value < operand, "$lte": value <= operand}[operator]


def _same(value: Any, operand: Any) -> bool:
    return _kind(value) == _kind(operand) and bool(value == operand)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, (int, float)) else type(value).__name__


@dataclass
class Shelf:
    """What an index should hold: by key its vector, metadata and the number of the write that put it there."""

    cosine: bool = True
    records: dict[str, tuple[tuple[float, ...], dict[str, Any], int]] = field(default_factory=dict)
    writes: int = 0

    def put(self, record: Mapping[str, Any]) -> None:
        """Note a record as put."""
        self.writes += 1
        vector = tuple(np.asarray(record["data"]["float32"], np.float32).tolist())
        self.records[record["key"]] = (vector, dict(record.get("metadata") or {}), self.writes)

    def delete(self, key: str) -> None:
        """Note a record as deleted."""
        self.records.pop(key, None)

    def metadata(self) -> dict[str, dict[str, Any]]:
        """Return all metadata by key."""
        return {key: metadata for key, (_, metadata, _) in self.records.items()}

    def passing(self, filter_: Mapping[str, Any] | None) -> list[str]:
        """Return the keys that pass a filter, in order of writing."""
        keys = [key for key, (_, metadata, _) in self.records.items() if filter_ is None or matches(filter_, metadata)]
        return sorted(keys, key=lambda key: self.records[key][2])

    def check_nearest(
        self, hits: Sequence[Mapping[str, Any]], query: Sequence[float], k: int, filter_: Mapping[str, Any] | None = None
    ) -> None:
        """Assert that hits are the k nearest, nearest first, equal vectors in order of writing."""
        keys = self.passing(filter_)
        rows = np.array([self.records[key][0] for key in keys], np.float64).reshape(len(keys), len(query))
        check_nearest(hits, keys, rows, np.asarray(query, np.float32).astype(np.float64), k, cosine=self.cosine)


def distances_of(rows: np.ndarray, query: np.ndarray, *, cosine: bool) -> np.ndarray:
    """Return float64 distances of float64 rows from a query, without any trick."""
    if not cosine:
        return np.sqrt(((rows - query) ** 2).sum(axis=1))
    return 1 - (rows * query).sum(axis=1) / (np.sqrt((rows**2).sum(axis=1)) * np.sqrt((query**2).sum()))


def check_nearest(
    hits: Sequence[Mapping[str, Any]], keys: Sequence[str], rows: np.ndarray, query: np.ndarray, k: int, *, cosine: bool
) -> None:
    """Assert that hits are the k nearest of the rows, whose keys are in order of writing."""
    found = [hit["key"] for hit in hits]
    assert len(found) == len(set(found)) == min(k, len(keys))
    if not found:
        return
    truth = distances_of(rows, query, cosine=cosine)
    place = {key: number for number, key in enumerate(keys)}
    picked = np.array([place[key] for key in found])
    scale = CLOSE * (1 if cosine else max(1.0, float(truth[picked].max(initial=0))))
    given = np.array([hit["distance"] for hit in hits])
    np.testing.assert_allclose(given, np.maximum(truth[picked], 0), rtol=1e-9, atol=scale)
    assert (np.diff(given) >= 0).all()
    left = np.ones(len(keys), np.bool_)
    left[picked] = False
    assert truth[left].min(initial=np.inf) >= truth[picked].max() - scale
    _check_equals(picked, left, rows)


def _check_equals(picked: np.ndarray, left: np.ndarray, rows: np.ndarray) -> None:
    """Assert that of rows that are the same the earlier written come first."""
    _, group = np.unique(rows, axis=0, return_inverse=True)
    group = group.reshape(-1)
    order = np.argsort(group[picked], kind="stable")
    same = np.diff(group[picked][order]) == 0
    assert (np.diff(picked[order])[same] > 0).all()
    last = np.full(group.max() + 1, -1)
    np.maximum.at(last, group[picked], picked)
    assert (np.flatnonzero(left) > last[group[left]]).all()
