"""One agent's life: its memories in order, its sessions, its confidence. Pure, over the frame of an index."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["SILENCE", "AgentSession", "Life", "agents_of", "confidence_over_time", "life_of", "sessions_of"]

# Without a session's id, a silence that long ends one: the usual rule of web analytics.
SILENCE: Final = timedelta(minutes=30)
_SECONDS: Final = {"minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800, "month": 2_592_000}
_BUCKETS: Final = 60


@dataclass(frozen=True)
class Life:
    """What one agent wrote: how much, on how many tasks, from when to when; `stated` memories say how sure they are."""

    agent: str
    memories: int
    tasks: int
    teams: tuple[str, ...]
    sessions: int
    first: datetime | None
    last: datetime | None
    no_time: int
    stated: int
    median_confidence: float | None
    expired: int
    hidden: int


@dataclass(frozen=True)
class AgentSession:
    """A stretch of an agent's work; its `id` is None where silences tell it, `tasks` are the most frequent first."""

    id: str | None
    start: datetime
    end: datetime
    memories: int
    tasks: tuple[str, ...]
    types: tuple[tuple[str, int], ...]

    @property
    def length(self) -> timedelta:
        """From its first memory to its last."""
        return self.end - self.start


def agents_of(frame: pd.DataFrame) -> list[tuple[str, int]]:
    """Return every agent with the number of its memories, the most active first, then by name."""
    tally = frame["agent_id"].value_counts(sort=False)
    return sorted(((str(name), int(count)) for name, count in tally.items() if count), key=lambda each: (-each[1], each[0]))


def life_of(frame: pd.DataFrame, agent: str, *, now: datetime) -> tuple[Life, pd.DataFrame]:
    """Return an agent's figures and its rows, in the order of time; those without a time come last."""
    rows = frame[frame["agent_id"] == agent].sort_values(["created_at", "key"], na_position="last", kind="stable")
    created, confidence = rows["created_at"], rows["confidence"].dropna()
    return (
        Life(
            agent=agent,
            memories=len(rows),
            tasks=int(rows["task_id"].nunique()),
            teams=tuple(sorted(str(team) for team in rows["team_id"].dropna().unique())),
            sessions=len(np.unique(_labels(rows[created.notna()])[0])),
            first=_moment(created.min()),
            last=_moment(created.max()),
            no_time=int(created.isna().sum()),
            stated=len(confidence),
            median_confidence=float(confidence.median()) if len(confidence) else None,
            expired=int((rows["expires_at"] <= now).sum()),
            hidden=int(rows["status"].notna().sum()),
        ),
        rows,
    )


def sessions_of(rows: pd.DataFrame) -> tuple[AgentSession, ...]:
    """Return the sessions of an agent's rows, the latest first: by their id, else by silences longer than SILENCE.

    Rows without a time are in none.
    """
    timed = rows[rows["created_at"].notna()].sort_values(["created_at", "key"], kind="stable")
    label, names = _labels(timed)
    spans = timed["created_at"].groupby(label).agg(["min", "max", "size"])
    tasks, types = _tallies(timed["task_id"], label), _tallies(timed["memory_type"], label)
    found = [
        AgentSession(
            id=names.get(number),
            start=start.to_pydatetime(),
            end=end.to_pydatetime(),
            memories=int(count),
            tasks=tuple(name for name, _ in tasks.get(number, ())),
            types=tuple(types.get(number, ())),
        )
        for number, start, end, count in spans.itertuples()
    ]
    return tuple(sorted(found, key=lambda each: (each.start, each.end, each.id or ""), reverse=True))


def _labels(timed: pd.DataFrame) -> tuple[npt.NDArray[np.int64], dict[int, str]]:
    """Return the number of each row's session, and the names of those that have one."""
    codes, ids = pd.factorize(timed["session_id"].astype("object"))
    label = codes.astype(np.int64)
    rest = label < 0
    silent = timed.loc[rest, "created_at"].diff() > SILENCE
    label[rest] = len(ids) + silent.cumsum().to_numpy(dtype=np.int64)
    return label, dict(enumerate(map(str, ids)))


def _tallies(column: pd.Series[Any], label: npt.NDArray[np.int64]) -> dict[int, list[tuple[str, int]]]:
    """Return the values of each session with their counts, the most frequent first."""
    stated = column.notna().to_numpy()
    codes, values = pd.factorize(column[stated].astype("object"))
    counted = Counter(zip(label[stated].tolist(), codes.tolist(), strict=True))
    found: dict[int, list[tuple[str, int]]] = {}
    for (number, code), count in counted.items():
        found.setdefault(number, []).append((str(values[code]), count))
    return {number: sorted(pairs, key=lambda each: (-each[1], each[0])) for number, pairs in found.items()}


def confidence_over_time(rows: pd.DataFrame) -> pd.DataFrame:
    """Return start, low, median, high (the quartiles), stated and memories for each bucket of time with stated confidences.

    `attrs["unit"]` is minute, hour, day, week or month: the smallest that needs at most 60 buckets.
    """
    timed = rows[rows["created_at"].notna()]
    span = (timed["created_at"].max() - timed["created_at"].min()).total_seconds() if len(timed) else 0.0
    unit = next((name for name, seconds in _SECONDS.items() if span / seconds + 1 <= _BUCKETS), "month")
    starts = _starts(timed["created_at"], unit)
    grouped = timed["confidence"].groupby(starts.to_numpy())
    low, median, high = (grouped.quantile(share) for share in (0.25, 0.5, 0.75))
    table = pd.DataFrame(
        {
            "start": pd.DatetimeIndex(median.index, tz="UTC") if len(median) else pd.DatetimeIndex([], tz="UTC"),
            "low": low.to_numpy(dtype=float),
            "median": median.to_numpy(dtype=float),
            "high": high.to_numpy(dtype=float),
            "stated": grouped.count().to_numpy(dtype=np.int64),
            "memories": grouped.size().to_numpy(dtype=np.int64),
        }
    )
    found = table[table["stated"] > 0].reset_index(drop=True)
    found.attrs["unit"] = unit
    return found


def _starts(times: pd.Series[Any], unit: str) -> pd.Series[Any]:
    """Return the beginning of each time's bucket; weeks and months are counted from the epoch's first Monday."""
    micros = times.dt.tz_localize(None).to_numpy().astype("datetime64[us]").astype(np.int64)
    step = _SECONDS[unit] * 1_000_000
    offset = 4 * 86_400 * 1_000_000 if unit == "week" else 0  # 5 January 1970 was a Monday
    floored = (micros - offset) // step * step + offset
    return pd.Series(floored.astype("datetime64[us]"))


def _moment(value: Any) -> datetime | None:
    return None if pd.isna(value) else value.to_pydatetime()
