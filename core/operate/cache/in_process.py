"""A shelf in this process: the answers used last, within a bound of bytes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from core.operate.cache.shelf import Kept, Ring, ShelfState, Vector

__all__ = ["InProcess"]

_BYTES_MAX: Final = 64 * 2**20
# What the vector, the text and the keys of an answer take beside its bytes.
_OVERHEAD: Final = 4_096


@dataclass(frozen=True)
class _Held:
    body: bytes
    until: float

    @property
    def size(self) -> int:
        return len(self.body) + _OVERHEAD


class InProcess:
    """A Shelf that ends with the process; of an index that tells no revision it keeps nothing, for others write to it."""

    def __init__(self, *, ttl: float, bytes_max: int = _BYTES_MAX, clock: Callable[[], float] = time.monotonic) -> None:
        self._ttl, self._most, self._clock = ttl, bytes_max, clock
        self._held: OrderedDict[tuple[str, str], _Held] = OrderedDict()
        self._rings: dict[str, Ring] = {}
        self._sizes: dict[str, int] = {}
        self._counts: dict[str, dict[str, int]] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def generation(self, place: str) -> str | None:  # noqa: ARG002
        """Return None: what other processes write is not known here."""
        return None

    def renew(self, place: str) -> None:
        """Do nothing: there is nothing of an index without a revision."""

    def get(self, group: str, exact: str) -> bytes | None:
        """Return the answer to a text of a group."""
        with self._lock:
            held = self._held.get((group, exact))
            if held is None:
                return None
            if self._clock() >= held.until:
                self._drop((group, exact))
                return None
            self._held.move_to_end((group, exact))
            return held.body

    def near(self, group: str, vector: Vector, *, distance: float) -> list[Kept]:
        """Return the queries of a group within a cosine distance, the nearest first."""
        with self._lock:
            ring = self._rings.get(group)
            return [] if ring is None else ring.near(vector, distance=distance)

    def keep(self, group: str, exact: str, body: bytes, *, vector: Vector | None, text: str | None) -> None:
        """Keep an answer in the place of those that were not used for longest."""
        held = _Held(body, self._clock() + self._ttl)
        if held.size > self._most:
            return
        with self._lock:
            if (group, exact) in self._held:
                self._drop((group, exact))
            self._held[group, exact] = held
            self._bytes += held.size
            self._sizes[group] = self._sizes.get(group, 0) + 1
            if vector is not None:
                self._rings.setdefault(group, Ring()).add(exact, vector, text)
            while self._bytes > self._most:
                self._drop(next(iter(self._held)))

    def count(self, place: str, name: str) -> None:
        """Count what became of a recall of an index."""
        with self._lock:
            counts = self._counts.setdefault(place, {})
            counts[name] = counts.get(name, 0) + 1

    def counts(self, place: str) -> Mapping[str, int]:
        """Return what was counted of an index in this process."""
        with self._lock:
            return dict(self._counts.get(place, {}))

    def state(self, place: str | None = None) -> ShelfState:
        """Return what there is."""
        with self._lock:
            sizes = [len(held.body) for (group, _), held in self._held.items() if place is None or place in group]
            return ShelfState("this process", True, len(sizes), sum(sizes))

    def clear(self, place: str | None = None) -> int:
        """Drop all answers, or those of one index."""
        with self._lock:
            gone = [key for key in self._held if place is None or place in key[0]]
            for key in gone:
                self._drop(key)
            return len(gone)

    def close(self) -> None:
        """Drop everything."""
        self.clear()

    def _drop(self, key: tuple[str, str]) -> None:
        group, exact = key
        self._bytes -= self._held.pop(key).size
        self._sizes[group] -= 1
        if group in self._rings:
            self._rings[group].drop(exact)
        if not self._sizes[group]:
            del self._sizes[group]
            self._rings.pop(group, None)
