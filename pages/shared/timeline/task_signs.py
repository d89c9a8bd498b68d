"""Signs of trouble in a task: where to look first, and every sign with the words that gave it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

import streamlit as st

from core.analysis.story import LABELS, Sign, Step, Story, Trouble
from core.hostile import one_line
from pages.shared import state
from pages.shared.here import Here
from pages.shared.markup import chip, escaped
from pages.shared.timeline.paging import pager
from pages.shared.timeline.task_steps import step_row
from pages.shared.timeline.task_told import Told
from pages.shared.timeline.task_words import agent_chip, sign_chips
from pages.shared.words import plural

__all__ = ["draw", "first"]

FIRST: Final = 3
_WORDS: Final = 3
PAGE: Final = 50


def first(read: Told, *, agents: Mapping[str, str]) -> None:
    """Draw the few steps that most speaks against, as the way into the story."""
    story = read.story
    if not story.suspects:
        return
    st.markdown("**Where to look first**")
    signs = story.signs_at()
    with st.container(gap="xsmall", key="task_first"):
        for number in story.suspects[:FIRST]:
            step = story.steps[number - 1]
            step_row(step, _row(story, step, signs[number], agents, most=_WORDS), name="first")
    if len(story.suspects) > FIRST:
        st.caption(
            f"{len(story.suspects):,} of {plural(len(story.steps), 'step')} have signs of trouble, found by words, order "
            "and fields. A sign is no verdict."
        )


def draw(_here: Here, read: Told, agents: Mapping[str, str]) -> None:
    """Draw every sign, by step, those of some kinds where kinds are chosen."""
    story = read.story
    if not story.signs:
        st.html(
            "<p class='mn-empty'>No sign of trouble: no error, nothing made up, no repeat, no handoff without an answer, "
            "nothing blocked, no conflict.</p>"
        )
        return
    counts = Counter(sign.kind for sign in story.signs)
    kinds = [kind for kind in Trouble if counts[kind]]
    if not set(st.session_state.get("task_sign_kinds") or ()) <= {kind.value for kind in kinds}:
        st.session_state["task_sign_kinds"] = []
    chosen = st.pills(
        "Kinds of signs",
        [kind.value for kind in kinds],
        selection_mode="multi",
        key="task_sign_kinds",
        format_func=lambda kind: f"{LABELS[Trouble(kind)]} · {counts[Trouble(kind)]:,}",
        label_visibility="collapsed",
    )
    shown = [sign for sign in story.signs if not chosen or sign.kind.value in chosen]
    by_step: dict[int, list[Sign]] = {}
    for sign in shown:
        by_step.setdefault(sign.step, []).append(sign)
    start = pager("task_signs", len(by_step), PAGE)
    with st.container(gap="xsmall", key="task_sign_list"):
        for number in sorted(by_step)[start : start + PAGE]:
            step = story.steps[number - 1]
            step_row(step, _row(story, step, tuple(by_step[number]), agents), name="sign")
    if story.compared < len(story.steps):
        st.caption(f"Repeats were looked for among the first {story.compared:,} steps.")


def _row(story: Story, step: Step, signs: tuple[Sign, ...], agents: Mapping[str, str], *, most: int = 20) -> str:
    """Return a step with its signs and the words that gave them; where there are several sessions, with its session."""
    told = _each_once(signs)
    lines = "".join(f"<p class='mn-sign-words'>{_where(story, sign)}{escaped(sign.words)}</p>" for sign in told[:most])
    session = chip(one_line(step.session or "no session", 60)) if len(story.runs) > 1 else ""
    opened = " mn-step-on" if state.get("sel") == step.key else ""
    return (
        f"<div class='mn-over mn-step{opened}'><b class='mn-num'>{step.shown:,}</b><div><div class='mn-row'>"
        f"{agent_chip(step.agent, agents)}{session}{sign_chips(signs)}</div>{lines}</div></div>"
    )


def _each_once(signs: tuple[Sign, ...]) -> list[Sign]:
    """Return the signs without those that say the same, the first of each kind before the others."""
    found: dict[str, Sign] = {}
    for sign in signs:
        found.setdefault(sign.words, sign)
    kinds: set[Trouble] = set()
    more = []
    for sign in list(found.values()):
        if sign.kind in kinds:
            more.append(sign)
        kinds.add(sign.kind)
    return [sign for sign in found.values() if sign not in more] + more


def _where(story: Story, sign: Sign) -> str:
    if sign.other is None:
        return ""
    words = {Trouble.ERROR: "In step {}: ", Trouble.COURSE: "After step {}: ", Trouble.CONFLICT: "With step {}: "}.get(
        sign.kind, ""
    )
    said = words.format(f"{story.shown(sign.other):,}")
    return f"<span class='mn-muted'>{escaped(said)}</span>" if said else ""
