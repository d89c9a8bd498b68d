"""The distinct texts of an index, each once: what a search for duplicates and one for conflicts both begin with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.curation.duplicates.exact import content_hash
from core.errors import CancelledError, ConfigError

__all__ = ["Texts", "Told", "check_fit", "distinct_texts", "part_of", "teller"]

_HASHED: Final = 10_000

_Ints = npt.NDArray[np.int64]

# What is told how much is done, 0 to 1; it raises CancelledError where the search is to stop.
Told = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Texts:
    """The distinct texts of each scope: the row that stands for each, its scope, and the keys and rows that share it."""

    rows: _Ints
    scopes: _Ints
    texts: list[str]
    hashes: list[str]
    keys: list[tuple[str, ...]]
    members: list[tuple[int, ...]]


def distinct_texts(frame: pd.DataFrame, rows: _Ints, scopes: _Ints, *, told: Told) -> Texts:
    """Return the distinct texts of some rows of a snapshot frame; `scopes` (n,) has the scope of each row of the frame.

    Keys and rows of a text are in the order of the keys, and the first stands for all. `told` hears 0 to 1.
    """
    keys, contents = frame["key"].to_numpy(), frame["content"].to_numpy()
    classes: dict[tuple[int, str], list[int]] = {}
    for at, row in enumerate(rows.tolist()):
        if at % _HASHED == 0:
            told(at / len(rows))
        classes.setdefault((int(scopes[row]), content_hash(contents[row])), []).append(row)
    sharing = [sorted((str(keys[row]), row) for row in members) for members in classes.values()]
    firsts = [members[0][1] for members in sharing]
    return Texts(
        np.array(firsts, np.int64),
        np.array([scope for scope, _ in classes], np.int64),
        [str(contents[row]) for row in firsts],
        [digest for _, digest in classes],
        [tuple(key for key, _ in members) for members in sharing],
        [tuple(row for _, row in members) for members in sharing],
    )


def check_fit(frame: pd.DataFrame, matrix: npt.NDArray[np.float32]) -> None:
    """Raise ConfigError where a frame and the vectors of its rows are not of one snapshot."""
    if len(frame) != len(matrix):
        raise ConfigError(f"{len(frame):,} memories do not fit {len(matrix):,} vectors: read both from one snapshot.")


def teller(what: str, stop: Callable[[], bool] | None, progress: Callable[[float], None] | None) -> Told:
    """Return what a search tells how much is done: it passes that on, and raises CancelledError once `stop` returns true."""

    def told(done: float) -> None:
        if stop is not None and stop():
            raise CancelledError(f"The search for {what} was stopped.")
        if progress is not None:
            progress(done)

    return told


def part_of(told: Told, start: float, share: float) -> Told:
    """Return what a part of a search tells 0 to 1, which is so large a share of the whole."""
    return lambda done: told(start + share * done)
