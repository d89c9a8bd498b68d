"""The colours of a map beyond those of the timeline: by group, age, use and tenant; sizes by use; hues of groups.

Pure, over the frame of a snapshot (core.analysis.frame.COLUMNS).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from core.analysis.columns import extra_columns
from core.analysis.timeline.colour import COLOUR_FIELDS, Colouring, coded_as, colouring_of, frequent
from core.hostile import one_line

__all__ = ["MAP_FIELDS", "USE_BANDS", "centres", "group_colouring", "hues", "map_colouring", "tenants", "use_sizes"]

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]

MAP_FIELDS: Final = (*COLOUR_FIELDS, "age", "use", "tenant")
USE_BANDS: Final = ("10 times and more", "5 to 9 times", "2 to 4 times", "once", "never")
_USE_FROM: Final = (10, 5, 2, 1)
_AGE_BANDS: Final = 5
# The metadata keys under which software keeps whose memory one is, the first that is there counts.
_TENANTS: Final = ("tenant_id", "tenant", "org_id", "organization", "customer_id", "user_id")
_MOST_GROUPS: Final = 200  # codes are bytes
_NEAR: Final = 6
_DAY: Final = 86_400_000_000  # in microseconds


def map_colouring(
    frame: pd.DataFrame,
    rows: npt.NDArray[np.integer[Any]],
    field: str,
    *,
    marks: npt.NDArray[np.uint8] | None = None,
    uses: Ints | None = None,
    owners: pd.Series[Any] | None = None,
    most: int = 12,
) -> Colouring:
    """Return the colours of rows of a frame by a field of MAP_FIELDS; `marks`, `uses` and `owners` are of the frame's rows.

    Age has five bands of about as many memories each, the newest first; use has those of USE_BANDS.
    """
    if field == "age":
        return _aged(frame["created_at"].iloc[rows])
    if field == "use":
        counts = np.zeros(len(frame), np.int64) if uses is None else uses
        return coded_as(field, USE_BANDS, _use_bands(counts[rows]))
    if field == "tenant":
        found = pd.Categorical(pd.Series([None] * len(frame), dtype=object) if owners is None else owners)
        return frequent(field, [str(name) for name in found.categories], found.codes.astype(np.int64)[rows], most)
    return colouring_of(frame, rows, field, marks=marks, most=most)


def group_colouring(codes: Codes, labels: Sequence[str], rows: npt.NDArray[np.integer[Any]]) -> Colouring:
    """Return the colours of rows by the group that each row is in, -1 for none: the id of a colour is the group's number.

    Groups without a memory among the rows keep their colour. Beyond 200 groups the smallest share one.
    """
    own = min(len(labels), _MOST_GROUPS)
    found = codes[rows].astype(np.int64)
    ids: list[str | None] = [str(code) for code in range(own)]
    names = [one_line(label, 80) for label in labels[:own]]
    others = unknown = None
    if len(labels) > own:
        others = own
        ids, names = [*ids, ""], [*names, f"{len(labels) - own:,} smaller clusters"]
        found = np.minimum(found, own)
    if (found < 0).any():
        unknown = len(ids)
        ids, names = [*ids, None], [*names, "in no cluster"]
        found = np.where(found < 0, unknown, found)
    counts = np.bincount(found, minlength=len(ids))
    return Colouring("cluster", tuple(ids), tuple(names), counts, found.astype(np.uint8), others, unknown)


def tenants(table: pa.Table, fallback: str | None) -> pd.Series[Any]:
    """Return whose each memory of a table is: what its metadata say, else the index's tenant; None where nobody says."""
    for name, column in extra_columns(table, _TENANTS).items():
        if name in _TENANTS:
            said = column.map(lambda value: value if isinstance(value, str) and value else None)
            return said.fillna(fallback) if fallback else said
    return pd.Series([fallback] * table.num_rows, dtype=object)


def use_sizes(uses: Ints) -> npt.NDArray[np.uint8]:
    """Return sizes from 0, never recalled, to 255, recalled the most, by the logarithm of how often."""
    most = int(uses.max(initial=0))
    if not most:
        return np.zeros(len(uses), dtype=np.uint8)
    sizes: npt.NDArray[np.uint8] = np.round(255 * np.log1p(uses) / np.log1p(most)).astype(np.uint8)
    return sizes


def centres(coords: npt.NDArray[np.float32], codes: Codes, count: int) -> npt.NDArray[np.float32]:
    """Return the place of each group, float32 (count, dims): the median of its members', NaN where it has none."""
    order = np.argsort(codes, kind="stable")
    begins = np.searchsorted(codes[order], np.arange(count + 1))
    found = np.full((count, coords.shape[1]), np.nan, dtype=np.float32)
    for code, (first, last) in enumerate(zip(begins[:-1].tolist(), begins[1:].tolist(), strict=True)):
        if last > first:
            found[code] = np.median(coords[order[first:last]], axis=0)
    return found


def hues(places: npt.NDArray[np.float32], ids: Sequence[int], *, count: int) -> tuple[int, ...]:
    """Return the hue of each group, 0 to `count` − 1: the one that its id gives, unless a near group has that one.

    Groups choose in the order of their ids, and look at the nearest that chose before; so hues stay as groups come and go.
    """
    order = np.argsort(np.asarray(ids, dtype=np.int64), kind="stable")
    places = places[order]
    found = np.full(len(ids), -1)
    for place, own in enumerate(np.asarray(ids, dtype=np.int64)[order].tolist()):
        away = np.square(places[:place] - places[place]).sum(axis=1)
        near = np.argsort(away, kind="stable")[: min(_NEAR, count - 1)]
        taken = set(found[order[near]].tolist())
        found[order[place]] = next(hue % count for hue in range(own, own + count) if hue % count not in taken)
    return tuple(found.tolist())


def _aged(created: pd.Series[Any]) -> Colouring:
    """Return five bands of about as many memories, the newest first; fewer where many share a time."""
    known = created.notna().to_numpy(dtype=bool)
    times = created.to_numpy(dtype="datetime64[us]").astype(np.int64)
    if not known.any():
        return coded_as("age", (), np.full(len(created), -1))
    shares = np.linspace(0, 1, _AGE_BANDS + 1)[1:-1]
    ends = np.unique(np.quantile(times[known], shares, method="lower"))  # a band reaches up to and with its end
    last = times[known].max()
    ends = ends[ends < last] if ends[0] < last else np.unique(times[known & (times < last)])[-1:]
    band = len(ends) - np.searchsorted(ends, times, side="left")
    span = int(times[known].max() - times[known].min())
    moments = _moments([int(end) for end in ends], span)
    between = [f"{one} to {other}" for one, other in pairwise(moments)]
    names = (f"after {moments[-1]}", *reversed(between), f"until {moments[0]}") if moments else ("all at one time",)
    return coded_as("age", names, np.where(known, band, -1))


def _moments(ends: Sequence[int], span: int) -> list[str]:
    """Return times, in microseconds, as far as they must be told apart within a span."""
    times = [pd.Timestamp(end, unit="us") for end in ends]
    forms: tuple[str, ...]
    if span > 60 * _DAY:
        forms = ("%b {year}", "%b {year}, %H:%M", "%b {year}, %H:%M:%S")
    else:
        forms = ("%b, %H:%M", "%b, %H:%M:%S") if span > _DAY else ("%H:%M", "%H:%M:%S")[span <= _DAY // 24 :]
    told: list[str] = []
    for form in forms:
        days = ["" if form.startswith("%H") else f"{at.day} " for at in times]
        told = [day + at.strftime(form.format(year=at.year)) for day, at in zip(days, times, strict=True)]
        if len(set(told)) == len(told):
            break
    return told


def _use_bands(uses: Ints) -> Ints:
    return np.select([uses >= least for least in _USE_FROM], range(len(_USE_FROM)), default=len(_USE_FROM)).astype(np.int64)
