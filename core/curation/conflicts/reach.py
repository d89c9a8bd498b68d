"""Whose memories are compared with whose: of one tenant, team or task, and by which agents. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.memory import Memory

__all__ = ["Pass", "Whose", "passes", "why_compared"]

_Ints = npt.NDArray[np.int64]
_ONE = "one agent"


@dataclass(frozen=True)
class Whose:
    """Whose a memory is; None for what is not known."""

    agent: str | None = None
    team: str | None = None
    task: str | None = None

    @classmethod
    def of(cls, memory: Memory) -> Whose:
        """Return whose a memory is."""
        return cls(memory.agent_id, memory.team_id, memory.task_id)

    @property
    def is_free(self) -> bool:
        """Say whether neither team nor task is known: such a memory may be about anything in its index."""
        return self.team is None and self.task is None


def why_compared(one: Whose, other: Whose, *, tenant: bool = False, same_agent: bool = True) -> str | None:
    """Return why two memories of an index are compared, None where they are not.

    With `tenant` the index is one tenant's, and all in it is of one scope. Without `same_agent` what one agent says itself
    is not compared.
    """
    if tenant:
        where = "one tenant"
    elif one.team is not None and one.team == other.team:
        where = "one team"
    elif one.task is not None and one.task == other.task:
        where = "one task"
    elif one.is_free or other.is_free:
        where = "one index"
    else:
        return None
    if one.agent is None or other.agent is None:
        return f"{where}, of unknown agents"
    if one.agent == other.agent:
        return f"{where}, {_ONE}" if same_agent else None
    return f"{where}, two agents"


@dataclass(frozen=True, eq=False)
class Pass:
    """Rows of a frame that are all compared with each other; with `free`, (n,) bool, only pairs that have one of those."""

    rows: _Ints
    free: npt.NDArray[np.bool_] | None = None


def passes(frame: pd.DataFrame, rows: _Ints, *, tenant: bool) -> Iterator[Pass]:
    """Yield what is compared of some rows of a snapshot frame, as `why_compared` has it; a pair may be in two of them."""
    team, task = (frame[name].cat.codes.to_numpy()[rows].astype(np.int64) for name in ("team_id", "task_id"))
    free = (team < 0) & (task < 0)
    if tenant or free.all():
        yield Pass(rows)
        return
    for own in _classes(team):
        yield Pass(rows[own])
    for own in _classes(task):
        if team[own[0]] < 0 or (team[own] != team[own[0]]).any():  # else they are of one team, and were compared
            yield Pass(rows[own])
    if free.any():
        yield Pass(rows, free)


def _classes(codes: _Ints) -> Iterator[_Ints]:
    """Yield the places of each code that is known and that several have."""
    order = np.argsort(codes, kind="stable")
    for own in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
        if len(own) > 1 and codes[own[0]] >= 0:
            yield own
