"""What an agent would be given: the block at a budget, what is in it and what is not, what other budgets would change."""

from __future__ import annotations

import streamlit as st

from core.explanation import Explained, Inquiry, frontier, rungs
from core.hostile import markdown_escape, one_line
from pages.shared import state
from pages.shared.explaining.asked import BUDGETS, budget, settings_here
from pages.shared.here import Here
from pages.shared.markup import escaped
from pages.shared.problem import attempt
from pages.shared.words import plural

__all__ = ["given"]


@st.fragment
def given(here: Here, inquiry: Inquiry) -> None:
    """Draw the block with its budget; the slider runs this part alone."""
    low, high = min(BUDGETS[0], budget()), max(BUDGETS[1], budget())
    # Other bounds make another slider: under the same key it would forget its value.
    key = f"explain_budget_{low}_{high}"
    state.prepare_widget(key, budget())
    st.slider(
        "Budget in tokens",
        low,
        high,
        key=key,
        on_change=state.store_value,
        args=("budget", key),
        help="What the block may cost at most in the agent's prompt.",
    )
    found = attempt(lambda: inquiry.explain(settings_here(here)))
    if found is not None:
        _given(found)
    state.sync_url()


def _given(found: Explained) -> None:
    block = found.block
    st.markdown(
        f"**{len(block.used)}** of {plural(len(found.result.hits), 'result')}, about **{block.tokens:,}** of "
        f"{block.budget:,} tokens."
    )
    st.html(f"<div class='mn-entries'>{_entries(found)}</div>")
    ladder, text = st.tabs(["Other budgets", "The block"], key="given_tab", on_change="rerun")
    if ladder.open:
        with ladder:
            st.html(f"<div class='mn-rungs'>{_rungs(found)}</div>")
    if text.open:
        with text:
            st.caption("Exactly what goes into the prompt. It is fenced, so that no memory can pose as an instruction.")
            if block.text:
                st.code(block.text, language=None, wrap_lines=True)
            else:
                st.markdown(markdown_escape("Nothing fits into this budget."))


def _entries(found: Explained) -> str:
    texts = {hit.memory.key: hit.memory.content for hit in found.result.hits}
    rows = []
    for entry in frontier(found):
        if entry.inside:
            said, mark = f"in, from {entry.enters_at:,} tokens on" if entry.enters_at else "in", "<i class='mn-good'>✓</i>"
        else:
            more = None if entry.enters_at is None else entry.enters_at - found.settings.budget
            said = "out at any budget" if more is None else f"out: {more:,} tokens short"
            mark = "<i class='mn-muted'>–</i>"
        rows.append(
            f"<div class='mn-entry{'' if entry.inside else ' mn-muted'}'><span class='mn-num'>{entry.rank}</span>{mark}"
            f"<div><div class='mn-one' dir='auto'>{escaped(one_line(texts[entry.key], 240))}</div>"
            f"<div class='mn-muted mn-one' dir='auto'>{escaped(entry.why)}</div></div>"
            f"<span class='mn-num mn-muted'>{said}</span></div>"
        )
    return "".join(rows)


def _rungs(found: Explained) -> str:
    texts = {hit.memory.key: f"{hit.rank} · {one_line(hit.memory.content, 80)}" for hit in found.result.hits}
    rows = []
    for rung in rungs(found):
        lost = "; ".join(texts[key] for key in rung.falls_out)
        here = " mn-rung-on" if rung.budget == found.settings.budget else ""
        rows.append(
            f"<div class='mn-rung{here}'><b class='mn-num'>{rung.budget:,}</b><span class='mn-num'>"
            f"{plural(len(rung.used), 'memory')}, {rung.tokens:,} tokens</span>"
            f"<div class='mn-muted' dir='auto'>{'falls out: ' + escaped(lost, limit=500) if lost else ''}</div></div>"
        )
    return "".join(rows)
