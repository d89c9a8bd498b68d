"""What stands for a memory that was retired in favour of another, and for which ones a memory stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from core.past.versions import NONE, Applied, Table

__all__ = ["relying", "retired_for", "stand_ins", "stood_before"]


def retired_for(table: Table, key: str) -> dict[str, Applied]:
    """Return the keys that were last retired in favour of this one, each with that change; the latest last."""
    numbers = sorted({number for (number, _), by in table.stood.items() if by == key})
    if not numbers:
        return {}
    last = table.last()[numbers]
    found = table.changes(np.sort(last[table.takes_out(last)]))
    return {change.key: change for change in found if change.replaced_by == key}


def relying(table: Table) -> dict[str, list[str]]:
    """Return the keys that are out in favour of another one, by that one."""
    found: dict[str, list[str]] = {}
    last = table.last() if table.stood else np.empty(0, np.int64)
    for (number, entry), by in table.stood.items():
        if int(table.number[last[number]]) == entry:
            found.setdefault(by, []).append(table.keys[number])
    return found


def stand_ins(table: Table, keys: Iterable[str]) -> dict[str, str]:
    """Return what stands now for those of these keys that were retired in favour of another, through every merge since."""
    if not table.stood:
        return {}
    last = table.last()
    found = dict[str, str]()
    for key in keys:
        way = [key]
        while (by := _stand_in(table, last, way[-1])) is not None and by not in way:
            way.append(by)
        if len(way) > 1:
            found[key] = way[-1]
    return found


def stood_before(table: Table, entries: Mapping[str, int]) -> dict[str, str]:
    """Return for keys with the entry of one change of each what stood for them before it: those that something stood for."""
    found = dict[str, str]()
    for key, entry in entries.items() if table.stood else ():
        number = table.numbers.get(key, NONE)
        places = np.flatnonzero((table.key == number) & (table.number < entry))[-1:]
        if len(places) and bool(table.takes_out(places)[0]):
            by = table.stood.get((number, int(table.number[places[0]])))
            if by is not None:
                found[key] = by
    return found


def _stand_in(table: Table, last: np.ndarray, key: str) -> str | None:
    """Return in whose favour a key was retired, None where it was not or is there again."""
    number = table.numbers.get(key)
    if number is None:
        return None
    place = int(last[number])
    return table.stood.get((number, int(table.number[place]))) if bool(table.takes_out(last[[number]])[0]) else None
