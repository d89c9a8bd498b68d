"""A random sample of the pairs below the threshold, bounded and the same for the same seed. Pure.

Each pair has a number from 0 to 1 that its id and the seed decide; those with the smallest numbers are drawn, and the
probability of that is known. Doubtful pairs, of which more are missed conflicts, are drawn from a stratum of their own.
"""

from __future__ import annotations

import hashlib
import heapq
from typing import Final, Generic, TypeVar

__all__ = ["Drawn", "Sample"]

T = TypeVar("T")

_SCALE: Final = 2**64
# From this share of the threshold on a pair is doubtful; of the doubtful so many times as many are drawn.
_DOUBTFUL, _MORE = 0.5, 5.0


class Drawn(Generic[T]):
    """What was drawn of one stratum: items with the smallest numbers below a share, at most so many."""

    def __init__(self, share: float, most: int) -> None:
        self._share, self._most = share, most
        self._kept: list[tuple[float, str, T]] = []
        self._limit = share
        self.seen = 0

    def offer(self, number: float, name: str, item: T) -> None:
        """Draw an item by its number, or not."""
        self.seen += 1
        if number >= self._limit or not self._most:
            return
        heapq.heappush(self._kept, (-number, name, item))
        if len(self._kept) > self._most:
            self._limit = -heapq.heappop(self._kept)[0]

    @property
    def probability(self) -> float:
        """With what probability each of the stratum was drawn: the share, or less where it gave more than were wanted."""
        return min(1.0, self._limit)

    @property
    def items(self) -> list[T]:
        """What was drawn, the smallest number first."""
        return [item for _, _, item in sorted(self._kept, reverse=True)]


class Sample(Generic[T]):
    """Two strata of pairs below the threshold."""

    def __init__(self, *, share: float, most: int, threshold: float, seed: int) -> None:
        self._threshold, self._seed = threshold, seed
        self._strata: tuple[Drawn[T], Drawn[T]] = (
            Drawn(min(1.0, share * _MORE), most - most // 2),
            Drawn(share, most // 2),
        )

    def offer(self, card: str, clash: float, item: T) -> None:
        """Draw a pair by the id that its card would have."""
        digest = hashlib.blake2b(f"{self._seed}:{card}".encode(), digest_size=8).digest()
        self._strata[clash < self._threshold * _DOUBTFUL].offer(int.from_bytes(digest, "big") / _SCALE, card, item)

    @property
    def drawn(self) -> list[tuple[T, float]]:
        """The pairs that were drawn, each with the probability of that."""
        return [(item, stratum.probability) for stratum in self._strata for item in stratum.items]
