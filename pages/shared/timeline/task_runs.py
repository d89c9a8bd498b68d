"""The runs of one task side by side: how long, how many steps and errors, how each ended, and where it goes its own way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from core.analysis.story import Run, Story
from core.hostile import one_line
from pages.shared.here import Here
from pages.shared.markup import cell, cells, escaped, slug
from pages.shared.timeline.paging import pager
from pages.shared.timeline.task_list import outcome_cell
from pages.shared.timeline.task_steps import go_to
from pages.shared.timeline.task_told import Told
from pages.shared.timeline.task_words import lasting
from pages.shared.words import exact

__all__ = ["draw"]

PAGE: Final = 40


def draw(_here: Here, read: Told, _agents: Mapping[str, str]) -> None:
    """Draw a row for each session; a click opens the step where it parts from the others."""
    story = read.story
    said = (
        "The same agents try the task in each session, so the sessions are read as runs of it. A run goes its own way at "
        "the first step that is of another agent, kind or tool than in the run that went with it longest."
        if story.attempts
        else "The sessions of this task are of different agents: parts of one effort more than tries at the same."
    )
    st.caption(said)
    outcomes = any(run.outcome is not None for run in story.runs)
    if not outcomes:
        st.caption("No session says how it ended.")
    start = pager("task_runs", len(story.runs), PAGE)
    with st.container(gap=None, key="task_runs"):
        own_way = "Goes its own way" if story.attempts else ""
        heads = ("Session", "Steps", "Agents", "Errors", "Took", "Outcome" if outcomes else "", own_way)
        st.html(cells([f"<div>{name}</div>" for name in heads], kind="mn-run mn-task-head"))
        for run in story.runs[start : start + PAGE]:
            number = run.parting.number if run.parting and story.attempts else None
            name = slug(f"{run.session}")
            with st.container(gap=None, key=f"row_run_{name}"):
                st.html(f"<div class='mn-over'>{_row(run, story, outcomes=outcomes)}</div>")
                st.button(
                    f"Open step {story.shown(number or run.steps[0])}",
                    key=f"open_row_run_{name}",
                    type="tertiary",
                    on_click=go_to,
                    args=(story, number or run.steps[0]),
                )


def _row(run: Run, story: Story, *, outcomes: bool) -> str:
    return cells(
        [
            cell(
                one_line(run.session, 80) if run.session else "not stated",
                exact(run.first) if run.first else "",
                strong=True,
            ),
            cell(f"{len(run.steps):,}", label="Steps"),
            cell(f"{len(run.agents):,}", label="Agents", title=", ".join(run.agents[:20])),
            cell(f"{run.errors:,}", label="Errors"),
            cell("unknown" if run.seconds is None else lasting(run.seconds), label="Took"),
            outcome_cell(run.outcome) if outcomes else "<div></div>",
            _parting(run, story) if story.attempts else "<div></div>",
        ],
        kind="mn-run",
    )


def _parting(run: Run, story: Story) -> str:
    parting = run.parting
    if parting is None:
        return "<div class='mn-muted'>never</div>"
    other = parting.companion or "session not stated"
    ends = parting.number is None
    there = story.steps[(run.steps[-1] if parting.number is None else parting.number) - 1]
    at = parting.step - ends if there.own is None else there.own
    title = one_line(f"Until then it went as {other} did", 120)
    return (
        f"<div title='{escaped(title)}'><b>{'Ends after' if ends else 'At'} its step {at:,}</b>"
        f"<div class='mn-muted mn-own-way'>{'' if ends else escaped(one_line(parting.does, 80)) + '<br>'}"
        f"{escaped(one_line(other, 40))}: {escaped(one_line(parting.others, 80))}</div></div>"
    )
