"""Handoffs: where the work on a task goes from one agent to another, stated by the first or seen in the order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.analysis.timeline.event import Axis, Events, Ints, Rows, coded

__all__ = ["Handoffs", "handoffs"]

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Handoffs:
    """Handoffs between events, in order: `source` and `target` int32 (h,) are places among the events.

    `stated` (h,) says that the first names the agent of the second; the others are seen: the author changes from one event
    to the next on the same task and session. `unanswered` are the places of events that name an agent who does nothing after
    them on the task.
    """

    source: Rows
    target: Rows
    stated: Flags
    unanswered: Rows

    def __len__(self) -> int:
        return len(self.source)


def handoffs(frame: pd.DataFrame, events: Events, *, to_agent: Sequence[Any] | pd.Series[Any] | None = None) -> Handoffs:
    """Return the handoffs on tasks; `to_agent` (frame rows) holds a name, a list of names or nothing.

    A task is a task of its team; memories without a task or an agent hand nothing over. Along expiries there is no order of
    work, so there are none.
    """
    none = np.zeros(0, dtype=np.int32)
    if events.axis is Axis.EXPIRES or not len(events):
        return Handoffs(none, none, np.zeros(0, dtype=bool), none)
    task, session, agent = _codes(frame, events)
    told, target, unanswered = _stated(frame, events, task, agent, to_agent)
    source, next_one = _seen(task, session, agent)
    source, next_one = np.concatenate([told, source]), np.concatenate([target, next_one])
    stated = np.arange(len(source)) < len(told)
    _, first = np.unique(source * len(events) + next_one, return_index=True)  # what was stated comes first, and stays
    return Handoffs(
        source[first].astype(np.int32), next_one[first].astype(np.int32), stated[first], unanswered.astype(np.int32)
    )


def _codes(frame: pd.DataFrame, events: Events) -> tuple[Ints, Ints, Ints]:
    """Return a number for the (team, task), the session and the agent of each event; -1 is none."""
    team, task, session, agent = (
        coded(frame, name)[0][events.rows] for name in ("team_id", "task_id", "session_id", "agent_id")
    )
    of_team = np.where(task >= 0, (team + 1) * (task.max(initial=0) + 1) + task, -1)
    return pd.factorize(of_team)[0] * (task >= 0) - (task < 0), session, agent


def _seen(task: Ints, session: Ints, agent: Ints) -> tuple[Ints, Ints]:
    places = np.flatnonzero((task >= 0) & (agent >= 0))
    run = task[places] * (session.max(initial=0) + 2) + session[places] + 1
    places = places[np.argsort(run, kind="stable")]
    run = np.sort(run, kind="stable")
    changed = (run[1:] == run[:-1]) & (agent[places[1:]] != agent[places[:-1]])
    return places[:-1][changed], places[1:][changed]


def _stated(
    frame: pd.DataFrame, events: Events, task: Ints, agent: Ints, to_agent: Sequence[Any] | pd.Series[Any] | None
) -> tuple[Ints, Ints, Ints]:
    """Return for each name stated the place of the event that states it and of the next event of that agent on the task."""
    none = np.zeros(0, dtype=np.int64)
    if to_agent is None:
        return none, none, none
    known = {name: code for code, name in enumerate(coded(frame, "agent_id")[1])}
    said = pd.Series(to_agent, dtype=object)
    told: list[int] = []
    named: list[int] = []
    for place in np.flatnonzero(said.notna().to_numpy(dtype=bool)[events.rows] & (task >= 0)).tolist():
        for name in _names(said.iloc[events.rows[place]]):
            told.append(place)
            named.append(known.get(name, -2))
    source, names = np.array(told, dtype=np.int64), np.array(named, dtype=np.int64)
    if not len(source):
        return none, none, none
    size, agents = len(events), len(known) + 3
    of_all = (task * agents + agent + 2) * size + np.arange(size)
    ordered = np.sort(of_all[task >= 0])
    own = task[source] * agents + names + 2
    found = np.minimum(np.searchsorted(ordered, own * size + source, side="right"), len(ordered) - 1)
    answer = ordered[found]
    answered = (answer // size == own) & (answer % size > source)
    return source[answered], (answer % size)[answered], np.setdiff1d(source[~answered], source[answered])


def _names(value: Any) -> list[str]:
    """Return the agents that a value of to_agent names."""
    said = value if isinstance(value, list) else [value]
    return [name.strip() for name in said if isinstance(name, str) and name.strip()]
