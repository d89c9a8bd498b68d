"""Growth: how many memories each cluster got over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.analysis.clusters.density import NOISE, Codes
from core.errors import ConfigError

__all__ = ["Growth", "growth"]


@dataclass(frozen=True, eq=False)
class Growth:
    """`counts` int32 (count, bins): memories of a cluster by bin; `edges`: the bins + 1 times around them, UTC."""

    edges: pd.DatetimeIndex
    counts: npt.NDArray[np.int32]


def growth(codes: Codes, created_at: pd.Series[Any], bins: int = 24) -> Growth:
    """Return what each cluster got in `bins` stretches of equal length; memories without a time, and noise, are left out.

    A bin holds its first edge and not its second, the last one both. No edges and no bins where no memory has a time; one
    bin where all have the same. Raises ConfigError for less than one bin.
    """
    if bins < 1:
        raise ConfigError(f"Growth is told in one bin or more, not {bins}: choose a larger number.")
    count = int(codes.max(initial=NOISE)) + 1
    times = pd.DatetimeIndex(pd.to_datetime(created_at, utc=True)).as_unit("us")
    known = np.asarray(times.notna())
    if not known.any():
        return Growth(pd.DatetimeIndex([], dtype="datetime64[us, UTC]"), np.zeros((count, 0), np.int32))
    moments = times.asi8[known]
    start, end = int(moments.min()), int(moments.max())
    bins = max(1, min(bins, end - start))
    # Whole microseconds, in Python's integers: the product does not fit 64 bits.
    edges = np.array([start + (end - start) * number // bins for number in range(bins + 1)], np.int64)
    places = np.clip(np.searchsorted(edges, moments, side="right") - 1, 0, bins - 1)
    kept = codes[known] >= 0
    flat = codes[known][kept].astype(np.int64) * bins + places[kept]
    counts = np.bincount(flat, minlength=count * bins).reshape(count, bins).astype(np.int32)
    return Growth(pd.DatetimeIndex(edges.view("datetime64[us]")).tz_localize("UTC"), counts)
