"""The steps of a task in order, a hundred at a time: each opens in the inspector, signs stand beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import streamlit as st

from core.analysis.story import Kind, Sign, Step, Story
from core.hostile import one_line
from pages.shared import state
from pages.shared.here import Here
from pages.shared.markup import escaped, slug
from pages.shared.timeline.paging import begin_at, pager
from pages.shared.timeline.task_told import Told
from pages.shared.timeline.task_words import step_html
from pages.shared.words import plural

__all__ = ["PAGE", "choose_steps", "draw", "forget", "go_to", "step_row"]

PAGE: Final = 100
_LIST: Final = "task_steps"
_CHOSEN: Final = "task_chosen"


def draw(here: Here, read: Told, agents: Mapping[str, str]) -> None:
    """Draw the steps that are asked for, those of one run or kind, or those with signs."""
    story, signs = read.story, read.story.signs_at()
    steps = _asked(story, signs)
    if not steps:
        st.html("<p class='mn-empty'>No step fits. Show all runs and all steps again.</p>")
        return
    start = pager(_LIST, len(steps), PAGE)
    first = {run.session: run.first for run in story.runs} if story.attempts else {}
    before: str | None = "" if len(story.runs) > 1 else steps[start].session
    with st.container(gap="xsmall", key="task_step_list"):
        for step in steps[start : start + PAGE]:
            if step.session != before:
                st.html(f"<p class='mn-day'>Session {escaped(one_line(step.session or 'not stated', 80))}</p>")
                before = step.session
            begin = first.get(step.session) if first else (story.span or (None, None))[0]
            html = step_html(step, signs.get(step.number, ()), start=begin, agents=agents, now=here.now)
            step_row(step, html, name="step")
    pager(_LIST, len(steps), PAGE, below=True)


def step_row(step: Step, html: str, *, name: str) -> None:
    """Draw a row that opens a step in the inspector wherever it is clicked; the one that is open is marked."""
    on = "_on" if state.get("sel") == step.key else ""
    with st.container(border=True, gap=None, key=f"row_{name}{on}_{step.number}_{slug(step.key)}"):
        st.html(html)
        st.button(
            f"Open step {step.shown}",
            key=f"open_row_{name}_{step.number}_{slug(step.key)}",
            type="tertiary",
            on_click=state.put,
            args=("sel", step.key),
        )


def go_to(story: Story, number: int) -> None:
    """Open a step and let the list begin a little before it, so that it is in sight; made for `on_click`."""
    step = story.steps[min(max(number, 1), len(story.steps)) - 1]
    state.put("sel", step.key)
    st.session_state["task_section"] = "steps"
    st.session_state.pop("task_kinds", None)
    run = st.session_state.get("task_run")
    if run != step.session:
        st.session_state.pop("task_run", None)
        run = None
    listed = [other.number for other in story.steps if run is None or other.session == run]
    begin_at(_LIST, 0 if len(listed) <= PAGE else max(0, listed.index(step.number) - 2))


def choose_steps(numbers: Iterable[int]) -> None:
    """Show these steps alone in the list, all again where there are none."""
    chosen = frozenset(numbers)
    st.session_state[_CHOSEN] = chosen
    st.session_state["task_kinds"] = "chosen" if chosen else "all"
    begin_at(_LIST, 0)


def forget() -> None:
    """Let go of what was chosen among the steps of one task, for another one."""
    for name in ("task_run", "task_kinds", "task_go", "task_sign_kinds", _CHOSEN):
        st.session_state.pop(name, None)
    if st.session_state.get("task_section") == "steps":  # another task may open on its runs
        del st.session_state["task_section"]
    for name in (_LIST, "task_signs", "task_artefacts", "task_doubled", "task_runs", "task_parts"):
        begin_at(name, 0)


def _asked(story: Story, signs: Mapping[int, Sequence[Sign]]) -> list[Step]:
    """Draw what chooses among the steps and return those that are asked for."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="task_steps_choice"):
        _jumps(story)
        sessions = [run.session for run in story.runs if run.session is not None]
        run = None
        if len(sessions) > 1:
            run = st.selectbox(
                "Session", sessions, index=None, key="task_run", placeholder="All", width=220, format_func=_session_name
            )
        kinds = _kinds_there(story)
        if st.session_state.get("task_kinds") not in kinds:
            st.session_state["task_kinds"] = "all"
        kind = st.selectbox("Steps", list(kinds), key="task_kinds", format_func=kinds.__getitem__, width=220)
    steps = [step for step in story.steps if run is None or step.session == run]
    if kind == "signs":
        return [step for step in steps if step.number in signs]
    if kind == "chosen":
        return [step for step in steps if step.number in st.session_state[_CHOSEN]]
    return steps if kind == "all" else [step for step in steps if Kind(kind) in step.kinds]


def _jumps(story: Story) -> None:
    """Draw the ways to a step by its number and to the next one with a sign."""
    numbers = [step.shown for step in _numbered(story)]
    least, most = min(numbers), max(numbers)
    if (number := st.session_state.get("task_go")) is not None and not least <= number <= most:
        st.session_state["task_go"] = None
    st.number_input(
        "Go to step",
        least,
        most,
        value=None,
        step=1,
        key="task_go",
        placeholder=f"{least:,} to {most:,}",
        help=_OWN if story.steps[0].own is not None else "Counted from 1, in the order of this list.",
        width=150,
        on_change=_went,
        args=(story,),
    )
    following = _next_sign(story)
    st.button(
        "Next sign",
        icon=":material/arrow_downward:",
        key="task_next_sign",
        disabled=following is None,
        help="Opens the next step with a sign of trouble after the one in the inspector.",
        on_click=go_to,
        args=(story, following or 1),
    )


_OWN: Final = (
    "The number that each memory states itself, in its field step or the like. Where every session counts anew, it is a "
    "step of the session that is chosen beside this, else of the session of the open step, else of the first one."
)


def _numbered(story: Story) -> list[Step]:
    """Return the steps that a number is looked up in: all where it tells them apart, else those of one session."""
    steps = story.steps
    if len({step.shown for step in steps}) == len(steps):
        return list(steps)
    key = state.get("sel")
    opened = next((step for step in steps if step.key == key), steps[0])
    session = st.session_state.get("task_run") or opened.session
    return [step for step in steps if step.session == session]


def _session_name(name: str) -> str:
    return one_line(name, 60)


def _kinds_there(story: Story) -> dict[str, str]:
    counts: dict[Kind, int] = {}
    for step in story.steps:
        for kind in step.kinds:
            counts[kind] = counts.get(kind, 0) + 1
    return {
        "all": "All steps",
        "signs": f"With signs · {plural(len(story.suspects), 'step')}",
        **({"chosen": f"Chosen in the lanes · {len(chosen):,}"} if (chosen := st.session_state.get(_CHOSEN)) else {}),
        **{kind.value: f"{kind.value.capitalize()} · {count:,}" for kind, count in sorted(counts.items())},
    }


def _went(story: Story) -> None:
    """Open the step with the number that was typed; with none of that number, the last one before it."""
    number = st.session_state.get("task_go")
    if number is None:
        return
    before = [step for step in _numbered(story) if step.shown <= number]
    go_to(story, max(before, key=lambda step: step.shown).number if before else 1)


def _next_sign(story: Story) -> int | None:
    """Return the next step with a sign after the one that is open, the first one where none is."""
    key = state.get("sel")
    at = next((step.number for step in story.steps if step.key == key), 0) if key else 0
    return next((number for number in sorted(story.suspects) if number > at), None)
