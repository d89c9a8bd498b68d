"""The tasks of an index as a list: how much was written for each, by how many, from when to when; and their links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, unquote

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.analysis.story.outcome import Outcome, outcome_in
from core.analysis.story.steps import essence
from core.analysis.story.vocabulary import OUTCOME_FIELDS
from core.curation.tasks import TaskKey
from core.hostile import one_line

__all__ = ["TaskLine", "from_link", "rows_of", "task_list", "to_link"]


@dataclass(frozen=True)
class TaskLine:
    """One task: counts, the first and last time that is known, the outcome that a memory states, and how it began."""

    task: TaskKey
    memories: int
    agents: int
    sessions: int
    first: datetime | None
    last: datetime | None
    outcome: Outcome | None = None
    about: str = ""

    @property
    def name(self) -> str:
        """The task's id as it is written."""
        return self.task[1]

    @property
    def seconds(self) -> float:
        """How long it took, from the first memory to the last; 0 where times are unknown."""
        return (self.last - self.first).total_seconds() if self.first and self.last else 0.0


def task_list(frame: pd.DataFrame, *, extras: Mapping[str, pd.Series[Any]] | None = None) -> tuple[TaskLine, ...]:
    """Return every task of a frame, the one that was written for last first.

    `extras` are columns of OUTCOME_FIELDS, row for row: without them only tags tell an outcome.
    """
    rows = frame[frame["task_id"].notna()]
    if rows.empty:
        return ()
    outcomes = _outcomes(rows, extras or {})
    # Stable, so that those without a time keep their order behind the others.
    rows = rows.sort_values("created_at", kind="stable")
    grouped = rows.groupby(["team_id", "task_id"], observed=True, dropna=False)
    table = grouped.agg(
        memories=("key", "size"),
        agents=("agent_id", "nunique"),
        sessions=("session_id", "nunique"),
        first=("created_at", "min"),
        last=("created_at", "max"),
        text=("content", "first"),
    )
    columns = (table[name].tolist() for name in table.columns)
    lines = [
        TaskLine(
            task := (team if isinstance(team, str) else None, str(name)),
            memories,
            agents,
            sessions,
            _moment(first),
            _moment(last),
            outcomes.get(task),
            one_line(essence(text[:_READ]), _ABOUT),
        )
        for (team, name), memories, agents, sessions, first, last, text in zip(table.index.tolist(), *columns, strict=True)
    ]
    return tuple(sorted(lines, key=_newest))


def rows_of(frame: pd.DataFrame, task: TaskKey) -> npt.NDArray[np.int64]:
    """Return the positions of a task's memories in the frame; the team None is that of memories without one."""
    team, name = task
    mask = (frame["task_id"] == name).fillna(value=False)
    mask &= frame["team_id"].isna() if team is None else (frame["team_id"] == team).fillna(value=False)
    return np.flatnonzero(mask.to_numpy(dtype=bool))


def to_link(task: TaskKey) -> str:
    """Return a task as it stands in a link: "research/q3-revenue", a missing team as nothing before the "/"."""
    return f"{quote(task[0] or '', safe=_SAFE)}/{quote(task[1], safe=_SAFE)}"


def from_link(text: str) -> TaskKey | None:
    """Return the task that a link names, None where it names none."""
    team, slash, name = text.partition("/")
    return (unquote(team) or None, unquote(name)) if slash and name else None


_SAFE: Final = " :@,;"
_READ: Final = 2_000
_ABOUT: Final = 160


def _outcomes(rows: pd.DataFrame, extras: Mapping[str, pd.Series[Any]]) -> dict[TaskKey, Outcome]:
    """Return the last outcome that each task's memories state."""
    known = [name for name in OUTCOME_FIELDS if name in extras]
    telling = rows["tags"].map(len).to_numpy() > 0
    columns = {name: extras[name].loc[rows.index] for name in known}
    for column in columns.values():
        telling |= column.notna().to_numpy()
    some = rows[telling]
    said = {name: column[telling].tolist() for name, column in columns.items()}
    found: dict[TaskKey, Outcome] = {}
    places = (some[name].tolist() for name in ("team_id", "task_id", "tags", "created_at", "key"))
    for place, (team, name, tags, at, key) in enumerate(zip(*places, strict=True)):
        stated = outcome_in(tags, {n: values[place] for n, values in said.items()}, at=_moment(at), key=key)
        task = (team if isinstance(team, str) else None, str(name))
        if stated is not None and (task not in found or _later(stated, found[task])):
            found[task] = stated
    return found


def _later(one: Outcome, other: Outcome) -> bool:
    return other.at is None or (one.at is not None and one.at >= other.at)


def _newest(line: TaskLine) -> tuple[float, str, str]:
    return (-line.last.timestamp() if line.last else np.inf, line.task[0] or "", line.task[1])


def _moment(value: Any) -> datetime | None:
    return None if pd.isna(value) else pd.Timestamp(value).to_pydatetime()
