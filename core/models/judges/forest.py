"""Boosted trees of three levels: rows of numbers to probabilities, each tree three questions and one of eight answers.

    probability = σ(first line + sum over trees of the leaf that a row falls into)

Friedman 2001. A line of a tree has its seven splits by level, as column:threshold, then its eight leaves; a row goes right
where its value is above the threshold.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["DEPTH", "Forest"]

DEPTH: Final = 3
_SPLITS: Final = 2**DEPTH - 1


class Forest:
    """Trees as they are written."""

    def __init__(self, written: str) -> None:
        self.written = written.strip()
        first, *lines = self.written.splitlines()
        rows = [line.split() for line in lines]
        splits = [[each.split(":") for each in row[:_SPLITS]] for row in rows]
        self._start = float(first)
        self._columns = np.array([[int(column) for column, _ in row] for row in splits]).reshape(-1, _SPLITS)
        self._thresholds = np.array([[float(at) for _, at in row] for row in splits]).reshape(-1, _SPLITS)
        self._leaves = np.array([[float(leaf) for leaf in row[_SPLITS:]] for row in rows]).reshape(-1, _SPLITS + 1)

    def clash(self, table: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return (n,) probabilities of (n, columns) rows."""
        trees, rows = np.arange(len(self._leaves)), np.arange(len(table))[:, None]
        at = np.zeros((len(table), len(trees)), np.intp)
        for _ in range(DEPTH):
            at = 2 * at + 1 + (table[rows, self._columns[trees, at]] > self._thresholds[trees, at])
        scores = self._start + self._leaves[trees, at - _SPLITS].sum(axis=1)
        return np.asarray(1 / (1 + np.exp(-scores)))
