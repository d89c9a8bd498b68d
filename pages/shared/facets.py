"""Counts beside each value of the scope, each facet counted under all the other filters. Frames in, plain data out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import pandas as pd

from core.analysis.stats import counts
from core.scope import UNKNOWN, Scope

__all__ = ["FACETS", "Facet", "count_within", "facet_counts", "within"]


@dataclass(frozen=True)
class Facet:
    """One filter of the rail: its place in the view, in the scope and in the frame."""

    param: str
    label: str
    attribute: str
    column: str
    many: str


FACETS: Final = (
    Facet("type", "Type", "types", "memory_type", "types"),
    Facet("team", "Team", "teams", "team_id", "teams"),
    Facet("agent", "Agent", "agents", "agent_id", "agents"),
    Facet("task", "Task", "tasks", "task_id", "tasks"),
)


def within(frame: pd.DataFrame, scope: Scope, *, now: datetime) -> pd.DataFrame:
    """Return the rows in the scope."""
    return frame[scope.mask(frame, now=now)]


def count_within(frame: pd.DataFrame, scope: Scope, *, now: datetime) -> int:
    """Return how many rows are in the scope."""
    return int(scope.mask(frame, now=now).sum())


def facet_counts(frame: pd.DataFrame, scope: Scope, *, now: datetime) -> Mapping[str, list[tuple[str, int]]]:
    """Return, for each facet, its values with their counts, the most frequent first; missing counts as "unknown"."""
    everything = scope.mask(frame, now=now)
    found: dict[str, list[tuple[str, int]]] = {}
    for facet in FACETS:
        chosen = getattr(scope, facet.attribute)
        mask = replace(scope, **{facet.attribute: ()}).mask(frame, now=now) if chosen else everything
        counted = counts(frame[[facet.column]][mask], facet.column)
        values = list(counted.values)
        if counted.unknown:
            literal = dict(values).get(UNKNOWN, 0)
            values = [pair for pair in values if pair[0] != UNKNOWN] + [(UNKNOWN, counted.unknown + literal)]
        known = {value for value, _ in values}
        found[facet.param] = values + [(value, 0) for value in chosen if value not in known]
    return found
