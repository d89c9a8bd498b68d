"""What the rules touch in a snapshot frame, for every row at once: the same as the policies say of one memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from core.analysis.columns import extra_columns
from core.curation.decay import STATED_KEY, VALIDATED_KEY, WRITTEN_KEY, DecayRules
from core.curation.expiry import STATED, ExpiryRule, ExpiryRules, of_type
from core.curation.tasks import Finished, TaskKey, finished_tasks
from core.memory.fields import read_time

__all__ = ["NO_USAGE", "Used", "days_idle", "effective_values", "expiry_due", "fallen", "tasks_of"]

_SAME: Final = 1e-6
_SLACK: Final = 1e-9
_TASK_FIELDS: Final = ("task_status", "task_outcome", "task_state", "outcome")


class Used(Protocol):
    """How the recall log saw one memory used."""

    @property
    def last_at(self) -> datetime | None: ...


NO_USAGE: Final[Mapping[str, Used]] = {}


def tasks_of(
    frame: pd.DataFrame, rules: ExpiryRules, *, now: datetime, table: pa.Table | None = None
) -> dict[TaskKey, Finished]:
    """Return the finished tasks of a frame, nothing where no rule asks for them; its table tells their outcomes too."""
    if not rules.needs_tasks:
        return {}
    return finished_tasks(frame, now=now, idle_days=rules.idle_days, extras=extra_columns(table, _TASK_FIELDS))


def expiry_due(
    frame: pd.DataFrame, rules: ExpiryRules, *, finished: Mapping[TaskKey, Finished]
) -> dict[str, pd.Series[Any]]:
    """Return by rule when each row is due, NaT for never: what is stated under "expires_at", then the rules by name."""
    due: dict[str, pd.Series[Any]] = {}
    if rules.stated:
        due[STATED] = frame["expires_at"] + pd.Timedelta(days=rules.grace_days)
    spared = _of_type(frame, rules.never)
    for rule in rules.rules:
        since = _ends(frame, finished) if rule.finished_tasks else frame["created_at"]
        due[rule.name] = (since + pd.Timedelta(days=rule.after_days)).where(_fits(frame, rule) & ~spared)
    return due


def days_idle(
    frame: pd.DataFrame, *, now: datetime, usage: Mapping[str, Used] = NO_USAGE, table: pa.Table | None = None
) -> pd.Series[float]:
    """Return the days since each memory was made, recalled or validated; NaN where nobody knows, 0 for the future."""
    touches = [frame["created_at"], frame["last_recalled_at"]]
    if usage:
        last = {key: used.last_at for key, used in usage.items() if used.last_at is not None}
        touches.append(_moments(frame["key"].map(last)))
    validated = extra_columns(table, (VALIDATED_KEY,)).get(VALIDATED_KEY)
    if validated is not None:
        touches.append(_moments(validated.map(_read)))
    touched = pd.concat(touches, axis=1, ignore_index=True).max(axis=1)
    days: pd.Series[float] = ((pd.Timestamp(now) - touched).dt.total_seconds() / 86_400).clip(lower=0.0)
    return days


def effective_values(
    frame: pd.DataFrame,
    rules: DecayRules,
    *,
    now: datetime,
    usage: Mapping[str, Used] = NO_USAGE,
    table: pa.Table | None = None,
) -> pd.Series[float]:
    """Return the effective confidence of each row, NaN where none is stated.

    Without the snapshot's table nothing is known of validations and write-backs: the values are then too low, if at all.
    """
    stated = _stated(frame, table)
    days = days_idle(frame, now=now, usage=usage, table=table)
    types = frame["memory_type"].astype(object)
    half_of = {name: rules.half_life(name) for name in types.dropna().unique()}
    known = {name: np.inf if days is None else days for name, days in half_of.items()}
    other = np.inf if rules.other_half_life is None else rules.other_half_life
    half_lives = types.map(known).astype(float).fillna(other)
    left = np.exp2(-days.fillna(0.0).to_numpy() / half_lives.to_numpy())
    said = stated.to_numpy()
    decayed = rules.floor + (said - rules.floor) * left
    return pd.Series(np.where(said > rules.floor, decayed, said), index=frame.index)


def fallen(
    frame: pd.DataFrame, values: pd.Series[float], rules: DecayRules, *, table: pa.Table | None = None
) -> pd.Series[bool]:
    """Return which rows decay lets go, by their effective values (see DecayRules.lets_go)."""
    stated = _stated(frame, table)
    # After a half-life a half of what is above the floor is left.
    halved = values - rules.floor <= (stated - rules.floor) / 2 + _SLACK
    low = values.notna() & (values < rules.threshold) & (values < stated)
    return low & ((stated >= rules.threshold) | halved)


def _of_type(frame: pd.DataFrame, types: tuple[str, ...]) -> pd.Series[bool]:
    there = [name for name in frame["memory_type"].dropna().unique() if of_type(name, types)]
    return frame["memory_type"].isin(there)


def _fits(frame: pd.DataFrame, rule: ExpiryRule) -> pd.Series[bool]:
    fits = pd.Series(True, index=frame.index)
    if rule.types:
        fits &= _of_type(frame, rule.types)
    if rule.agents:
        fits &= frame["agent_id"].isin(rule.agents)
    if rule.tags:
        wanted = set(rule.tags)
        fits &= frame["tags"].map(lambda tags: not wanted.isdisjoint(tags)).astype(bool)
    return fits


def _ends(frame: pd.DataFrame, finished: Mapping[TaskKey, Finished]) -> pd.Series[Any]:
    """Return when the task of each row ended, NaT while it runs or where there is none."""
    ends = pd.Series(pd.NaT, index=frame.index, dtype="datetime64[us, UTC]")
    rows = frame[frame["task_id"].notna()]
    if finished and not rows.empty:
        groups = rows.groupby(["team_id", "task_id"], observed=True, dropna=False, sort=False).groups
        named: Any = groups.items()
        for (team, task), places in named:
            ended = finished.get((team if isinstance(team, str) else None, str(task)))
            if ended is not None:
                ends.loc[places] = pd.Timestamp(ended.at)
    return ends


def _stated(frame: pd.DataFrame, table: pa.Table | None) -> pd.Series[float]:
    confidence = frame["confidence"]
    extras = extra_columns(table, (STATED_KEY, WRITTEN_KEY))
    if len(extras) < 2:
        return confidence
    stated, written = (extras[name].map(_number).astype(float) for name in (STATED_KEY, WRITTEN_KEY))
    holds = ((confidence - written).abs() <= _SAME) & (stated >= 0) & (stated <= 1)
    return confidence.where(~holds, stated)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else np.nan


def _moments(values: pd.Series[Any]) -> pd.Series[Any]:
    return pd.to_datetime(values, utc=True).astype("datetime64[us, UTC]")


def _read(value: Any) -> datetime | None:
    try:
        return read_time(value) if isinstance(value, str) else None
    except ValueError:
        return None
