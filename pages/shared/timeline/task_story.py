"""The story of one task: what it is and how it ended, where to look first, who was at it when, and what was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import streamlit as st

from core.analysis.story import TaskLine
from core.hostile import one_line
from pages.shared.here import Here
from pages.shared.timeline import task_head, task_lanes, task_parts, task_runs, task_shared, task_signs, task_steps
from pages.shared.timeline.task_list import open_task
from pages.shared.timeline.task_told import Told, told

__all__ = ["draw"]

Section = Callable[[Here, Told, Mapping[str, str]], None]


def draw(here: Here, line: TaskLine, lines: Sequence[TaskLine], *, agents: Mapping[str, str]) -> None:
    """Draw the story of a task; `lines` are the tasks to go to from here."""
    _choice(line, lines)
    read = told(here, line.task)
    task_head.draw(here, read, agents=agents)
    if not read.story.steps:
        return
    task_signs.first(read, agents=agents)
    task_lanes.draw(here, read, agents=agents)
    sections = _sections(read)
    if st.session_state.get("task_section") not in sections:
        st.session_state["task_section"] = next(iter(sections))
    chosen = st.segmented_control(
        "What to read",
        list(sections),
        key="task_section",
        required=True,
        format_func=lambda name: sections[name][0],
        label_visibility="collapsed",
    )
    sections[chosen][1](here, read, agents)


def _sections(read: Told) -> dict[str, tuple[str, Section]]:
    """Return what there is to read, with counts; what a task has nothing of is left out, but for its steps and signs."""
    story = read.story
    found: dict[str, tuple[str, Section]] = {}
    if story.attempts:  # tries at the same are there to be compared
        found["runs"] = (f"Runs compared · {len(story.runs):,}", task_runs.draw)
    found |= {
        "steps": (f"Steps · {len(story.steps):,}", task_steps.draw),
        "signs": (f"Signs of trouble · {len(story.signs):,}", task_signs.draw),
    }
    if story.parts:
        found["parts"] = (f"Claims and progress · {len(story.parts):,}", task_parts.draw)
    if story.artefacts:
        found["artefacts"] = (f"Artefacts · {len(story.artefacts):,}", task_shared.artefacts)
    found["doubled"] = (f"Done twice · {len(story.doubled):,}", task_shared.doubled)
    if len(story.runs) > 1 and not story.attempts:
        found["runs"] = (f"Sessions · {len(story.runs):,}", task_runs.draw)
    return found


_MOST: Final = 2_000


def _choice(line: TaskLine, lines: Sequence[TaskLine]) -> None:
    """Draw the way back to the list and to every other task."""
    names = {other.task: other for other in lines[:_MOST]} | {line.task: line}
    if st.session_state.get("task_other") != line.task:
        st.session_state["task_other"] = line.task
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="task_way"):
        st.button(
            "All tasks", icon=":material/arrow_back:", key="task_all", type="tertiary", on_click=open_task, args=(None,)
        )
        st.selectbox(
            "Task",
            list(names),
            key="task_other",
            label_visibility="collapsed",
            format_func=lambda task: one_line(f"{task[1]} · {names[task].memories:,} steps", 90),
            width=420,
            on_change=lambda: open_task(names[st.session_state["task_other"]]),
        )
