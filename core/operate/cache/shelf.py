"""Where kept answers lie: the Protocol, and the ring of queries by which an answer is found that is near enough."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["RING", "Kept", "Ring", "Shelf", "ShelfState", "place_of"]

Vector = npt.NDArray[np.float32]
# So many queries of a group are compared; the oldest make room.
RING: Final = 512


class Kept(NamedTuple):
    """A query that has an answer: the digest of its text, the text (None where it may not be kept), and how far it is."""

    exact: str
    text: str | None
    distance: float


@dataclass(frozen=True)
class ShelfState:
    """Where a shelf is, whether it answers, and how many answers it holds, of how many bytes."""

    where: str
    reachable: bool
    answers: int | None = None
    bytes: int | None = None


class Shelf(Protocol):
    """Keeps bytes for a while. Thread-safe; nothing of it raises: what fails is as if it had not been there.

    A place is an index (place_of); a group begins with the places of the indexes that it is about.
    """

    def generation(self, place: str) -> str | None:
        """Return what changes with each write to an index that tells no revision; None where nobody can know."""
        ...

    def renew(self, place: str) -> None:
        """Change the generation of an index: it was written to."""
        ...

    def get(self, group: str, exact: str) -> bytes | None:
        """Return the answer to a text of a group, and learn what else was kept there."""
        ...

    def near(self, group: str, vector: Vector, *, distance: float) -> list[Kept]:
        """Return the queries of a group within a cosine distance, the nearest first."""
        ...

    def keep(self, group: str, exact: str, body: bytes, *, vector: Vector | None, text: str | None) -> None:
        """Keep an answer; a query with a vector can be found by others that are near."""
        ...

    def count(self, place: str, name: str) -> None:
        """Count what became of a recall of an index."""
        ...

    def counts(self, place: str) -> Mapping[str, int] | None:
        """Return what was counted of an index by all who share the shelf; None where nobody can say."""
        ...

    def state(self, place: str | None = None) -> ShelfState:
        """Return what there is, of one index or of all."""
        ...

    def clear(self, place: str | None = None) -> int:
        """Drop all answers, or those of one index, and return how many."""
        ...

    def close(self) -> None:
        """Release what is held open."""
        ...


def place_of(stream: str) -> str:
    """Return what an index is called on a shelf, by its stream ("bucket/index"): a digest, 16 hexadecimal digits."""
    return hashlib.sha256(stream.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Ring:
    """The vectors of the last queries of a group. Not thread-safe: its owner locks."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[Vector, str | None]] = {}
        self._stacked: tuple[list[str], Vector] | None = None

    def add(self, exact: str, vector: Vector, text: str | None) -> None:
        """Add a query, in the place of the oldest where there are too many."""
        self.drop(exact)
        self._rows[exact] = _unit(vector), text
        if len(self._rows) > RING:
            del self._rows[next(iter(self._rows))]

    def drop(self, exact: str) -> None:
        """Forget a query whose answer is gone."""
        self._rows.pop(exact, None)
        self._stacked = None

    def near(self, vector: Vector, *, distance: float) -> list[Kept]:
        """Return the queries within a cosine distance, the nearest first; none where the vector has no direction."""
        one = _unit(vector)
        if self._stacked is None or self._stacked[1].shape[1:] != one.shape:
            rows = [(exact, other) for exact, (other, _) in self._rows.items() if other.shape == one.shape]
            matrix = np.stack([other for _, other in rows]) if rows else np.empty((0, *one.shape), np.float32)
            self._stacked = [exact for exact, _ in rows], matrix
        names, matrix = self._stacked
        apart = np.maximum(1.0 - matrix @ one, 0.0)
        found = [Kept(names[row], self._rows[names[row]][1], float(apart[row])) for row in np.flatnonzero(apart <= distance)]
        return sorted(found, key=lambda kept: (kept.distance, kept.exact))


def _unit(vector: Vector) -> Vector:
    length = float(np.linalg.norm(vector.astype(np.float64)))
    return (vector / length if length else np.full_like(vector, np.nan)).astype(np.float32)
