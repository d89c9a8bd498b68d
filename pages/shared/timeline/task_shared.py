"""What the agents of a task had in common: artefacts that several used, and work that was done twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from core.analysis.story import COSINE, MOST_ARTEFACTS, WORDS, Artefact, Doubled, Story
from core.hostile import one_line
from pages.shared.here import Here
from pages.shared.markup import cell, cells, text_block
from pages.shared.timeline.paging import pager
from pages.shared.timeline.task_steps import go_to
from pages.shared.timeline.task_told import Told
from pages.shared.timeline.task_words import agent_chip, lasting
from pages.shared.words import plural

__all__ = ["artefacts", "doubled"]

PAGE: Final = 40
_PAIRS: Final = 15
_KINDS: Final = {"file": "File", "address": "Address", "id": "Id"}


def artefacts(_here: Here, read: Told, agents: Mapping[str, str]) -> None:
    """Draw the files, addresses and ids that steps name, those that most agents share first."""
    story = read.story
    shared = sum(bool(one.users) for one in story.artefacts)
    st.caption(
        f"Files, addresses and ids named in texts and fields, {shared:,} of {len(story.artefacts):,} by more than one "
        "agent. An id counts once two steps name it."
    )
    if len(story.artefacts) == MOST_ARTEFACTS:
        st.caption(f"Only the {MOST_ARTEFACTS:,} that most agents and steps name are shown.")
    start = pager("task_artefacts", len(story.artefacts), PAGE)
    with st.container(gap=None, key="task_artefacts"):
        heads = ("Artefact", "First named by", "Then used by", "Steps")
        st.html(cells([f"<div>{name}</div>" for name in heads], kind="mn-artefact mn-task-head"))
        for place, one in enumerate(story.artefacts[start : start + PAGE], start=start):
            with st.container(gap=None, key=f"row_artefact_{place}"):
                st.html(f"<div class='mn-over'>{_artefact(one, story, agents)}</div>")
                st.button(
                    f"Open step {story.shown(one.first)}, which names it first",
                    key=f"open_row_artefact_{place}",
                    type="tertiary",
                    on_click=go_to,
                    args=(story, one.first),
                )


def _artefact(one: Artefact, story: Story, agents: Mapping[str, str]) -> str:
    users = "".join(agent_chip(agent, agents) for agent in one.users[:3])
    more = f"<span class='mn-muted'>and {len(one.users) - 3:,} more</span>" if len(one.users) > 3 else ""
    used = f"<div class='mn-row'>{users}{more}</div>" if one.users else "<div class='mn-muted'>nobody else</div>"
    steps = ", ".join(f"{story.shown(number):,}" for number in one.steps[:5]) + (" …" if len(one.steps) > 5 else "")
    return cells(
        [
            cell(one_line(one.name, 160), _KINDS[one.kind], strong=True),
            f"<div><span class='mn-label'>First named by </span>{agent_chip(one.by, agents)}</div>",
            used,
            cell(steps, label="Steps"),
        ],
        kind="mn-artefact",
    )


def doubled(_here: Here, read: Told, agents: Mapping[str, str]) -> None:
    """Draw what one agent wrote after another had, side by side, and what that cost."""
    story = read.story
    how = f"at least {WORDS:.0%} of the words in common, no number or negation that differs"
    how += "" if read.without_vectors else f", directions alike to {COSINE:.2f}"
    if not story.doubled:
        st.html("<p class='mn-empty'>No agent wrote again what another one had.</p>")
        st.caption(f"Looked for: memories by two agents with {how}.")
        return
    tokens = sum(one.tokens for one in story.doubled)
    whole = sum(step.tokens for step in story.steps)
    st.markdown(
        f"**{plural(len(story.doubled), 'memory')}** say what another agent had written: about **{tokens:,} tokens** "
        f"written again, {tokens / max(whole, 1):.0%} of the task's {whole:,}."
    )
    apart = " Runs of the task are not compared with each other." if story.attempts else ""
    st.caption(f"Found by {how}. A token is about four characters.{apart}")
    start = pager("task_doubled", len(story.doubled), _PAIRS)
    for one in story.doubled[start : start + _PAIRS]:
        _pair(one, story, agents)


def _pair(one: Doubled, story: Story, agents: Mapping[str, str]) -> None:
    alike = f"{one.shared:.0%} of the words" + ("" if one.cosine is None else f", cosine {one.cosine:.2f}")
    after = "" if one.after is None else f", {lasting(one.after.total_seconds())} later"
    with st.container(border=True, gap="small", key=f"task_doubled_{one.second}"):
        st.caption(f"{alike}{after}, about {one.tokens:,} tokens again")
        for column, number in zip(st.columns(2, gap="medium"), (one.first, one.second), strict=True):
            step = story.steps[number - 1]
            with column:
                st.html(
                    f"<div class='mn-row'><b class='mn-num'>{step.shown:,}</b>{agent_chip(step.agent, agents)}</div>"
                    f"<div class='mn-small'>{text_block(step.text, clamp=True)}</div>"
                )
                st.button(
                    f"Open step {step.shown:,}",
                    key=f"task_doubled_{one.second}_{number}",
                    type="tertiary",
                    on_click=go_to,
                    args=(story, number),
                )
