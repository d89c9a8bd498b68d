"""Lanes: one row of the drawing for each agent, task, team, session or type, the rest of them folded into one."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.analysis.timeline.event import Events, coded
from core.errors import ConfigError
from core.hostile import one_line

__all__ = ["LANE_FIELDS", "OTHERS", "UNKNOWN", "Lanes", "lanes"]

LANE_FIELDS: Final = ("agent_id", "task_id", "team_id", "session_id", "memory_type")
ORDERS: Final = ("count", "first", "name")
_MOST: Final = 10_000  # codes are of two bytes, and nobody reads more
OTHERS: Final = "\x00others"  # not a name that anything readable has
UNKNOWN: Final = "unknown"
_DIGITS: Final = re.compile(r"(\d+)")


@dataclass(frozen=True, eq=False)
class Lanes:
    """The lanes of events: `codes` uint16 (n,) is the lane of each event, lane i covers the heights i…i + 1.

    `ids` are the values of the field, None for the events without one; `labels` what to show, safe for one line; `counts`
    over all the events. `folded` is how many lanes the last one stands for: its id is OTHERS. `total` counts the lanes there
    are.
    """

    field: str
    ids: tuple[str | None, ...]
    labels: tuple[str, ...]
    counts: npt.NDArray[np.int64]
    codes: npt.NDArray[np.uint16]
    total: int
    folded: int = 0

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def others(self) -> int | None:
        """Which lane is the one of the others, None where every lane is shown."""
        return len(self.ids) - 1 if self.folded else None


def lanes(
    events: Events,
    frame: pd.DataFrame,
    field: str = "agent_id",
    *,
    most: int = 30,
    order: str = "count",
    keep: Collection[str] = (),
) -> Lanes:
    """Return the lanes of events: the `most` with the most events and those to `keep`, then one of the others.

    `order` is "count" (most events first), "first" (who came first) or "name"; the unknown lane is the last of them.
    """
    if field not in LANE_FIELDS or order not in ORDERS:
        raise ConfigError(
            f"There are no lanes by {field!r} in the order {order!r}: lanes are by {', '.join(LANE_FIELDS)}, "
            f"their order is {', '.join(ORDERS)}."
        )
    codes, known = coded(frame, field)
    names: list[str | None] = [*known, None]
    codes = codes[events.rows]
    codes = np.where(codes < 0, len(names) - 1, codes)
    counts = np.bincount(codes, minlength=len(names))
    there = [int(code) for code in np.flatnonzero(counts)]
    ranked = sorted(there, key=lambda code: (names[code] is None, -counts[code], names[code] or ""))
    kept = set(ranked[: max(1, min(most, _MOST))]) | {code for code in there if names[code] in keep}
    folded = [code for code in ranked if code not in kept]
    if len(folded) == 1:  # one lane more takes no more room than the lane of the others
        kept, folded = kept | set(folded), []
    shown = [code for code in ranked if code in kept]
    if order == "first":
        first = _firsts(codes, len(names))
        shown.sort(key=lambda code: (names[code] is None, first[code]))
    elif order == "name":
        shown.sort(key=lambda code: (names[code] is None, natural(names[code] or "")))
    return _lanes(field, names, codes, counts, shown, folded)


def _lanes(
    field: str,
    names: list[str | None],
    codes: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
    shown: list[int],
    folded: list[int],
) -> Lanes:
    place = np.full(len(names), len(shown), dtype=np.uint16)
    place[shown] = np.arange(len(shown), dtype=np.uint16)
    ids = tuple(names[code] for code in shown)
    labels = tuple(UNKNOWN if name is None else one_line(name, 120) or "(blank)" for name in ids)
    totals = counts[shown]
    if folded:
        ids, labels = (*ids, OTHERS), (*labels, f"{len(folded):,} others")
        totals = np.append(totals, counts[folded].sum())
    return Lanes(field, ids, labels, totals.astype(np.int64), place[codes], len(shown) + len(folded), len(folded))


def _firsts(codes: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
    first = np.full(size, len(codes), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return first


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return what sorts names as people do: run2 before run10, whatever the case."""
    return tuple(
        (0, int(part), part) if part.isdecimal() and len(part) <= 18 else (1, 0, part.casefold())
        for part in _DIGITS.split(name)
        if part
    )
