"""One task as a story: the list of tasks, or the one that is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import pandas as pd
import streamlit as st

from core.analysis.story import TaskLine, from_link
from core.curation.tasks import TaskKey
from core.hostile import markdown_escape, one_line
from pages.shared import state
from pages.shared.facets import within
from pages.shared.here import Here
from pages.shared.timeline import task_list, task_story
from pages.shared.timeline.task_told import task_lines

__all__ = ["draw"]

# In the link instead of a task: the list, though the rail's filter leaves one task.
ALL: Final = "all"


def draw(here: Here, *, agents: Mapping[str, str]) -> None:
    """Draw the story of the task that the link or the rail names, else the list of tasks."""
    assert here.frame is not None
    lines = task_lines(here)
    if not lines:
        st.html("<p class='mn-empty'>No memory of this index names a task.</p>")
        st.caption(
            "A memory belongs to a task by its field task_id. Agents set it when they write, an import takes it over."
        )
        return
    wanted = from_link(state.get("story"))
    shown = _in_scope(here, lines)
    chosen = _chosen(shown, wanted, lines)
    if chosen is not None:
        task_story.draw(here, chosen, lines, agents=agents)
        return
    if wanted is not None:
        named = markdown_escape(one_line(wanted[1], 80))
        st.warning(f"This index has no task {named} now. These are the tasks that it has.", icon=":material/link_off:")
    task_list.draw(shown, total=len(lines), now=here.now)


def _chosen(shown: tuple[TaskLine, ...], wanted: TaskKey | None, lines: tuple[TaskLine, ...]) -> TaskLine | None:
    if wanted is not None:
        return next((line for line in lines if line.task == wanted), None)
    only_one = state.get_all("task") and len(shown) == 1 and state.get("story") != ALL
    return shown[0] if only_one else None


def _in_scope(here: Here, lines: tuple[TaskLine, ...]) -> tuple[TaskLine, ...]:
    """Return the tasks with a memory that fits the rail's filters; what expired or is hidden happened all the same."""
    frame = here.frame
    assert frame is not None
    fits = within(frame, replace(here.scope, include_expired=True, include_hidden=True), now=here.now)
    if len(fits) == len(frame):
        return lines
    pairs = fits.loc[fits["task_id"].notna(), ["team_id", "task_id"]].drop_duplicates()
    known = {(None if pd.isna(team) else str(team), str(name)) for team, name in pairs.itertuples(index=False)}
    return tuple(line for line in lines if line.task in known)
