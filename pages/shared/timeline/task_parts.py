"""Claims and progress: the parts of a task with their state, who holds each, how far it is, and claims that overlap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from core.analysis.story import WHOLE, Part, Story
from core.hostile import one_line
from pages.shared.here import Here
from pages.shared.markup import cell, cells, escaped, slug
from pages.shared.timeline.paging import pager
from pages.shared.timeline.task_steps import go_to
from pages.shared.timeline.task_told import Told
from pages.shared.timeline.task_words import agent_chip
from pages.shared.words import plural

__all__ = ["draw"]

PAGE: Final = 40
_OVERLAPS: Final = 10
# State → its shape and hue.
_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "blocked": ("⊘", "var(--mn-bad)"),
    "in progress": ("◔", "var(--mn-accent)"),
    "failed": ("✕", "var(--mn-bad)"),
    "open": ("○", "var(--mn-muted)"),
    "done": ("✓", "var(--mn-good)"),
}


def draw(here: Here, read: Told, agents: Mapping[str, str]) -> None:
    """Draw the parts of a task as a table, overlapping claims above it."""
    story = read.story
    st.caption(
        "Read from tags such as claim:parser, lock, blocked, handoff and done, and from fields such as subtask, status, "
        "claimed_by and progress. What names no part is about the task as a whole."
    )
    _overlaps(story)
    states = {part.name: part.state_at(here.now) for part in story.parts}
    counts = {name: list(states.values()).count(name) for name in _STATES}
    st.markdown(" · ".join(f"**{count:,}** {name}" for name, count in counts.items() if count))
    order = list(_STATES)
    parts = sorted(story.parts, key=lambda part: order.index(states[part.name]))
    start = pager("task_parts", len(parts), PAGE)
    with st.container(gap=None, key="task_parts"):
        heads = ("Part", "State", "Who", "How far", "Told in")
        st.html(cells([f"<div>{name}</div>" for name in heads], kind="mn-part-row mn-task-head"))
        for part in parts[start : start + PAGE]:
            with st.container(gap=None, key=f"row_part_{part.steps[0]}_{slug(part.name)}"):
                st.html(f"<div class='mn-over'>{_row(part, story, here, agents)}</div>")
                st.button(
                    f"Open step {story.shown(part.steps[-1])}, the last that tells of it",
                    key=f"open_row_part_{part.steps[0]}_{slug(part.name)}",
                    type="tertiary",
                    on_click=go_to,
                    args=(story, part.steps[-1]),
                )


def _overlaps(story: Story) -> None:
    """Draw the claims that two agents hold at once, each with the step of the second one."""
    for one in story.overlaps[:_OVERLAPS]:
        what = "the task as a whole" if one.part == WHOLE else f"“{one_line(one.part, 80)}”"
        first, second = one.first, one.second
        at, since = story.shown(second.start), story.shown(first.start)
        text = f"{second.agent} claims {what} in step {at} while {first.agent} holds it since step {since}."
        with st.container(horizontal=True, vertical_alignment="center", key=f"task_overlap_{first.start}_{second.start}"):
            st.html(f"<div class='mn-verdict'><i class='mn-bad'>▲</i><span>{escaped(one_line(text, 300))}</span></div>")
            st.button(
                f"Open step {at}",
                key=f"task_overlap_open_{first.start}_{second.start}",
                type="tertiary",
                on_click=go_to,
                args=(story, second.start),
            )
    if len(story.overlaps) > _OVERLAPS:
        st.caption(f"The first {_OVERLAPS:,} of {len(story.overlaps):,}; all are among the signs of trouble.")


def _row(part: Part, story: Story, here: Here, agents: Mapping[str, str]) -> str:
    state = part.state_at(here.now)
    shape, hue = _STATES[state]
    name = "The task as a whole" if part.name == WHOLE else one_line(part.name, 120)
    held = [claim for claim in part.claims if claim.is_open(here.now)]
    note = f"held by {', '.join(dict.fromkeys(one_line(claim.agent, 40) for claim in held))}" if held else ""
    if part.claims and not held:
        last = part.claims[-1]
        more = f"{plural(len(part.claims), 'claim')}, the last" if len(part.claims) > 1 else "claim"
        note = f"{more} of {one_line(last.agent, 40)} {'ended' if last.end else 'lapsed'}"
    who = agent_chip(part.owner, agents) if part.owner and state != "open" else "<span class='mn-muted'>nobody</span>"
    steps = ", ".join(f"{story.shown(number):,}" for number in part.steps[:6]) + (" …" if len(part.steps) > 6 else "")
    return cells(
        [
            cell(name, note, strong=True),
            f"<div><span class='mn-label'>State </span><span style='color:{hue}'>{shape}</span> {state}</div>",
            f"<div><span class='mn-label'>Who </span>{who}</div>",
            _bar(part.progress),
            cell(f"step {steps}" if len(part.steps) == 1 else f"steps {steps}", label="Told in"),
        ],
        kind="mn-part-row",
    )


def _bar(progress: float | None) -> str:
    if progress is None:
        return "<div class='mn-muted'><span class='mn-label'>How far </span>not stated</div>"
    return (
        f"<div class='mn-far'><span class='mn-label'>How far </span><span class='mn-num'>{progress:.0%}</span>"
        f"<div class='mn-bar'><span style='width:{100 * progress:.1f}%;--hue:var(--mn-good)'></span></div></div>"
    )
