"""What a search shows when there is nothing to show: before a question, and when no memory answers it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

import pandas as pd
import streamlit as st

from core.hostile import markdown_escape, one_line
from core.recall import RecallResult
from core.scope import Scope
from pages.shared import state
from pages.shared.facets import FACETS, count_within, within
from pages.shared.here import Here
from pages.shared.rail import value_label
from pages.shared.words import plural

__all__ = ["ask_something", "examples", "nothing_found"]

_CLAUSE: Final = re.compile(r"[.;:!?,](?=\s|$)|[\n(]| [-–—] | because | so that ")
_EXAMPLES: Final = 5


def examples(frame: pd.DataFrame, *, count: int = _EXAMPLES) -> list[str]:
    """Return short topics of recent memories, each from another task or agent where there are enough."""
    recent = frame.sort_values("created_at", ascending=False, na_position="last").head(400)
    spread = recent.drop_duplicates(subset=["task_id", "agent_id"])
    found: dict[str, None] = {}
    for text in [*spread["content"], *recent["content"]]:
        clause = one_line(_CLAUSE.split(text.strip(), maxsplit=1)[0], 64)
        if len(clause.split()) > 3 and not clause.endswith("…") and not clause.startswith(("{", "[", "<", "=", "!")):
            found.setdefault(clause)
        if len(found) == count:
            break
    return list(found)


def ask_something(here: Here, *, in_scope: int) -> None:
    """Explain the page and offer questions from the data."""
    assert here.frame is not None
    st.html(
        "<p class='mn-lead'>Ask a question as an agent would. "
        f"You see what comes back from {plural(in_scope, 'memory')} in scope, in which order, "
        "and what each part of the score adds: relevance, recency, reinforcement, confidence.</p>"
    )
    offered = examples(within(here.frame, here.scope, now=here.now))
    if offered:
        st.caption("Recent topics to try:")
    with st.container(horizontal=True, gap="small"):
        for place, text in enumerate(offered):
            st.button(
                markdown_escape(text), key=f"example_{place}", on_click=state.put, args=("q", text), icon=":material/search:"
            )


def nothing_found(here: Here, result: RecallResult, *, in_scope: int) -> None:
    """Say why nothing came back and which filter, taken away, would bring most."""
    assert here.frame is not None
    reasons = "; ".join(f"{count:,} {one_line(str(reason), 80)}" for reason, count in result.left_out.items() if count)
    st.html("<p class='mn-empty'>No memory came back.</p>")
    if result.mode == "text":
        st.markdown("Searching by words needs a word of the question in the memory. Searching by meaning does not.")
        st.button("Search by meaning and words", key="loosen_mode", on_click=state.put, args=("mode", None))
    if reasons:
        st.caption(markdown_escape(f"Left out: {reasons}."))
    for label, name, wider, undo in _ways_to_loosen(here.scope):
        more = count_within(here.frame, wider, now=here.now)
        if more > in_scope:
            said = markdown_escape(f"{label}: {plural(more, 'memory')} in scope")
            st.button(said, key=f"loosen_{name}", on_click=_loosen, args=(undo,))


def _ways_to_loosen(scope: Scope) -> list[tuple[str, str, Scope, dict[str, str | None]]]:
    """Return label, name, the wider scope and what to change in the view, for each filter that is on."""
    ways: list[tuple[str, str, Scope, dict[str, str | None]]] = []
    for facet in FACETS:
        if chosen := getattr(scope, facet.attribute):
            named = ", ".join(value_label(value) for value in chosen[:3])
            wider = replace(scope, **{facet.attribute: ()})
            ways.append((f"Take away {facet.label.lower()} {named}", facet.param, wider, {facet.param: None}))
    if scope.created_from or scope.created_to:
        wider = replace(scope, created_from=None, created_to=None)
        ways.append(("Any time", "when", wider, dict.fromkeys(state.TIME_PARAMS)))
    if not scope.include_expired:
        ways.append(("Include expired", "expired", replace(scope, include_expired=True), {"expired": "1"}))
    if not scope.include_hidden:
        ways.append(("Include hidden", "hidden", replace(scope, include_hidden=True), {"hidden": "1"}))
    return ways


def _loosen(changes: dict[str, str | None]) -> None:
    for name, value in changes.items():
        state.put(name, value)
