"""Colouring: which of a dozen colours each event has, by a field, by confidence or by what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.analysis.timeline.event import Events, coded
from core.analysis.timeline.mark import Mark
from core.errors import ConfigError
from core.hostile import one_line

__all__ = ["COLOUR_FIELDS", "CONFIDENCE_BANDS", "STATES", "Colouring", "coded_as", "colouring", "colouring_of", "frequent"]

_CATEGORIES: Final = ("memory_type", "agent_id", "team_id", "task_id", "session_id", "source")
COLOUR_FIELDS: Final = (*_CATEGORIES, "confidence", "status")
CONFIDENCE_BANDS: Final = ("0.8 to 1", "0.6 to 0.8", "0.4 to 0.6", "0.2 to 0.4", "0 to 0.2")
_MOST: Final = 200  # codes are bytes
# The state that a memory is shown in where it has several marks: the first that it has.
_PRECEDENCE: Final = (
    (Mark.CONFLICTING, "conflicting"),
    (Mark.MERGED, "merged"),
    (Mark.RETIRED, "retired"),
    (Mark.HIDDEN, "hidden"),
    (Mark.EXPIRED, "expired"),
)
STATES: Final = ("in force", *(name for _, name in _PRECEDENCE))


@dataclass(frozen=True, eq=False)
class Colouring:
    """The colour of each event: `codes` uint8 (n,) into `ids` (raw values), `names` (safe to show) and `counts`.

    `others` is the code of the values beyond the first ones, `unknown` of the events without a value, None where there are
    none. They are the last codes; the id of `others` is "", of `unknown` None.
    """

    field: str
    ids: tuple[str | None, ...]
    names: tuple[str, ...]
    counts: npt.NDArray[np.int64]
    codes: npt.NDArray[np.uint8]
    others: int | None = None
    unknown: int | None = None

    def __len__(self) -> int:
        return len(self.ids)


def colouring(
    events: Events,
    frame: pd.DataFrame,
    field: str = "memory_type",
    *,
    marks: npt.NDArray[np.uint8] | None = None,
    most: int = 12,
) -> Colouring:
    """Return the colours of events by a field: the `most` frequent values have their own; `marks` are of frame rows.

    See colouring_of.
    """
    return colouring_of(frame, events.rows, field, marks=marks, most=most)


def colouring_of(
    frame: pd.DataFrame,
    rows: npt.NDArray[np.integer[Any]],
    field: str = "memory_type",
    *,
    marks: npt.NDArray[np.uint8] | None = None,
    most: int = 12,
) -> Colouring:
    """Return the colours of rows of a frame by a field: the `most` frequent values have their own; `marks` decide "status".

    Confidence has five bands, the surest first; status has the states of STATES. Both keep bands without a memory, so that
    a colour means the same in every window.
    """
    if field not in COLOUR_FIELDS:
        raise ConfigError(f"There are no colours by {field!r}: choose one of {', '.join(COLOUR_FIELDS)}.")
    if field == "status":
        return coded_as(field, STATES, _states(marks, len(frame))[rows])
    if field == "confidence":
        return coded_as(field, CONFIDENCE_BANDS, _bands(frame["confidence"].to_numpy(dtype=np.float64)[rows]))
    codes, names = coded(frame, field)
    return frequent(field, names, codes[rows], most)


def _states(marks: npt.NDArray[np.uint8] | None, size: int) -> npt.NDArray[np.int64]:
    states = np.zeros(size, dtype=np.int64)
    if marks is not None:
        for place, (mark, _) in reversed([*enumerate(_PRECEDENCE, start=1)]):
            states[(marks & np.uint8(mark)) != 0] = place
    return states


def _bands(confidence: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return 0 for 0.8 and more … 4 for less than 0.2, -1 where it is not stated."""
    stated = np.isfinite(confidence)
    band = 4 - np.clip(np.floor(np.where(stated, confidence, 0) * 5 + 1e-9), 0, 4)
    return np.where(stated, band, -1).astype(np.int64)


def coded_as(field: str, names: tuple[str, ...], codes: npt.NDArray[np.int64]) -> Colouring:
    """Return a colouring whose values are fixed; -1 is unknown."""
    missing = bool((codes < 0).any())
    codes = np.where(codes < 0, len(names), codes)
    shown = (*names, "not stated") if missing else names
    ids: tuple[str | None, ...] = (*names, None) if missing else names
    counts = np.bincount(codes, minlength=len(shown))
    return Colouring(field, ids, shown, counts, codes.astype(np.uint8), unknown=len(names) if missing else None)


def frequent(field: str, values: Sequence[str], codes: npt.NDArray[np.int64], most: int) -> Colouring:
    """Return the colours of codes into `values`, -1 being unknown; those beyond the `most` frequent share one."""
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    ranked = sorted((int(code) for code in np.flatnonzero(counts)), key=lambda code: (-counts[code], values[code]))
    most = min(most, _MOST)
    own, rest = ranked[:most], ranked[most:]
    if len(rest) == 1:
        own, rest = ranked, []
    places = np.zeros(len(values) + 1, dtype=np.uint8)
    places[own] = np.arange(len(own), dtype=np.uint8)
    ids: list[str | None] = [values[code] for code in own]
    names = [one_line(values[code], 80) or "(blank)" for code in own]
    others = unknown = None
    if rest:
        others = len(ids)
        places[rest] = others
        ids, names = [*ids, ""], [*names, f"{len(rest):,} others"]
    if (codes < 0).any():
        unknown = len(ids)
        places[-1] = unknown
        ids, names = [*ids, None], [*names, "unknown"]
    found = places[codes]
    return Colouring(field, tuple(ids), tuple(names), np.bincount(found, minlength=len(ids)), found, others, unknown)
