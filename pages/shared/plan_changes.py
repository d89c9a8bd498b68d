"""What a plan would change, row by row: each memory with what comes and goes, and the reason for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import streamlit as st

from core.curation.hiding import HIDE, SHOW
from core.curation.plan import Action, Change, Plan
from core.hostile import one_line
from core.memory import Memory
from core.memory.status import shown as without_status
from core.memory.status import with_status
from core.scope import UNKNOWN
from core.store import MemoryStore
from pages.shared.diff import change_html
from pages.shared.here import Here
from pages.shared.markup import chips, escaped
from pages.shared.words import plural

__all__ = ["ACTIONS", "action_chip", "change_rows", "counts_words", "does_words", "done_words", "shown_changes"]

_A_PAGE: Final = 20
_FILTER_FROM: Final = 8
_FULL: Final = 12_000
_CLAMPED: Final = 320
# What an action is called, what it makes of a memory, its mark, and what that means to a person.
ACTIONS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    Action.PUT: ("Add", "added", "+", "A memory that is not there yet."),
    Action.REPLACE: ("Change", "changed", "~", "The memory stays under its key, with what is marked changed."),
    Action.RETIRE: ("Retire", "retired", "−", "It leaves the index; the journal keeps it, and Undo brings it back."),
    Action.ERASE: ("Erase", "erased", "✕", "It leaves the index and the journal for good. Nothing brings it back."),
}


def counts_words(counts: Mapping[str, int]) -> str:
    """Return what a plan does in words: "retire 3 memories, change 1 memory"."""
    words = [f"{ACTIONS[action][0].lower()} {plural(count, 'memory')}" for action, count in counts.items() if count]
    return ", ".join(words) or "change nothing"


def does_words(plan: Plan) -> str:
    """Return what a plan does in words: that it hides or shows memories only where it truly does nothing else to them."""
    for policy, mark, words in ((HIDE, with_status, "hide {}"), (SHOW, without_status, "show {} again")):
        if plan.policy == policy and all(_is_only(change, mark) for change in plan):
            return words.format(plural(len(plan), "memory"))
    return counts_words(plan.counts)


def _is_only(change: Change, mark: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> bool:
    before, after = change.before, change.after
    return before is not None and after is not None and after.vector is None and after.metadata == mark(before.metadata)


def done_words(counts: Mapping[str, int]) -> str:
    """Return what a plan did in words: "3 memories retired, 1 memory changed"."""
    words = [f"{plural(count, 'memory')} {ACTIONS[action][1]}" for action, count in counts.items() if count]
    return ", ".join(words) or "nothing changed"


def action_chip(action: str) -> str:
    """Return an action as a mark and a word."""
    name, _, mark, meaning = ACTIONS[action]
    return f"<span class='mn-action mn-action-{escaped(action)}' title='{escaped(meaning)}'><i>{mark}</i>{name}</span>"


def shown_changes(plan: Plan, agents: Sequence[str | None], *, action: str | None, agent: str | None) -> list[Change]:
    """Return the changes of one action and one agent; `agents` has that of each change. None means all."""
    return [
        change
        for change, by in zip(plan.changes, agents, strict=True)
        if (action is None or change.action == action) and (agent is None or (by or UNKNOWN) == agent)
    ]


def change_rows(here: Here, plan: Plan, *, agents: Mapping[str, str]) -> None:
    """Draw the changes, twenty at a time, with filters where there is something to tell apart."""
    assert here.store is not None
    by = _agents_of(here.store, plan, plan.hash)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        action, agent = _filters(plan, by)
        found = shown_changes(plan, by, action=action, agent=agent)
        pages, first = max(1, -(-len(found) // _A_PAGE)), 0
        if pages > 1:
            place = f"plan_page_{plan.id}_{pages}"
            first = (int(st.number_input(f"Page, 1 to {pages:,}", 1, pages, key=place, width=140)) - 1) * _A_PAGE
    page = found[first : first + _A_PAGE]
    if len(page) < len(plan):
        st.caption(f"{_span(first, page)} of {plural(len(found), 'change')}{_narrowed(found, plan)}")
    one_reason = len({change.reason for change in plan}) == 1
    if one_reason and plan.changes[0].reason != plan.reason:
        st.html(f"<div class='mn-reason'>{escaped(plan.changes[0].reason, limit=600)}</div>")
    st.html("".join(_row(here, here.store, change, agents, with_reason=not one_reason) for change in page))


def _span(first: int, page: Sequence[Change]) -> str:
    return f"{first + 1:,} to {first + len(page):,}" if page else "none"


def _narrowed(found: Sequence[Change], plan: Plan) -> str:
    return "" if len(found) == len(plan) else f" that fit, of {len(plan):,} in the plan"


def _filters(plan: Plan, by: Sequence[str | None]) -> tuple[str | None, str | None]:
    actions = list(plan.counts)
    names = sorted({name or UNKNOWN for name in by})
    if len(plan) < _FILTER_FROM or (len(actions) < 2 and len(names) < 2):
        return None, None
    action = agent = None
    if len(actions) > 1:
        action = st.pills(
            "Action",
            actions,
            key=f"plan_action_{plan.id}",
            format_func=lambda each: f"{ACTIONS[each][2]} {ACTIONS[each][0]} · {plan.counts[each]:,}",
        )
    if len(names) > 1:
        agent = st.selectbox(
            "Agent",
            names,
            index=None,
            key=f"plan_agent_{plan.id}",
            placeholder=f"All {len(names):,} agents",
            format_func=lambda name: "Unknown" if name == UNKNOWN else one_line(name, 40),
            width=220,
        )
    return action, agent


@st.cache_data(max_entries=8, show_spinner=False)
def _agents_of(_store: MemoryStore, _plan: Plan, plan_hash: str) -> list[str | None]:  # noqa: ARG001
    """Return the agent of each change; of a large plan that takes a moment, so it is done once."""
    return [_memory(_store, change).agent_id for change in _plan]


def _memory(store: MemoryStore, change: Change) -> Memory:
    record = change.after or change.before
    assert record is not None
    return store.memory_of(change.key, record.metadata)


def _row(here: Here, store: MemoryStore, change: Change, agents: Mapping[str, str], *, with_reason: bool) -> str:
    before, after = (
        None if record is None else store.memory_of(change.key, record.metadata) for record in (change.before, change.after)
    )
    shown = after or before
    assert shown is not None
    whole = ""
    if (before is None or after is None) and len(shown.content) > _CLAMPED:
        whole = _whole_text(shown.content)
    why = f"<div class='mn-reason'>{escaped(change.reason, limit=600)}</div>" if with_reason else ""
    return (
        f"<div class='mn-change'><div class='mn-row'>{action_chip(change.action)}"
        f"{chips(shown, now=here.now, agents=agents)}</div>"
        f"<div class='mn-small'>{change_html(before, after)}{whole}</div>{why}"
        f"<div class='mn-muted mn-key-name'>{escaped(one_line(change.key, 120))}</div></div>"
    )


def _whole_text(text: str) -> str:
    cut = f"<div class='mn-muted'>Cut after {_FULL:,} characters.</div>" if len(text) > _FULL else ""
    return (
        f"<details><summary>The whole text, {len(text):,} characters</summary>"
        f"<div class='mn-text'>{escaped(text, limit=_FULL)}</div>{cut}</details>"
    )
