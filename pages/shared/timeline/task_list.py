"""The list of tasks to choose from: who worked on each, how long, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import streamlit as st

from core.analysis.story import Outcome, TaskLine, to_link
from core.hostile import markdown_escape, one_line
from pages.shared import state
from pages.shared.markup import cell, cells, escaped, slug
from pages.shared.timeline.paging import pager
from pages.shared.timeline.task_steps import forget
from pages.shared.timeline.task_words import lasting
from pages.shared.words import age, exact, plural

__all__ = ["draw", "open_task", "outcome_cell"]

PAGE: Final = 40
SORTS: Final[dict[str, tuple[str, Callable[[TaskLine], Any]]]] = {
    "last": ("Last written", lambda line: -line.last.timestamp() if line.last else float("inf")),
    "memories": ("Most steps", lambda line: -line.memories),
    "agents": ("Most agents", lambda line: -line.agents),
    "seconds": ("Longest", lambda line: -line.seconds),
    "failed": ("Failed first", lambda line: {False: 0, None: 1, True: 2}[line.outcome.good if line.outcome else None]),
    "name": ("Name", lambda line: line.name.casefold()),
}


def draw(lines: tuple[TaskLine, ...], *, total: int, now: datetime) -> None:
    """Draw the tasks that fit the filters, with a box to search them by name."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="task_choice"):
        words = st.text_input(
            "Find a task",
            key="task_find",
            icon=":material/search:",
            placeholder="Words of its name, its team or its beginning",
            width=400,
        )
        order = st.selectbox("Order", list(SORTS), key="task_order", format_func=lambda name: SORTS[name][0], width=180)
    found = sorted((line for line in lines if _fits(line, words)), key=SORTS[order][1])
    said = plural(len(found), "task") if len(found) == total else f"{len(found):,} of {plural(total, 'task')}"
    st.caption(f"{said}. Open one to read it as a story.")
    if not found:
        st.html("<p class='mn-empty'>No task fits. Change the words, or take a filter on the left away.</p>")
        return
    start = pager("tasks", len(found), PAGE)
    with st.container(gap=None, key="tasks"):
        st.html(cells([f"<div>{name}</div>" for name in _HEADS], kind="mn-task mn-task-head"))
        for line in found[start : start + PAGE]:
            _row(line, now=now)
    pager("tasks", len(found), PAGE, below=True)


_HEADS: Final = ("Task", "Steps", "Agents", "Took", "Last written", "Outcome")


def open_task(line: TaskLine | None) -> None:
    """Open a task's story; None goes back to the list."""
    state.put("story", to_link(line.task) if line else "all" if state.get_all("task") else None)
    state.put("sel", None)
    forget()


def outcome_cell(outcome: Outcome | None) -> str:
    """Return how a task ended as a cell: a shape, a hue and the words that say so."""
    if outcome is None:
        tip = "No memory says how it ended."
        return f"<div class='mn-muted' title='{tip}'><span class='mn-label'>Outcome </span>not stated</div>"
    kind, shape = {True: ("mn-good", "✓"), False: ("mn-bad", "✕"), None: ("mn-muted", "●")}[outcome.good]
    words = {True: "succeeded", False: "failed", None: "ended"}[outcome.good]
    tip = escaped(one_line(f"{outcome.words}. {outcome.reason}".strip(), 300))
    return f"<div title='{tip}'><span class='mn-label'>Outcome </span><span class='{kind}'>{shape} {words}</span></div>"


def _fits(line: TaskLine, words: str) -> bool:
    text = f"{line.name} {line.task[0] or ''} {line.about}".casefold()
    return all(word in text for word in words.casefold().split())


def _below(line: TaskLine) -> str:
    team = one_line(line.task[0], 60) if line.task[0] else "no team"
    return f"{team} · {line.about}" if line.about else team


def _row(line: TaskLine, *, now: datetime) -> None:
    name = slug(to_link(line.task))
    when = exact(line.last) if line.last else "No memory of the task states a time."
    parts = [
        cell(one_line(line.name, 120), _below(line), strong=True),
        cell(f"{line.memories:,}", label="Steps"),
        cell(f"{line.agents:,}", label="Agents"),
        cell(lasting(line.seconds) if line.first else "unknown", label="Took"),
        cell(age(line.last, now=now), label="Last written", title=when),
        outcome_cell(line.outcome),
    ]
    with st.container(gap=None, key=f"row_task_{name}"):
        st.html(f"<div class='mn-over'>{cells(parts, kind='mn-task')}</div>")
        st.button(
            markdown_escape(f"Open task {one_line(line.name, 60)}"),
            key=f"open_row_task_{name}",
            type="tertiary",
            on_click=open_task,
            args=(line,),
        )
