"""When a task is finished: one of its memories says so, or nothing was written for it in a long time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import pandas as pd

from core.hostile import one_line
from core.memory import Memory

__all__ = ["IDLE_DAYS", "Finished", "TaskBook", "TaskKey", "finished_tasks", "outcome_of", "task_of"]

# A team (None: no team stated) and the task's id in it: two teams may both have a task "1".
TaskKey = tuple[str | None, str]

IDLE_DAYS: Final = 14.0
_NAME_CHARS: Final = 60
_OVER: Final = frozenset(
    "abandoned aborted cancelled canceled closed complete completed done ended fail failed failure finished "
    "resolved solved succeeded success successful".split()
)
# A word alone, as the tag "done", may be said of anything: it takes one of these before it, or a field of such a name.
_FIELDS: Final = ("task_status", "task_outcome", "task_state", "outcome")
_TAG_NAMES: Final = frozenset({"task", "task_status", "task_outcome", "outcome", "status"})
# What is written after the end, and soon, belongs to it: a report, a reflection. What comes later has reopened the task.
_AFTERWORD: Final = timedelta(days=1)


@dataclass(frozen=True)
class Finished:
    """A task that is finished: since when, and how that is known, as in "nothing was written for task q3" since then."""

    task: TaskKey
    at: datetime
    why: str


@dataclass
class _Activity:
    last: datetime | None = None
    outcome: str | None = None
    outcome_at: datetime | None = None


@dataclass
class TaskBook:
    """What is known of every task, from memories in any order; it is as large as there are tasks."""

    tasks: dict[TaskKey, _Activity] = field(default_factory=dict)

    def add(self, memory: Memory) -> None:
        """Take one memory into account."""
        task = task_of(memory)
        if task is not None:
            self.note(task, memory.created_at, outcome_of(memory.tags, memory.extra))

    def note(self, task: TaskKey, at: datetime | None, outcome: str | None) -> None:
        """Take into account that something was written for a task then, with the outcome that it states."""
        known = self.tasks.setdefault(task, _Activity())
        if at is not None and (known.last is None or at > known.last):
            known.last = at
        newer = known.outcome_at is None or (at is not None and at >= known.outcome_at)
        if outcome is not None and newer:
            known.outcome, known.outcome_at = outcome, at or known.outcome_at

    def finished(self, *, now: datetime, idle_days: float | None = IDLE_DAYS) -> dict[TaskKey, Finished]:
        """Return the tasks that are finished; without `idle_days` only those that say so."""
        found = (_finished(task, known, now, idle_days) for task, known in self.tasks.items())
        return {one.task: one for one in found if one is not None}


def task_of(memory: Memory) -> TaskKey | None:
    """Return the task that a memory belongs to."""
    return None if memory.task_id is None else (memory.team_id, memory.task_id)


def outcome_of(tags: tuple[str, ...] | list[str], extra: Mapping[str, Any]) -> str | None:
    """Return the words that say that a task is over, as in the tag "outcome:success" or the field task_status "done"."""
    for name in _FIELDS:
        said = extra.get(name)
        if isinstance(said, str) and said.strip().lower() in _OVER:
            return f"{name} {said.strip().lower()!r}"
    for tag in tags:
        name, _, word = tag.replace("=", ":").replace("-", "_").lower().partition(":")
        if not word and name.startswith("task_"):
            name, word = "task", name.removeprefix("task_")
        if name in _TAG_NAMES and word.strip() in _OVER:
            return f"tag {one_line(tag, _NAME_CHARS)!r}"
    return None


def finished_tasks(
    frame: pd.DataFrame,
    *,
    now: datetime,
    idle_days: float | None = IDLE_DAYS,
    extras: Mapping[str, pd.Series[Any]] | None = None,
) -> dict[TaskKey, Finished]:
    """Return the finished tasks of a snapshot frame; `extras` are columns of fields that the frame has not, row for row."""
    book = TaskBook()
    rows = frame[frame["task_id"].notna()]
    if rows.empty:
        return {}
    last = rows.groupby(["team_id", "task_id"], observed=True, dropna=False)["created_at"].max()
    for (team, name), at in zip(last.index.tolist(), last.tolist(), strict=True):
        book.note((_text(team), str(name)), _moment(at), None)
    said = [extras[name].loc[rows.index].tolist() for name in _FIELDS if extras and name in extras]
    names = [name for name in _FIELDS if extras and name in extras]
    known: dict[tuple[str, ...], str | None] = {}
    columns = (rows[name].tolist() for name in ("team_id", "task_id", "created_at", "tags"))
    for place, (team, name, at, tags) in enumerate(zip(*columns, strict=True)):
        own = tuple(tags)
        if own not in known:
            known[own] = outcome_of(own, {})
        stated = outcome_of((), {n: c[place] for n, c in zip(names, said, strict=True)}) if said else None
        outcome = stated or known[own]
        if outcome is not None:
            book.note((_text(team), str(name)), _moment(at), outcome)
    return book.finished(now=now, idle_days=idle_days)


def _finished(task: TaskKey, known: _Activity, now: datetime, idle_days: float | None) -> Finished | None:
    last, said_at = known.last, known.outcome_at or known.last
    name = one_line(task[1], _NAME_CHARS)
    if known.outcome is not None and last is not None and said_at is not None and last - said_at <= _AFTERWORD:
        return Finished(task, last, f"task {name} is finished by its {known.outcome}")
    if idle_days is not None and last is not None and now - last >= timedelta(days=idle_days):
        return Finished(task, last, f"nothing was written for task {name}")
    return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _moment(value: Any) -> datetime | None:
    return None if pd.isna(value) else pd.Timestamp(value).to_pydatetime()
