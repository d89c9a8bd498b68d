"""Statistics over a snapshot frame, all pure: totals, growth, counts, what expires, confidence, size against the limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.vectors.limits import (
    FILTERABLE_BYTES_MAX,
    INDEXES_PER_BUCKET,
    KEY_BYTES_MAX,
    METADATA_BYTES_MAX,
    VECTORS_PER_INDEX,
)

__all__ = [
    "Counts",
    "LimitUse",
    "Totals",
    "confidence_histogram",
    "counts",
    "expiring",
    "growth",
    "limits_use",
    "stored_bytes",
    "totals",
]

_WEEK: Final = timedelta(days=7)
_LOW: Final = 0.5
# Unit → its usual length; the first one with few enough buckets is taken.
_UNITS: Final = {"hour": 3_600, "day": 86_400, "week": 7 * 86_400, "month": 30 * 86_400, "year": 365 * 86_400}


@dataclass(frozen=True)
class Totals:
    """The figures of a frame; `expiring_soon`, `low_confidence` and the like count memories."""

    memories: int
    agents: int
    teams: int
    tasks: int
    oldest: datetime | None
    newest: datetime | None
    expired: int
    expiring_soon: int
    low_confidence: int
    no_confidence: int
    no_time: int
    content_bytes: int


@dataclass(frozen=True)
class Counts:
    """How often each value of a field occurs, the most frequent first, then by name.

    `other` rows have one of `other_values` values beyond the top; `unknown` rows lack the field. In a list field a row
    counts once for each of its values.
    """

    field: str
    values: tuple[tuple[str, int], ...]
    other: int
    other_values: int
    unknown: int


@dataclass(frozen=True)
class LimitUse:
    """How much of one of the service's limits is used, and by which record where it is a record's."""

    name: str
    label: str
    used: float
    limit: float
    unit: str
    key: str | None = None


def totals(frame: pd.DataFrame, *, now: datetime, soon: timedelta = _WEEK, low: float = _LOW) -> Totals:
    """Return the figures of a frame; `soon` is how far ahead an expiry counts, below `low` a confidence is low."""
    created, expires, confidence = frame["created_at"], frame["expires_at"], frame["confidence"]
    expired = expires <= now
    return Totals(
        memories=len(frame),
        agents=int(frame["agent_id"].nunique()),
        teams=int(frame["team_id"].nunique()),
        tasks=int(frame["task_id"].nunique()),
        oldest=_moment(created.min()),
        newest=_moment(created.max()),
        expired=int(expired.sum()),
        expiring_soon=int((~expired & (expires <= now + soon)).sum()),
        low_confidence=int((confidence < low).sum()),
        no_confidence=int(confidence.isna().sum()),
        no_time=int(created.isna().sum()),
        content_bytes=int(frame["content_bytes"].sum()),
    )


def counts(frame: pd.DataFrame, field: str, *, top: int | None = None) -> Counts:
    """Return how often each value of a column occurs, the first `top` of them by name (all without one)."""
    column = frame[field]
    if field in ("tags", "derived_from"):
        column = column.explode()
    unknown = int(column.isna().sum())
    tally = column.value_counts(sort=False)
    ordered = sorted(
        ((str(value), int(count)) for value, count in tally.items() if count), key=lambda pair: (-pair[1], pair[0])
    )
    kept = ordered if top is None else ordered[:top]
    rest = ordered[len(kept) :]
    return Counts(field, tuple(kept), sum(count for _, count in rest), len(rest), unknown)


def growth(frame: pd.DataFrame, *, by: str = "memory_type", max_buckets: int = 90) -> pd.DataFrame:
    """Return start (UTC), value (NA where unknown) and count; `attrs["unit"]` is hour, day, week, month or year.

    The unit is the smallest that needs at most `max_buckets` from first to last; rows without a time are left out.
    """
    created = frame["created_at"]
    known = created.notna()
    times = created[known]
    unit = _unit(times, max_buckets)
    grown = pd.DataFrame({"start": _start(times, unit), "value": frame.loc[known, by].astype("str")})
    tally = grown.groupby(["start", "value"], dropna=False, sort=True).size()
    result = tally.rename("count").reset_index()
    result.attrs["unit"] = unit
    return result


def expiring(frame: pd.DataFrame, *, now: datetime, days: int = 30) -> pd.DataFrame:
    """Return day (UTC midnight) and count of the memories that expire from now on, each of `days` days from today."""
    today = pd.Timestamp(now).tz_convert("UTC").normalize()
    wanted = pd.date_range(today, periods=days, freq="D", unit="us")
    expires = frame["expires_at"]
    ahead = expires[(expires > now) & (expires < today + pd.Timedelta(days=days))].dt.normalize()
    tally = ahead.value_counts().reindex(wanted, fill_value=0)
    return pd.DataFrame({"day": wanted, "count": tally.to_numpy(dtype=np.int64)})


def confidence_histogram(frame: pd.DataFrame, *, bins: int = 20) -> pd.DataFrame:
    """Return low, high and count of each of `bins` equal bins from 0 to 1; unstated confidences are left out."""
    stated = frame["confidence"].dropna().to_numpy(dtype=float)
    tally, edges = np.histogram(stated, bins=bins, range=(0.0, 1.0))
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "count": tally})


def limits_use(frame: pd.DataFrame, *, indexes: int) -> tuple[LimitUse, ...]:
    """Return how much of each limit of S3 Vectors is used: by the index, by its largest records, by the bucket."""
    key_bytes = pd.Series(pc.binary_length(pa.array(frame["key"], type=pa.string())).to_numpy())
    return (
        LimitUse("vectors", "Memories in the index", len(frame), VECTORS_PER_INDEX, "memories"),
        _largest(frame, frame["metadata_bytes"], "metadata", "Largest metadata of a memory", METADATA_BYTES_MAX),
        _largest(frame, frame["filterable_bytes"], "filterable", "Largest filterable metadata", FILTERABLE_BYTES_MAX),
        _largest(frame, key_bytes, "key", "Longest key", KEY_BYTES_MAX),
        LimitUse("indexes", "Indexes in the bucket", indexes, INDEXES_PER_BUCKET, "indexes"),
    )


def stored_bytes(frame: pd.DataFrame, *, dimension: int) -> int:
    """Return what the service stores and charges for: keys, metadata and vectors, 4 bytes a dimension."""
    keys = pc.sum(pc.binary_length(pa.array(frame["key"], type=pa.string()))).as_py() or 0
    return int(keys) + int(frame["metadata_bytes"].sum()) + 4 * dimension * len(frame)


def _largest(frame: pd.DataFrame, sizes: pd.Series[Any], name: str, label: str, limit: int) -> LimitUse:
    if frame.empty:
        return LimitUse(name, label, 0, limit, "bytes")
    row = int(np.argmax(sizes.to_numpy(dtype=np.int64)))
    return LimitUse(name, label, int(sizes.iloc[row]), limit, "bytes", str(frame["key"].iloc[row]))


def _moment(value: Any) -> datetime | None:
    return None if pd.isna(value) else value.to_pydatetime()


def _unit(times: pd.Series[Any], most: int) -> str:
    if times.empty:
        return "day"
    seconds = (times.max() - times.min()).total_seconds()
    fitting = (unit for unit, length in _UNITS.items() if seconds / length + 1 <= most)
    return next(fitting, "year")


def _start(times: pd.Series[Any], unit: str) -> pd.Series[Any]:
    """Return the beginning of each time's bucket: weeks begin on Monday."""
    plain = times.dt.tz_localize(None)
    if unit == "hour":
        starts = plain.dt.floor("h")
    elif unit == "month":
        starts = plain.to_numpy().astype("datetime64[M]")
    elif unit == "year":
        starts = plain.to_numpy().astype("datetime64[Y]")
    else:
        starts = plain.dt.normalize()
        if unit == "week":
            starts = starts - pd.to_timedelta(starts.dt.day_of_week, unit="D")
    return pd.Series(np.asarray(starts, dtype="datetime64[us]"), index=times.index).dt.tz_localize("UTC")
