"""The tasks of the open index and the story of one, read once for a revision and kept for the next run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from core.analysis.columns import extra_columns
from core.analysis.story import FIELDS, OUTCOME_FIELDS, Story, TaskLine, rows_of, story, task_list
from core.curation.tasks import TaskKey
from core.errors import MnemoscopeError
from pages.shared.here import Here
from pages.shared.timeline.source import BY_IDENTITY, Source, identity

__all__ = ["Told", "task_lines", "told"]


@dataclass(frozen=True, eq=False)
class Told:
    """A story with its memories as a frame of their own: row for row as `Step.row` counts.

    `without_vectors` is why likeness was found by words alone, "" where it was not.
    """

    story: Story
    frame: pd.DataFrame
    to_agent: pd.Series[Any] | None
    without_vectors: str = ""


def task_lines(here: Here) -> tuple[TaskLine, ...]:
    """Return the tasks of the open index, the one that was written for last first."""
    return _lines(_source(here))


def told(here: Here, task: TaskKey) -> Told:
    """Return the story of a task; a task that the index has not has no steps."""
    return _told(_source(here), task)


def _source(here: Here) -> Source:
    return Source(identity(here), here, here.scope, here.now)


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=BY_IDENTITY)
def _lines(source: Source) -> tuple[TaskLine, ...]:
    frame, snapshot = source.here.frame, source.here.snapshot
    assert frame is not None
    assert snapshot is not None
    return task_list(frame, extras=extra_columns(snapshot.table, OUTCOME_FIELDS))


@st.cache_resource(max_entries=8, show_spinner="Reading the story", hash_funcs=BY_IDENTITY)
def _told(source: Source, task: TaskKey) -> Told:
    here = source.here
    assert here.frame is not None
    assert here.snapshot is not None
    rows = rows_of(here.frame, task)
    frame = here.frame.iloc[rows].reset_index(drop=True)
    for name in frame.select_dtypes("category"):
        frame[name] = frame[name].cat.remove_unused_categories()
    names = [name for name in FIELDS if name in here.snapshot.table.column_names]
    extras = extra_columns(here.snapshot.table.select(names).take(rows), names)
    problems: list[str] = []

    def vectors(keys: Sequence[str]) -> Mapping[str, npt.NDArray[np.float32]]:
        assert here.store is not None
        try:
            return here.store.vectors(keys, actor=here.actor)
        except MnemoscopeError as error:
            problems.append(str(error))
            return {}

    read = story(frame, task, extras=extras, vectors=vectors)
    return Told(read, frame, extras.get("to_agent"), "".join(problems))
