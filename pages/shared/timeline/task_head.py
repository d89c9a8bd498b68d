"""The head of a task's story: its name, when and how long, who took part, what it was about, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from core.analysis.story import Kind, Outcome, Story, essence
from core.hostile import markdown_escape, one_line
from pages.shared.here import Here
from pages.shared.markup import chip, escaped
from pages.shared.timeline.task_told import Told
from pages.shared.timeline.task_words import agent_chip, when_words
from pages.shared.words import age, plural

__all__ = ["draw", "outcome_html"]

_AGENTS: Final = 14
_ABOUT_CHARS: Final = 420
_GIVEN: Final = frozenset({Kind.TASK, Kind.PLAN})


def draw(here: Here, read: Told, *, agents: Mapping[str, str]) -> None:
    """Draw the head; an empty story says that it is one."""
    story = read.story
    st.subheader(markdown_escape(one_line(story.task[1], 120)), anchor=False)
    if not story.steps:
        st.html("<p class='mn-empty'>No memory was written for this task by then.</p>")
        return
    st.html(f"<p class='mn-lead'>{_lead(story)}</p>{_about(story)}{outcome_html(story.outcome, here)}{_who(story, agents)}")
    narrowed = here.scope.sentence() if _is_narrow(here) else ""
    if narrowed:
        st.caption(
            "The filters on the left narrow the list of tasks; a story is told whole, with what expired or is hidden."
        )


def outcome_html(outcome: Outcome | None, here: Here) -> str:
    """Return how the task ended and which memory says so."""
    if outcome is None:
        tip = "None has a field such as outcome or task_status, or a tag such as outcome:success."
        return f"<p class='mn-small mn-muted' title='{tip}'>No memory says how it ended.</p>"
    kind, shape, words = {
        True: ("mn-good", "✓", "It succeeded"),
        False: ("mn-bad", "✕", "It failed"),
        None: ("mn-muted", "●", "It ended"),
    }[outcome.good]
    reason = f" {escaped(outcome.reason)}" if outcome.reason else ""
    said = escaped(f"says {outcome.words}, {age(outcome.at, now=here.now)}")
    return (
        f"<div class='mn-verdict'><i class='{kind}'>{shape}</i><span><b>{words}.</b>{reason} "
        f"<span class='mn-muted'>A memory of the task {said}.</span></span></div>"
    )


def _lead(story: Story) -> str:
    team = f"Team {one_line(story.task[0], 60)}" if story.task[0] else "No team stated"
    sessions = [run.session for run in story.runs if run.session is not None]
    parts = [
        team,
        when_words(story.span),
        plural(len(story.steps), "step"),
        plural(len(story.agents), "agent"),
        plural(len(sessions), "session") if sessions else "no session stated",
    ]
    if undated := sum(step.at is None for step in story.steps):
        parts.append(f"{undated:,} without a time, last")
    return escaped(" · ".join(parts))


def _about(story: Story) -> str:
    """Return what the task was, where a step says so, else how it began."""
    given = next((step for step in story.steps if step.kind in _GIVEN), None)
    first = given or story.steps[0]
    label = "The task" if given else "It began with"
    return f"<p class='mn-about'><b>{label}:</b> {escaped(one_line(essence(first.text), _ABOUT_CHARS))}</p>"


def _who(story: Story, agents: Mapping[str, str]) -> str:
    shown = "".join(agent_chip(agent, agents) for agent in story.agents[:_AGENTS])
    more = len(story.agents) - _AGENTS
    rest = chip(f"and {more:,} more") if more > 0 else ""
    return f"<div class='mn-row'>{shown}{rest}</div>"


def _is_narrow(here: Here) -> bool:
    scope = here.scope
    return bool(scope.agents or scope.types or scope.sessions or scope.sources or scope.tags or scope.created_from)
