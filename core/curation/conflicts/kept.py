"""Cases that were read before, so that a queue of thousands does not parse each card again after every change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from core.curation.conflicts.case import Case

__all__ = ["KeptCases"]

_BYTES: Final = 32_000_000
_Row = tuple[bytes, bytes]


@dataclass(frozen=True)
class _Kept:
    revision: str = ""
    cases: tuple[Case, ...] | None = None
    parsed: Mapping[_Row, Case] = field(default_factory=dict)


class KeptCases:
    """The cases of the last full reading of a register, by its revision and by what was read; safe for threads.

    What is read decides: a row that changed is parsed, one that is gone is forgotten with the next reading, so that no text
    outlives an erasure by more than that. Of rows beyond so many bytes together none is kept.
    """

    def __init__(self, parse: Callable[[bytes, bytes], Case], *, most: int = _BYTES) -> None:
        self._parse, self._most = parse, most
        self._lock = threading.Lock()
        self._kept = _Kept()
        self._forgotten = 0

    def of(self, revision: str, rows: Callable[[], Iterable[_Row]]) -> list[Case]:
        """Return the cases of all rows of a register, by the time at which their cards were found.

        `revision` was read before: while it is the same the rows are not read again.
        """
        with self._lock:
            before, forgotten = self._kept, self._forgotten
        if before.cases is not None and before.revision == revision:
            return list(before.cases)
        found: list[Case] = []
        parsed: dict[_Row, Case] = {}
        size = 0
        for row in rows():
            case = before.parsed.get(row) or self._parse(*row)
            found.append(case)
            size += len(row[0]) + len(row[1])
            if size <= self._most:
                parsed[row] = case
        found.sort(key=lambda case: (case.card.found_at, case.card.id))
        with self._lock:
            if forgotten == self._forgotten:  # else the rows may be of before an erasure
                self._kept = _Kept(revision, tuple(found) if size <= self._most else None, parsed)
        return found

    def forget(self) -> None:
        """Keep nothing, and nothing of what is being read now."""
        with self._lock:
            self._kept, self._forgotten = _Kept(), self._forgotten + 1
